"""Environment: an identity of what matters for times, nothing private, and an honest word on disturbances."""

from __future__ import annotations

import getpass
import json
import platform
import subprocess
import sys
from collections import namedtuple
from itertools import cycle
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from bench.measure import environment as module
from bench.measure.environment import disturbances, environment
from bench.measure.git import git_state
from bench.measure.limits import core_limit, memory_limit_bytes
from bench.record import Environment


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.02)


def test_the_machine_is_described() -> None:
    facts = environment("cpu", 2).facts
    assert facts["threads"] == 2
    assert facts["cpu"]["logical_cores"] == psutil.cpu_count()
    assert facts["cpu"]["capability"] == torch.backends.cpu.get_cpu_capability()
    assert facts["memory"]["total_bytes"] == psutil.virtual_memory().total
    assert facts["software"]["python"] == platform.python_version()
    assert facts["software"]["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert 0 <= facts["start"]["busy_share"] <= 1
    assert facts["gpu"] is None


def test_it_survives_the_trip_to_json() -> None:
    described = environment("cpu", 1)
    assert Environment.model_validate_json(described.model_dump_json()) == described


def test_nothing_private_is_written_down() -> None:
    text = environment("cpu", 1, sources={"plugin": Path(__file__)}).model_dump_json()
    private = {platform.node(), str(Path.home()), str(Path(__file__).parents[1]), str(Path.cwd())}
    if len(getpass.getuser()) > 4:  # "root" is part of other words
        private.add(getpass.getuser())
    assert not [word for word in private if len(word) > 2 and word in text]


def test_identity_holds_what_must_match_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    base = environment("cpu", 1).environment_id
    assert environment("cpu", 2).environment_id != base
    assert environment("cpu", 1, deterministic=True).environment_id != base
    monkeypatch.setattr(module, "_start", lambda device: {"load_average": 99.0})
    monkeypatch.setattr(module, "git_state", lambda path: {"commit": "0" * 40, "is_dirty": True})
    monkeypatch.setattr(module, "memory_limit_bytes", lambda: 5)
    assert environment("cpu", 1).environment_id == base
    monkeypatch.setattr(module, "_version", lambda package: "0.0")
    assert environment("cpu", 1).environment_id != base


def test_it_can_be_told_without_waking_cuda() -> None:
    code = (
        "import torch; from bench.measure import environment as m; m.WATCH_SECONDS = 0.01; m.environment('cpu', 1);"
        "assert not torch.cuda.is_initialized()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


Seconds = namedtuple("Seconds", ["user", "idle", "iowait", "steal", "guest"], defaults=(0.0,))


def spend(monkeypatch: pytest.MonkeyPatch, spent: Seconds) -> None:
    """Let the machine's cores spend these seconds while it is watched."""
    readings = cycle([Seconds(1000, 1000, 1000, 1000), Seconds(*(1000 + each for each in spent[:4]))])
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(readings))


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (Seconds(0.01, 0.59, 0, 0), ()),
        # Clocks that lag count nothing for a while: no time is no work.
        (Seconds(0, 0, 0, 0), ()),
        (Seconds(0, 0.2, 0, 0), ()),
        (Seconds(0.45, 0.5, 0.05, 0), ("45%",)),
        (Seconds(0.09, 1.6, 0.11, 0.2), ("withheld 10%",)),
        (Seconds(0.3, 0.4, 0, 0.3), ("60%", "30%")),
    ],
)
def test_a_busy_or_robbed_machine_is_reported(
    spent: Seconds, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    spend(monkeypatch, spent)
    found = disturbances(environment("cpu", 1))
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_more_threads_than_cores_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    spend(monkeypatch, Seconds(0, 1, 0, 0))
    monkeypatch.setattr(module, "core_limit", lambda: 1.5)
    assert disturbances(environment("cpu", 1)) == ()
    (sentence,) = disturbances(environment("cpu", 2))
    assert "2 threads, but only 1.5 cores" in sentence


def test_the_peak_is_measured_with_the_threads_of_the_runs() -> None:
    before = torch.get_num_threads()
    assert environment("cpu", 1).facts["peak_flops"] > 1e8
    assert torch.get_num_threads() == before


def test_a_slow_gpu_is_reported() -> None:
    facts: dict[str, Any] = {"threads": 1, "cpu": {}, "start": {"gpu_utilisation": 0.5, "gpu_slowdowns": ["heat"]}}
    found = disturbances(Environment(environment_id="x", facts=facts))
    assert len(found) == 2
    assert "50%" in found[0]
    assert "heat" in found[1]


# --- limits of control groups


def grouped(root: Path, line: str, files: dict[str, str]) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(line)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_tightest_limit_above_a_group_holds(tmp_path: Path) -> None:
    files = {
        "a/b/cpu.max": "max 100000\n", "a/cpu.max": "150000 100000\n", "cpu.max": "400000 100000\n",
        "a/memory.max": "1000\n", "memory.max": "max\n",
    }  # fmt: skip
    root = grouped(tmp_path, "0::/a/b\n", files)
    assert core_limit(root) == 1.5
    assert memory_limit_bytes(root) == 1000


def test_limits_of_version_one(tmp_path: Path) -> None:
    files = {
        "cpu/a/cpu.cfs_quota_us": "50000\n", "cpu/a/cpu.cfs_period_us": "100000\n", "cpu/cpu.cfs_quota_us": "-1\n",
        "memory/a/memory.limit_in_bytes": "2000\n", "memory/memory.limit_in_bytes": "9223372036854771712\n",
    }  # fmt: skip
    root = grouped(tmp_path, "4:memory:/a\n2:cpu,cpuacct:/a\n0::/\n", files)
    assert core_limit(root) == 0.5
    assert memory_limit_bytes(root) == 2000


def test_no_groups_are_no_limits(tmp_path: Path) -> None:
    assert core_limit(tmp_path) is None
    assert memory_limit_bytes(tmp_path) is None


# --- git


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_git_state_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as within a hook
    state = git_state(tmp_path)
    assert state is None
    monkeypatch.delenv("GIT_DIR")
    git(tmp_path, "init", "-q")
    source = tmp_path / "plugin.py"
    source.write_text("1")
    assert git_state(source) is None  # not tracked, as an installed package within somebody's checkout
    git(tmp_path, "add", "plugin.py")
    git(tmp_path, "commit", "-qm", "one")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    commit = git_state(source)
    assert commit is not None
    assert not commit["is_dirty"]
    source.write_text("2")
    assert git_state(tmp_path) == {"commit": commit["commit"], "is_dirty": True}
    described = environment("cpu", 1, sources={"mine": source}).facts["git"]
    assert json.dumps(described["mine"]) == json.dumps({"commit": commit["commit"], "is_dirty": True})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_gpu_is_described() -> None:
    facts = environment("cuda", 1).facts
    assert facts["gpu"]["name"] == torch.cuda.get_device_name()
    assert facts["gpu"]["cuda"] == torch.version.cuda
    assert facts["gpu"]["driver"]
