"""Strain: counters of the hardware become a warning, and what sessions differ in is kept beside the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bench.measure.environment import disturbances
from bench.measure.strain import grown, strain
from bench.record import Environment
from bench.report import Log, Source, build_report
from bench.runner.active import Active
from bench.runner.jobs import Job
from bench.runner.pool import Pool
from bench.runner.slots import Slot
from bench.store import open_store
from tests.report_records import plan, record

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


def test_a_run_is_charged_with_what_grew_since_the_last_one_on_its_device() -> None:
    class Quiet(Pool):
        def __init__(self) -> None:
            self._counters = {("", "cpu"): {"core_throttles": 10.0}, ("GPU-b", "cpu"): {"core_throttles": 0.0}}

    pool, slot, other = Quiet(), Slot(None, ""), Slot(None, "GPU-b")  # type: ignore[arg-type]  # no cores are needed
    run = Active(Job.model_construct(plan=plan()), 1, 0, 0)
    for counters, expected in (({"core_throttles": 12.0}, 2.0), ({}, None), ({"core_throttles": 13.0}, 1.0)):
        run.counters = counters
        assert pool._grown(run, slot) == ({} if expected is None else {"core_throttles": expected})
    assert pool._grown(run, other) == {"core_throttles": 13.0}


def test_a_machine_slowed_down_by_several_runs_says_so(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        store.add_environment(machine(counters={"core_throttles": 10.0}))
        for count in (2.0, 3.0):
            store.add_slowdowns("e", {"core_throttles": count})
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
    made = build_report(runs, {"e": described}, Source(), title="t", command="c")
    log = next(block for _, block in made.blocks() if isinstance(block, Log) and block.key == "machines")
    (shown,) = log.entries
    assert shown.facts["git depthbench commit"] == "bbbb"
    assert shown.facts["git depthbench earlier"] == "aaaa, aaaa with changes"
    assert not [name for name in shown.facts if "earlier_git" in name or "counters" in name]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpus_counters_do_not_run_backwards() -> None:
    before, after = strain("cuda").counters, strain("cuda").counters
    assert before.keys() == after.keys()
    assert all(after[name] >= value for name, value in before.items())
