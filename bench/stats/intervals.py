"""Estimates of one quantity: a mean with Student's interval, and an interquartile mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.distributions import student_quantile

__all__ = ["Estimate", "Interval", "interquartile_mean", "mean_interval"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its interval, NaN where one value gives none; count: values behind it."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Estimate:
    """A statistic and the ends of its interval, NaN where too few values give none; count: values behind it."""

    value: float
    low: float
    high: float
    count: int


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the mean with Student's t interval; one value has none. Raises ValueError on none, or a non-finite one."""
    array = _finite(values)
    mean, count = float(array.mean()), len(array)
    if count == 1:
        return Interval(mean, np.nan, np.nan, 1)
    reach = float(student_quantile(count - 1, (1 + confidence) / 2) * array.std(ddof=1) / np.sqrt(count))
    return Interval(mean, mean - reach, mean + reach, count)


def interquartile_mean(values: Sequence[float]) -> float:
    """Return the mean of the middle half: a quarter of the values, rounded down, is cut off at either end.

    It stands a quarter of failed runs (see `with_failures`). Source: Agarwal et al., Deep reinforcement learning at
    the edge of the statistical precipice, 2021.
    """
    array = np.sort(_array(values))
    cut = len(array) // 4
    return float(array[cut : len(array) - cut].mean())


def _array(values: Sequence[float] | Array) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("a statistic of no values does not exist: leave the cell out, or count its failed runs")
    if np.isnan(array).any():
        raise ValueError("a value is NaN: pass failed runs through with_failures, or leave them out and say so")
    return array


def _finite(values: Sequence[float] | Array) -> Array:
    array = _array(values)
    if not np.isfinite(array).all():
        raise ValueError(
            f"a mean of {len(array)} values needs them finite, {int((~np.isfinite(array)).sum())} are not: "
            "use the median, the interquartile mean or ranks where runs failed"
        )
    return array
