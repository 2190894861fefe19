"""Latency: known delays come back, warm-up is outside, the collector is off inside and on again after."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bench.measure.latency import measure_latency, relative_error_of_median
from bench.record import Latency


def measure(predict: Callable[[Tensor], Any], x: Tensor, *, largest_batch: int = 256, **settings: float) -> Latency:
    return measure_latency(predict, list(torch.split(x, 1)) if len(x) else [], x[:largest_batch], "cpu", **settings)


def test_known_delays_come_back() -> None:
    latency = measure(lambda x: sleep(0.002 + 0.0005 * (len(x) - 1)), torch.zeros(9, 3), seconds=0.2)
    assert 0.002 <= latency.p50_seconds < 0.006
    assert latency.p95_seconds is not None
    assert latency.p99_seconds is not None
    assert latency.p50_seconds <= latency.p95_seconds <= latency.p99_seconds
    assert latency.batch_size == 9
    assert 9 / 0.018 < latency.throughput_per_second <= 9 / 0.006


def test_one_slow_call_is_warm_up() -> None:
    calls: list[int] = []

    def predict(x: Tensor) -> None:
        sleep(0.3 if not calls else 0.001)
        calls.append(len(x))

    latency = measure(predict, torch.zeros(1, 2), seconds=0.06)
    assert latency.p99_seconds is not None
    assert latency.p99_seconds < 0.2


def test_single_samples_take_turns_and_the_batch_is_limited() -> None:
    seen: set[float] = set()
    sizes: set[int] = set()

    def predict(x: Tensor) -> None:
        sizes.add(len(x))
        if len(x) == 1:
            seen.add(float(x[0]))

    latency = measure(predict, torch.arange(20.0), seconds=0.1, largest_batch=8)
    assert seen == set(range(20))
    assert sizes == {1, 8}
    assert latency.batch_size == 8


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only the test moves: how busy the machine is changes no count."""
    now = [0.0]
    monkeypatch.setattr("bench.measure.latency.perf_counter", lambda: now[0])
    return now


def taking(clock: list[float], seconds: float) -> Callable[[Tensor], None]:
    def predict(x: Tensor) -> None:
        clock[0] += seconds

    return predict


def test_repeats_end_at_the_time_limit(clock: list[float]) -> None:
    # Equal calls have no error at all, so that only an error below none lets the time decide.
    latency = measure(taking(clock, 0.0005), torch.zeros(4, 1), seconds=0.3, relative_error=-1)
    # Single calls have two thirds of the time; the last one may lie across its end.
    assert 400 <= latency.repeats <= 401


def test_a_slow_model_gets_half_a_second_and_no_quantile_that_is_only_its_slowest_call(clock: list[float]) -> None:
    latency = measure(taking(clock, 0.01), torch.zeros(4, 1), seconds=0.15, relative_error=-1)
    assert 50 <= latency.repeats <= 51
    assert latency.p95_seconds == pytest.approx(0.01)
    assert latency.p99_seconds is None


def test_repeats_end_early_when_the_error_is_small() -> None:
    latency = measure(lambda x: sleep(0.0005), torch.zeros(4, 1), seconds=30, relative_error=0.5)
    assert latency.repeats == 100
    assert latency.relative_error is not None
    assert latency.relative_error <= 0.5


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_is_off_inside_and_as_before_outside(was_enabled: bool) -> None:
    inside: set[bool] = set()
    (gc.enable if was_enabled else gc.disable)()
    try:
        measure(lambda x: inside.add(gc.isenabled()), torch.zeros(2, 1), seconds=0.01)
        assert gc.isenabled() is was_enabled
    finally:
        gc.enable()
    assert inside == {False}


def test_the_collector_is_on_again_after_an_error() -> None:
    def predict(x: Tensor) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        measure(predict, torch.zeros(2, 1))
    assert gc.isenabled()


def test_no_samples_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        measure(lambda x: None, torch.zeros(0, 3))


@given(st.lists(st.floats(0.1, 10), min_size=6, max_size=300), st.floats(0.01, 100))
def test_relative_error_is_a_share(values: list[float], scale: float) -> None:
    error = relative_error_of_median(values)
    assert error >= 0
    assert relative_error_of_median([scale * value for value in values]) == pytest.approx(error, abs=1e-9)


def test_relative_error_shrinks_with_repeats_and_is_unknown_for_few() -> None:
    values = torch.rand(4000, generator=torch.Generator().manual_seed(0)).add(1).tolist()
    assert relative_error_of_median(values[:5]) == float("inf")
    assert relative_error_of_median(values) < relative_error_of_median(values[:100]) / 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_asynchronous_work_is_timed_to_its_end() -> None:
    x = torch.rand(1, 4096, 4096, device="cuda")
    latency = measure_latency(lambda batch: batch[0] @ batch[0], [x], x, "cuda")
    assert latency.p50_seconds > 2 * 4096**3 / 2e15
