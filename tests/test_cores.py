"""Cores: idle ones are chosen, promised ones left alone, and a run beside a busy core loses nothing by it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.measure import proc
from bench.runner import cores as module
from bench.runner.cores import Cores, Share, pin
from tests.conftest import Bench

SUITE = """
    seeds = [{seed}]
    threads = 1
    [[compare]]
    task = "classification"
    datasets = ["iris"]
    models = ["counter"]
    protocol = {{ name = "fixed-budget", epochs = 1 }}
"""
COUNTER = """
    from bench import ModelSpec, Role, hookimpl
    from bench.spaces import CLASS

    @hookimpl
    def bench_models():
        yield ModelSpec(
            name="counter", target="counter:Counter", family="shallow", roles=(Role("predict", target=CLASS),)
        )

    class Counter:
        def __init__(self, problem):
            self.classes = problem.output_size

        def fit(self, x, y):
            total = 0
            for number in range(12_000_000):
                total += number * number % 7

        def predict_proba(self, x):
            import numpy as np

            return np.full((len(x), self.classes), 1 / self.classes)
"""
SPIN = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nprint(flush=True)\nwhile True: pass"


class Machine:
    """A /proc of our own, whose cores are as busy as a test says."""

    def __init__(self, folder: Path, count: int = 4) -> None:
        self.folder, self.ticks = folder / "proc", dict.fromkeys(range(count), 0)
        self.folder.mkdir()
        self.pass_time()

    def pass_time(self, **busy: int) -> None:
        for name, ticks in busy.items():
            self.ticks[int(name.removeprefix("core"))] += ticks
        lines = ["cpu 0 0 0 0 0 0 0 0 0 0", *(f"cpu{n} {t} 0 0 0 0 0 0 0 0 0" for n, t in self.ticks.items())]
        (self.folder / "stat").write_text("\n".join(lines) + "\n")

    def cores(self, marks: Path, *usable: int) -> Cores:
        found = Cores(usable or tuple(self.ticks), marks, self.folder)
        # The siblings of the machine that tests run on are not this one's.
        found._siblings = {core: set() for core in found.usable}
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def test_idle_cores_come_first_and_the_least_busy_after_them(machine: Machine, tmp_path: Path) -> None:
    cores = machine.cores(tmp_path)
    cores.load = {0: 0.9, 1: 0.05, 2: 0.6, 3: 0.1}
    assert cores.take(1) == (1,)
    assert cores.take(2) == (2, 3)
    assert cores.take(2) == (0,)


def test_a_core_promised_to_another_session_is_taken_last(machine: Machine, tmp_path: Path) -> None:
    first, second, third = (machine.cores(tmp_path, 0, 1) for _ in range(3))
    assert first.take(1) == (0,)
    assert second.take(1) == (1,)
    assert third.take(1) == (0,)
    first.give_back((0,))
    second.give_back((1,))
    assert machine.cores(tmp_path, 0, 1).take(1) == (0,)


def test_of_two_idle_cores_the_one_whose_other_half_is_idle_is_better(machine: Machine, tmp_path: Path) -> None:
    cores = machine.cores(tmp_path)
    cores._siblings = {0: {1}, 1: {0}, 2: {3}, 3: {2}}
    cores.load = {1: 1.0}
    assert cores.take(1) == (2,)
    assert cores.take(1) == (0,)
    assert machine.cores(tmp_path / "second").take(2) == (0, 1)
    other = machine.cores(tmp_path / "third")
    other._siblings = cores._siblings
    assert other.take(2) == (0, 2)


def test_a_run_is_moved_off_a_core_that_somebody_else_begins_to_use(
    machine: Machine, tmp_path: Path, clock: list[float]
) -> None:
    share = Share(machine.cores(tmp_path), 1)
    assert share.cores == (0,)
    # One second in which the core was busy with nothing but our run.
    clock[0] += 1
    machine.pass_time(core0=100, core1=90)
    assert not share.rebalance(lambda: 1.0)
    # One more in which it had half of the core.
    clock[0] += 1
    machine.pass_time(core0=100, core1=90)
    assert share.rebalance(lambda: 1.5)
    assert share.cores == (2,)
    # Its end, and another run: what they took belongs to nobody else.
    clock[0] += 1
    machine.pass_time(core2=100)
    share.ended(2.0)
    assert not share.rebalance(lambda: 0.5)


def test_cores_stay_where_no_other_is_idle_or_too_little_time_has_passed(
    machine: Machine, tmp_path: Path, clock: list[float]
) -> None:
    share = Share(machine.cores(tmp_path, 0, 1), 1)
    clock[0] += 0.1
    machine.pass_time(core0=10)
    assert not share.rebalance()
    clock[0] += 0.9
    machine.pass_time(core0=90, core1=80)
    assert not share.rebalance()
    assert share.cores == (0,)


def test_a_machine_that_tells_nothing_of_its_cores_is_no_obstacle(tmp_path: Path, clock: list[float]) -> None:
    cores = Cores((0, 1), tmp_path / "file" / "none", tmp_path / "nothing")
    cores.look(0.0001)
    share = Share(cores, 1)
    clock[0] += 5
    assert not share.rebalance(lambda: 1.0)
    assert share.cores == (0,)


def test_the_kernels_numbers_are_read(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  9 9 9 9 9 9 9\ncpu0 100 20 30 900 7 5 5 50 0 0\ncpu1 1 0 0 0 0 0 0\nintr 5\n")
    assert proc.busy_seconds(tmp_path) == {0: 1.6, 1: 0.01}
    began = proc.cpu_seconds(os.getpid())
    while proc.cpu_seconds(os.getpid()) == began:
        sum(range(10_000))
    assert proc.cpu_seconds(os.getpid()) - began < 1


def test_a_process_moves_with_its_threads_and_children() -> None:
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        pytest.skip("needs two cores")
    program = (
        "import subprocess, sys, threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True); sys.stdin.read(); child.kill()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        pin(process.pid, usable[1:2])
        threads = [int(path.name) for path in Path(f"/proc/{process.pid}/task").iterdir()]
        assert len(threads) == 2
        assert {frozenset(os.sched_getaffinity(each)) for each in (*threads, child)} == {frozenset(usable[1:2])}
        process.communicate()


def test_a_run_beside_a_busy_core_is_as_fast_as_alone(bench: Bench) -> None:
    """Pinned to the core of its neighbour it would take twice as long; one attempt of six must find the other free."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        pytest.skip("needs two cores")
    bench.plugin("counter", COUNTER)

    def seconds(seed: int) -> float:
        bench("run", str(bench.suite(SUITE.format(seed=seed))), "--no-report")
        (record,) = (record for record in bench.records() if record["run"]["seed"] == seed)
        return float(record["times"]["train_seconds"])

    alone, beside = [], []
    for attempt in range(6):
        alone.append(seconds(2 * attempt))
        with subprocess.Popen([sys.executable, "-c", SPIN, str(usable[0])], stdout=subprocess.PIPE) as neighbour:
            try:
                assert neighbour.stdout is not None
                neighbour.stdout.readline()
                time.sleep(0.1)
                beside.append(seconds(2 * attempt + 1))
            finally:
                neighbour.kill()
        if min(beside) < 1.4 * min(alone):
            return
    pytest.fail(f"alone {alone}, beside a neighbour {beside}")
