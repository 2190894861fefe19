"""Clocks: they add up, exclude each other, and asynchronous work does not escape them."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from time import perf_counter, sleep

import pytest
import torch

from bench.measure import clock as module
from bench.measure.clock import Clock, Clocks


class Time:
    """A time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(module, "perf_counter", time)
    return time


def test_segments_add_up(time: Time) -> None:
    clock = Clock("cpu")
    for _ in range(3):
        with clock:
            time.passes(2)
        time.passes(5)
    assert clock.seconds == 6


def test_a_running_clock_can_be_read(time: Time) -> None:
    clock = Clock("cpu")
    with clock:
        time.passes(1)
        assert clock.seconds == 1
        time.passes(1)
    assert clock.seconds == 2


def test_a_clock_entered_twice_counts_once(time: Time) -> None:
    clock = Clock("cpu")
    with clock:
        time.passes(1)
        with clock:
            time.passes(2)
            assert clock.seconds == 3
        time.passes(4)
    assert clock.seconds == 7


def test_a_paused_clock_does_not_count(time: Time) -> None:
    clock = Clock("cpu")
    with clock:
        time.passes(1)
        with clock.paused():
            time.passes(2)
            assert clock.seconds == 1
        time.passes(4)
    assert clock.seconds == 5


def test_training_excludes_evaluation_within_it(time: Time) -> None:
    clocks = Clocks("cpu")
    with clocks.train:
        time.passes(1)
        with clocks.evaluation:
            time.passes(2)
            with clocks.sampling:
                time.passes(4)
            assert clocks.train.seconds == 1
        time.passes(8)
    times = clocks.times(wall_seconds=20)
    assert (times.train_seconds, times.evaluation_seconds, times.sampling_seconds) == (9, 2, 4)
    assert (times.setup_seconds, times.wall_seconds) == (0, 20)


def fail_after(time: Time, seconds: float) -> None:
    time.passes(seconds)
    raise RuntimeError("broken")


def test_an_error_stops_the_clock_and_lets_the_outer_one_go_on(time: Time) -> None:
    clocks = Clocks("cpu")
    with clocks.train:
        with pytest.raises(RuntimeError, match="broken"), clocks.evaluation:
            fail_after(time, 2)
        time.passes(1)
    assert (clocks.train.seconds, clocks.evaluation.seconds) == (1, 2)


def test_real_time_is_counted() -> None:
    clock = Clock("cpu")
    before = perf_counter()
    with clock:
        started = perf_counter()
        sleep(0.05)
        stopped = perf_counter()
    after = perf_counter()
    assert stopped - started <= clock.seconds <= after - before


def test_a_clock_costs_little_beside_a_training_step() -> None:
    clocks, layer, x = Clocks("cpu"), torch.nn.Linear(64, 64), torch.rand(64, 64)

    def fastest(step: Callable[[], object]) -> float:
        step()
        return min(timeit.repeat(step, number=50, repeat=20))

    def enter() -> None:
        with clocks.train:
            pass

    assert fastest(enter) < 0.2 * fastest(lambda: layer(x).sum().backward())


def test_the_device_is_waited_for_at_both_ends(monkeypatch: pytest.MonkeyPatch, time: Time) -> None:
    waited: list[float] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: (waited.append(time.now), time.passes(1)))
    clock = Clock("cuda:0")
    with clock:
        time.passes(10)
    assert waited == [0, 11]
    assert clock.seconds == 11


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_long_kernel_cannot_escape_the_clock() -> None:
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    x = torch.rand(4096, 4096, device="cuda")
    clock = Clock("cuda")
    with clock:
        start.record()
        for _ in range(50):
            x = x @ x
            x = x / x.norm()
        end.record()
    torch.cuda.synchronize()
    assert clock.seconds >= start.elapsed_time(end) / 1000
