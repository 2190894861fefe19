"""Strain: counters of the hardware become a warning, and what sessions differ in is kept beside the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bench.errors import RunnerError
from bench.measure.environment import disturbances
from bench.measure.strain import grown, strain
from bench.plugins import Plugins
from bench.record import Environment
from bench.report import build_report
from bench.runner.session import Session
from bench.store import open_store
from tests.report_records import picture, plan, record

FACTS: dict[str, Any] = {"threads": 1, "cpu": {"usable_cores": 2, "core_limit": None}}


def machine(**facts: Any) -> Environment:
    return Environment(environment_id="e", facts={**FACTS, **facts})


def test_the_throttles_of_all_cores_are_added_up(tmp_path: Path) -> None:
    for core, count in ((0, 3), (1, 4)):
        folder = tmp_path / f"cpu{core}" / "thermal_throttle"
        folder.mkdir(parents=True)
        (folder / "core_throttle_count").write_text(f"{count}\n")
    assert strain("cpu", cpus=tmp_path).counters == {"core_throttles": 7}
    assert strain("cpu", cpus=tmp_path / "none").counters == {}


def test_only_what_grew_counts() -> None:
    before = {"core_throttles": 5.0, "gpu_heat_seconds": 2.0, "gpu_power_seconds": 1.0}
    assert grown(before, {"core_throttles": 9.0, "gpu_heat_seconds": 2.0}) == {"core_throttles": 4.0}


class Pool:
    """Answers with counters, or fails, as the server's processes do."""

    def __init__(self, counters: dict[str, float] | None) -> None:
        self.counters = counters

    def call(self, job: Any, target: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert (target, arguments) == ("bench.measure.strain:strain", {"device": "cpu"})
        if self.counters is None:
            raise RunnerError("no answer")
        return {"counters": self.counters}


class Job:
    def __init__(self) -> None:
        self.plan = plan()

    def model_copy(self, update: dict[str, Any]) -> Job:
        return self


class Watcher:
    def __init__(self) -> None:
        self.problems: list[str] = []

    def problem(self, text: str) -> None:
        self.problems.append(text)


def test_a_session_that_heated_the_machine_says_so(tmp_path: Path) -> None:
    watcher = Watcher()
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        session = Session(store, Plugins([]), watcher)  # type: ignore[arg-type]  # only problems are told here
        store.add_environment(machine(counters={"core_throttles": 10.0}))
        session.environments["cpu"], session.counters["cpu"] = "e", {"core_throttles": 10.0}
        for counters in ({"core_throttles": 10.0}, {"core_throttles": 12.0}, {"core_throttles": 13.0}, None):
            session._look_back(Pool(counters), [Job()])  # type: ignore[arg-type, list-item]  # stand-ins of a process
        assert watcher.problems == ["the machine could not be described: no answer"]
        assert disturbances(store.environments()["e"]) == (
            "Cores were slowed down for heat while runs were made: 5 times.",
        )


@pytest.mark.parametrize(("seconds", "told"), [(0.2, 0), (7.4, 1)])
def test_a_gpu_slowed_down_for_long_is_reported(seconds: float, told: int) -> None:
    found = disturbances(machine(slowdowns={"gpu_power_seconds": seconds}))
    assert found == ("The GPU was slowed down for want of power while runs were made: for 7 s.",) * told


def test_every_git_state_that_runs_were_made_in_is_kept() -> None:
    def state(commit: str, *, dirty: bool = False) -> dict[str, Any]:
        return {"depthbench": {"commit": commit, "is_dirty": dirty}}

    described = machine(git=state("aaaa"), peak_flops=1.0)
    for commit, dirty in (("aaaa", True), ("bbbb", False), ("bbbb", False)):
        described = described.followed_by(machine(git=state(commit, dirty=dirty), peak_flops=2.0))
    assert described.facts["git"] == state("bbbb")
    assert described.facts["peak_flops"] == 2.0
    runs = [record(plan(), environment_id="e")]
    (shown,) = build_report(runs, {"e": described}, picture, title="t", command="c").machines
    assert ("git depthbench commit", "bbbb") in shown.facts
    assert ("git depthbench earlier", "aaaa, aaaa with changes") in shown.facts
    assert not [name for name, _ in shown.facts if "earlier_git" in name or "counters" in name]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpus_counters_do_not_run_backwards() -> None:
    before, after = strain("cuda").counters, strain("cuda").counters
    assert before.keys() == after.keys()
    assert all(after[name] >= value for name, value in before.items())
