"""Intervals around one quantity: Student's for a mean, the bootstrap's for robust statistics over strata."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench.stats.distributions import normal_quantile, normal_share_below, student_quantile

__all__ = ["Estimate", "Interval", "bootstrap_interval", "interquartile_mean", "mean_interval"]

Array = NDArray[np.float64]
Statistic = Literal["mean", "median", "iqm"]
Method = Literal["studentised", "percentile", "bca"]
LEAST_FOR_INTERVAL = 5
LEAST_FOR_STUDENTISED_IQM = 8


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
    return float(_interquartile_mean(_array(values)))


def bootstrap_interval(
    strata: Sequence[Sequence[float]],
    statistic: Statistic = "mean",
    confidence: float = 0.95,
    *,
    method: Method | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of all values with an interval by resampling within each stratum (task, data set).

    Without a `method` it is the one that reaches its confidence with few values: studentised for the mean and, from
    8 values on, the interquartile mean; percentile for the median. Simulated coverage of a 95 % interval of ten
    normal values: mean 95, interquartile mean 95, median 93 (the percentile interval of a mean: 90); of five 95, 90
    and 93. Fewer than five values have no interval: of four it would cover 86 to 94. Infinite values (failed runs)
    leave the percentile method only, and no mean. Equal seeds give equal intervals.
    Source: Efron and Tibshirani, An introduction to the bootstrap, 1993, ch. 12-14.
    """
    groups = [_array(stratum) for stratum in strata]
    values, function = np.concatenate(groups), STATISTICS[statistic]
    if statistic == "mean":
        _finite(values)
    value, count = float(function(values)), len(values)
    if count < LEAST_FOR_INTERVAL or count - len(groups) < 2:
        return Estimate(value, np.nan, np.nan, count)
    draws = _resampled(groups, resamples, np.random.default_rng(seed))
    ends = METHODS[method or _best_method(statistic, values)](groups, draws, statistic, (1 - confidence) / 2)
    return Estimate(value, float(ends[0]), float(ends[1]), count)


def _best_method(statistic: Statistic, values: Array) -> Method:
    if statistic == "mean":
        return "studentised"
    is_regular = len(values) >= LEAST_FOR_STUDENTISED_IQM and bool(np.isfinite(values).all())
    return "studentised" if statistic == "iqm" and is_regular else "percentile"


def _resampled(groups: Sequence[Array], resamples: int, generator: np.random.Generator) -> list[Array]:
    """Return for each stratum (resamples, n) values drawn from it."""
    return [group[generator.integers(len(group), size=(resamples, len(group)))] for group in groups]


def _studentised(groups: list[Array], draws: list[Array], statistic: Statistic, tail: float) -> tuple[float, float]:
    function = STATISTICS[statistic]
    value, error = function(np.concatenate(groups)), _standard_error(groups, statistic)
    errors = _standard_error(draws, statistic)
    # A draw of equal values says nothing about the spread.
    usable = errors > 1e-12 * max(float(error), 1e-300)
    if not usable.any():
        return float(value), float(value)
    ratios = (function(np.concatenate(draws, axis=-1))[usable] - value) / errors[usable]
    low, high = np.quantile(ratios, (1 - tail, tail))
    return float(value - low * error), float(value - high * error)


def _percentile(groups: list[Array], draws: list[Array], statistic: Statistic, tail: float) -> tuple[float, float]:
    values = STATISTICS[statistic](np.concatenate(draws, axis=-1))
    # No interpolation: between failed runs and others there is no value, and outwards is the honest side.
    low, high = np.quantile(values, tail, method="lower"), np.quantile(values, 1 - tail, method="higher")
    return float(low), float(high)


def _bca(groups: list[Array], draws: list[Array], statistic: Statistic, tail: float) -> tuple[float, float]:
    """Bias-corrected and accelerated percentiles. Source: Efron, Better bootstrap confidence intervals, 1987."""
    function = STATISTICS[statistic]
    value, values = function(np.concatenate(groups)), function(np.concatenate(draws, axis=-1))
    below = (np.mean(values < value) + np.mean(values <= value)) / 2
    bias = normal_quantile(np.clip(below, 1 / len(values), 1 - 1 / len(values)))
    acceleration = _acceleration(groups, function)
    ends = normal_quantile(np.array([tail, 1 - tail]))
    low, high = np.quantile(values, normal_share_below(bias + (bias + ends) / (1 - acceleration * (bias + ends))))
    return float(low), float(high)


def _acceleration(groups: list[Array], function: Callable[[Array], Any]) -> float:
    """A sixth of the skewness of the statistic when each value in turn is left out."""
    everything = np.concatenate(groups)
    without = np.array([function(np.delete(everything, place)) for place in range(len(everything))])
    shifts = without.mean() - without
    spread = float((shifts**2).sum() ** 1.5)
    return float((shifts**3).sum() / (6 * spread)) if spread > 0 else 0.0


def _standard_error(groups: Sequence[Array], statistic: Statistic) -> Any:
    """Standard error of a mean, or of a trimmed mean from its Winsorised values (Tukey and McLaughlin, 1963).

    groups: (..., n) each. Only the spread within strata counts, as only that is resampled.
    """
    if statistic == "median":
        raise ValueError("the studentised bootstrap knows no standard error of a median: use 'percentile' or 'bca'")
    counts = [group.shape[-1] for group in groups]
    total = sum(counts)
    kept = 1.0
    if statistic == "iqm":
        ordered, cut = np.sort(np.concatenate(groups, axis=-1), axis=-1), total // 4
        ends = ordered[..., cut : cut + 1], ordered[..., total - cut - 1 : total - cut]
        groups, kept = [np.clip(group, *ends) for group in groups], 1 - 2 * cut / total
    parts = zip(groups, counts, strict=True)
    variance = sum(count * group.var(axis=-1, ddof=1) for group, count in parts if count > 1)
    return np.sqrt(variance) / (total * kept)


def _interquartile_mean(values: Array) -> Any:
    count = values.shape[-1]
    cut = count // 4
    return np.sort(values, axis=-1)[..., cut : count - cut].mean(axis=-1)


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


STATISTICS: dict[Statistic, Callable[[Array], Any]] = {
    "mean": lambda values: values.mean(axis=-1),
    "median": lambda values: np.median(values, axis=-1),
    "iqm": _interquartile_mean,
}
METHODS: dict[Method, Callable[[list[Array], list[Array], Statistic, float], tuple[float, float]]] = {
    "studentised": _studentised,
    "percentile": _percentile,
    "bca": _bca,
}
