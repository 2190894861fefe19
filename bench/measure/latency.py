"""How long one prediction takes, and how many a second brings in a large batch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from math import isfinite, sqrt
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.measure.clock import synchroniser
from bench.record import Latency

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["measure_latency", "relative_error_of_median"]

SINGLES = 64
FIRST_CHECK = 100


def measure_latency(
    predict: Callable[[Tensor], Any],
    x: Tensor,
    device: torch.device | str = "cpu",
    *,
    seconds: float = 0.3,
    relative_error: float = 0.02,
    largest_batch: int = 256,
) -> Latency:
    """Time `predict` on single samples of x, then on a batch of min(len(x), largest_batch).

    x: (n, *input_shape) on the device, n ≥ 1; raises ValueError when empty. Each call is timed to the end of
    the device's work, after a warm-up outside the clock and with the garbage collector off. Single calls (the
    samples take turns) repeat at least 100 times and until the 95 % interval of the median is within
    ± `relative_error` of it, or two thirds of `seconds` have passed; the batch has the other third.
    `repeats` counts the single calls.
    """
    if len(x) == 0:
        raise ValueError("latency needs at least one sample, x has none")
    batch = x[:largest_batch]
    wait = synchroniser(device) or _nothing
    with _collector_off():
        single = [x[i : i + 1] for i in range(min(len(x), SINGLES))]
        singles = _time(predict, single, wait, 2 / 3 * seconds, relative_error)
        batches = _time(predict, [batch], wait, seconds / 3, relative_error)
    p50, p95, p99 = (float(value) for value in np.quantile(singles, (0.5, 0.95, 0.99)))
    return Latency(
        p50_seconds=p50,
        p95_seconds=p95,
        p99_seconds=p99,
        repeats=len(singles),
        throughput_per_second=len(batch) / float(np.median(batches)),
        batch_size=len(batch),
        relative_error=error if isfinite(error := relative_error_of_median(singles)) else None,
    )


def relative_error_of_median(values: list[float]) -> float:
    """Return half the median's 95 % interval as a share of the median; infinite for fewer than 6 values.

    Distribution-free, by order statistics (Conover, Practical Nonparametric Statistics, 1999, ch. 3.2).
    """
    count = len(values)
    if count < 6:
        return float("inf")
    ordered = sorted(values)
    reach = 1.96 * sqrt(count) / 2
    low, high = ordered[max(0, int(count / 2 - reach))], ordered[min(count - 1, int(count / 2 + reach))]
    return (high - low) / 2 / ordered[count // 2]


def _time(
    predict: Callable[[Tensor], Any],
    inputs: list[Tensor],
    wait: Callable[[], None],
    seconds: float,
    error: float,
) -> list[float]:
    """Return seconds per call, each from an idle device to an idle device."""
    _warm_up(predict, inputs, wait, seconds / 5)
    measured: list[float] = []
    check, end = FIRST_CHECK, perf_counter() + seconds
    for x in cycle(inputs):
        started = perf_counter()
        predict(x)
        wait()
        stopped = perf_counter()
        measured.append(stopped - started)
        if len(measured) == check:
            # Checked at doubling counts, so that a lucky short run does not end the series.
            if relative_error_of_median(measured) <= error:
                break
            check *= 2
        if stopped >= end and len(measured) >= 2:
            break
    return measured


def _warm_up(predict: Callable[[Tensor], Any], inputs: list[Tensor], wait: Callable[[], None], seconds: float) -> None:
    end = perf_counter() + seconds
    for calls, x in enumerate(cycle(inputs), start=1):
        predict(x)
        wait()
        if perf_counter() >= end or calls == 10:
            return


@contextmanager
def _collector_off() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _nothing() -> None:
    """Stand for a device that has nothing to wait for."""
