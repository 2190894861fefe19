"""Fixtures: a command line in a process of its own, plugins made for a test, a count of who is still alive."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings

# The first example of a property pays for imports; how long one takes says nothing on a shared machine.
settings.register_profile("depthbench", deadline=None)
settings.load_profile("depthbench")

# A shell starts its background jobs deaf to Ctrl-C, and what they start inherits it; a user's terminal does not.
COMMAND = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from bench.cli import main; main()"
SRC = [str(Path(__file__).parents[1] / part) for part in (".", "plugins", "reports")]


@dataclass
class Bench:
    """The command `bench` in its own folder, with its own cache, and with plugins that only it sees."""

    folder: Path
    plugins: list[Path] = field(default_factory=list)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([*map(str, self.plugins), *SRC])
        extra = {
            "PYTHONPATH": path,
            "BENCH_TEST_MARK": self.mark,
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        kept = {name: value for name, value in os.environ.items() if name != "BENCH_STORE"}
        return {**kept, **extra, "COLUMNS": "500", "PYTHONDONTWRITEBYTECODE": ""}

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", COMMAND, *arguments]
        return subprocess.Popen(
            words, cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options,
        )  # fmt: skip

    def __call__(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=280)
        if code is not None:
            assert process.returncode == code, f"exit {process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def plugin(
        self, name: str, source: str, *, distribution: str = "", version: str = "1.0", entry: str = "", **helpers: str
    ) -> Path:
        """Install a plugin: a module, its helper modules, and the metadata that makes it an entry point."""
        place = self.folder / "plugins" / name
        # Metadata folders write a dash as an underscore; the version begins at the first dash.
        info = place / f"{(distribution or name).replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        # Two edits of equal length within a second look alike to the cache of compiled modules.
        shutil.rmtree(place / "__pycache__", ignore_errors=True)
        for module, text in {name: source, **helpers}.items():
            (place / f"{module}.py").write_text(textwrap.dedent(text))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution or name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[bench]\n{entry or name} = {name}\n")
        if place not in self.plugins:
            self.plugins.append(place)
        return place / f"{name}.py"

    def suite(self, text: str, name: str = "suite") -> Path:
        path = self.folder / f"{name}.toml"
        path.write_text(textwrap.dedent(text))
        return path

    def records(self) -> list[dict]:
        from bench.store import open_store

        with open_store(self.folder / "bench-results" / "bench.sqlite", create=False) as store:
            return [json.loads(record.model_dump_json()) for record in store.records()]

    def survivors(self) -> list[int]:
        """Return the ids of living processes that descend from this command line, wherever they are."""
        found = []
        for place in Path("/proc").iterdir():
            try:
                is_ours = self.mark.encode() in (place / "environ").read_bytes()
                state = (place / "stat").read_text().rpartition(")")[2].split()[0]
            except (OSError, IndexError):
                continue
            if is_ours and state != "Z":
                found.append(int(place.name))
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    command = Bench(tmp_path)
    yield command
    # A test that failed half-way must not leave its runs to the tests that measure memory and time.
    for pid in command.survivors():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One command line for the tests of a module that only look at what one suite left."""
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def data_root() -> Path:
    """Real data, where the machine has it."""
    root = os.environ.get("BENCH_DATA")
    if not root or not (Path(root) / "MNIST").is_dir():
        pytest.skip("real data is needed: set BENCH_DATA to a folder that holds MNIST/raw")
    return Path(root)
