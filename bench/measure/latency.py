"""How long one prediction takes, and how many a second brings in a large batch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from itertools import cycle
from math import isfinite, sqrt
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bench.measure.clock import synchroniser
from bench.record import Latency

if TYPE_CHECKING:
    import torch

__all__ = ["measure_latency", "relative_error_of_median"]

Asked = TypeVar("Asked", bound=Sized)
FIRST_CHECK = 100
# What a p99 needs is worth this much time, which models slower than 5 ms pass.
ENOUGH, ENOUGH_SECONDS = 100, 0.5


def measure_latency(
    predict: Callable[[Asked], Any],
    singles: Sequence[Asked],
    batch: Asked,
    device: torch.device | str = "cpu",
    *,
    seconds: float = 0.3,
    relative_error: float = 0.02,
) -> Latency:
    """Time `predict` on single samples, then on a batch.

    singles: at least one sample each by itself, on the device; batch: several, of which len tells how many. They are
    whatever `predict` takes. Raises ValueError where there is no sample. Each call is timed to the end of the device's
    work, after a warm-up outside the clock and with the garbage collector off. Single calls (the
    samples take turns) repeat until the 95 % interval of the median is within ± `relative_error` of it or two thirds
    of `seconds` have passed, and at least 100 times unless that takes half a second; the batch has the other third.
    `repeats` counts the single calls.
    """
    if not len(singles):
        raise ValueError("latency needs at least one sample, there is none")
    wait = synchroniser(device) or _nothing
    with _collector_off():
        times = _time(predict, singles, wait, 2 / 3 * seconds, relative_error, least=ENOUGH)
        batches = _time(predict, [batch], wait, seconds / 3, relative_error)
    return Latency(
        p50_seconds=float(np.median(times)),
        p95_seconds=_quantile(times, 0.95, least=20),
        p99_seconds=_quantile(times, 0.99, least=ENOUGH),
        repeats=len(times),
        throughput_per_second=len(batch) / float(np.median(batches)),
        batch_size=len(batch),
        relative_error=error if isfinite(error := relative_error_of_median(times)) else None,
    )


def _quantile(values: list[float], share: float, *, least: int) -> float | None:
    """Return a quantile; None for so few values that it would only be the largest of them."""
    return float(np.quantile(values, share)) if len(values) >= least else None


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
    predict: Callable[[Asked], Any],
    inputs: Sequence[Asked],
    wait: Callable[[], None],
    seconds: float,
    error: float,
    least: int = 2,
) -> list[float]:
    """Return seconds per call, each from an idle device to an idle device."""
    _warm_up(predict, inputs, wait, seconds / 5)
    measured: list[float] = []
    begun = perf_counter()
    check, end, last = FIRST_CHECK, begun + seconds, begun + max(seconds, ENOUGH_SECONDS)
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
        if len(measured) >= 2 and stopped >= (end if len(measured) >= least else last):
            break
    return measured


def _warm_up(
    predict: Callable[[Asked], Any], inputs: Sequence[Asked], wait: Callable[[], None], seconds: float
) -> None:
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
