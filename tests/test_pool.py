"""The pool: what it hears at once it must take in whatever the order; its slots hold cores and GPUs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from selectors import SelectorKey

import pytest

from bench.runner import pool as module
from bench.runner.cores import Cores
from bench.runner.executor import Ended
from bench.runner.jobs import Job
from bench.runner.pool import Pool
from bench.runner.sessions import OtherSessions
from bench.runner.slots import make_slots, visible_gpus
from bench.spaces import Space
from bench.specs import DatasetSpec
from tests.report_records import plan

LISTED = """GPU 0: NVIDIA H200 (UUID: GPU-aaaa)
GPU 1: NVIDIA H200 (UUID: GPU-bbbb)
  MIG 3g.71gb     Device  0: (UUID: MIG-cccc)
  MIG 3g.71gb     Device  1: (UUID: MIG-dddd)
"""


def job(seed: int = 0) -> Job:
    """Return a job that fails at once: it names no task."""
    return Job(
        plan=plan("mlp", seed=seed),
        model_target="",
        task_target="",
        protocol_target="",
        dataset=DatasetSpec(name="tiny", target="a:b", inputs=Space("c", (4,)), licence="", source=""),
        metrics=(),
        data_root=None,
        cache="",
    )


def ends(pool: Pool, count: int = 1) -> list[Ended]:
    found: list[Ended] = []
    while len(found) < count:
        found += (event for event in pool.events() if isinstance(event, Ended))
    return found


def test_the_end_of_a_run_may_be_heard_before_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both lie ready in one look when the coordinator was busy; the pipes are closed with the first."""
    with Pool([]) as pool:
        select, seen = pool._selector.select, []

        def late_and_reversed(timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
            time.sleep(0.5)
            ready = sorted(select(timeout), key=lambda each: each[0].fileobj is not pool._link.socket)
            seen.append(len(ready))
            return ready

        monkeypatch.setattr(pool, "_describe", lambda *_: None)
        monkeypatch.setattr(pool._selector, "select", late_and_reversed)
        submitted = job()
        pool.submit(submitted)
        (ended,) = ends(pool)
    assert max(seen) > 1
    assert ended.job is submitted
    assert ended.outcome.status == "failed"
    assert "Empty module name" in ended.outcome.reason


def test_a_run_comes_with_the_machine_it_was_made_on(tmp_path: Path) -> None:
    with Pool([], sessions=OtherSessions(tmp_path / "marks")) as pool:
        pool.submit(job())
        (ended,) = ends(pool)
        assert ended.environment is not None
        assert ended.environment.facts["device"] == "cpu"
        pool.submit(job(1))
        (second,) = ends(pool)
        assert second.environment is ended.environment
        assert ended.is_alone
    pool.close()


def test_runs_side_by_side_have_cores_and_gpus_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        pytest.skip("needs two cores")
    cores = Cores(usable, tmp_path)
    with Pool([], parallel=2, gpus=("GPU-a", "GPU-b"), cores=cores, sessions=OtherSessions(tmp_path)) as pool:
        described: list[str] = []
        monkeypatch.setattr(pool, "_describe", lambda _, slot: described.append(slot.gpu))
        first, second = pool._slots
        assert {first.gpu, second.gpu} == {"GPU-a", "GPU-b"} == {slot.gpu for slot in pool._slots}
        assert set(first.share.cores).isdisjoint(second.share.cores)
        # Each is described before the first run begins, when the machine is quiet.
        pool.submit(job())
        assert described == ["GPU-a", "GPU-b"]
        pool.submit(job(1))
        seen = pool.call(job(2), first, "os:getenv", {"key": "CUDA_VISIBLE_DEVICES"})
        assert seen == "GPU-a"
        assert pool.call(job(3), second, "os:getenv", {"key": "CUDA_VISIBLE_DEVICES"}) == "GPU-b"
        assert not any(ended.is_alone for ended in ends(pool, 2))
    assert cores.taken == set()


def test_cores_are_chosen_before_our_own_server_keeps_them_busy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    cores, link = Cores((0, 1), tmp_path), module.Link
    monkeypatch.setattr(cores, "look", lambda: done.append("look"))
    monkeypatch.setattr(module, "Link", lambda *a, **k: done.append("server") or link(*a, **k))
    with Pool([], cores=cores):
        assert done == ["look", "server"]


@pytest.mark.parametrize(
    ("parallel", "gpus", "dealt"),
    [
        (1, ("a", "b"), [""]),
        (2, ("a", "b"), ["a", "b"]),
        (3, ("a", "b"), ["a", "b", "a"]),
        (2, (), ["", ""]),
    ],
)
def test_gpus_are_dealt_out_in_turn(parallel: int, gpus: Sequence[str], dealt: list[str], tmp_path: Path) -> None:
    slots = make_slots(parallel, 1, Cores(range(4), tmp_path), gpus)
    assert [slot.gpu for slot in slots] == dealt
    assert [slot.share.cores for slot in slots] == [(core,) for core in range(parallel)]


def test_gpus_are_those_that_cuda_may_see(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "2, GPU-x"}) == ("2", "GPU-x")
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "1,-1,0"}) == ("1",)
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": ""}) == ()
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{LISTED}END\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert visible_gpus({}) == ("GPU-aaaa", "MIG-cccc", "MIG-dddd")


def test_what_a_machine_is_like_may_stay_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DESCRIBE", "os:getcwd_that_is_not")
    with Pool([]) as pool:
        pool.submit(job())
        events = []
        while not any(isinstance(event, Ended) for event in events):
            events += pool.events()
    assert "the machine could not be described" in events[0].text  # type: ignore[union-attr]  # the first is a trouble
    assert events[-1].environment is None  # type: ignore[union-attr]  # the last is an end
