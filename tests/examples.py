"""Install an example plugin as a stranger's distribution: quickly, on the path, or slowly, as a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Bench

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def install(bench: Bench, example: Path) -> None:
    """Put an example on the path with the metadata that its own pyproject.toml asks for."""
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    place = bench.folder / "installed" / name
    shutil.copytree(example / "src", place, ignore=shutil.ignore_patterns("__pycache__"))
    info = place / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n")
    points = "".join(f"{key} = {value}\n" for key, value in project["entry-points"]["bench"].items())
    (info / "entry_points.txt").write_text(f"[bench]\n{points}")
    bench.plugins.append(place)


def own_tests(bench: Bench, example: Path) -> str:
    """Run the tests that an example brings, away from this repository; return what pytest says."""
    shutil.copytree(example / "tests", bench.folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(example / "pyproject.toml", bench.folder)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=bench.folder,
        env=bench.environment, capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def in_fresh_environment(folder: Path, example: Path) -> Callable[..., str]:
    """Build wheels of the core and of an example, install both where neither was; return the command `bench` there.

    The gigabytes of libraries are borrowed from this environment. Skips where no wheel can be built.
    """
    fresh = folder / "fresh"
    venv.create(fresh, with_pip=True)
    for project in (ROOT, example):
        _pip(fresh, "wheel", "--no-deps", "--wheel-dir", str(folder / "wheels"), str(project))
    wheels = [str(path) for path in (folder / "wheels").glob("*.whl")]
    module = example.name.replace("-", "_")
    assert sorted(Path(path).name.split("-")[0] for path in wheels) == [module, "depthbench"]
    _pip(fresh, "install", "--no-deps", "--no-index", *wheels)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(fresh)}))
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BENCH_STORE")}

    def command(program: str, *words: str) -> str:
        result = subprocess.run(
            [str(fresh / "bin" / program), *words], cwd=folder, env=environment,
            capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    where = command("python", "-c", f"import bench, {module}; print(bench.__file__, {module}.__file__)")
    assert all(path.startswith(str(fresh)) for path in where.split()), where
    return lambda *words: command("bench", *words)


def _pip(fresh: Path, *words: str) -> None:
    command = [str(fresh / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    if result.returncode and "No matching distribution found for hatchling" in result.stderr:
        pytest.skip("the wheel cannot be built: hatchling cannot be fetched from a package registry")
    assert result.returncode == 0, result.stdout + result.stderr
