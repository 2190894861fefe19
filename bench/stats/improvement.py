"""How often one model beats another, and how often a model reaches a score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.distributions import normal_quantile
from bench.stats.intervals import Estimate

__all__ = ["Profile", "performance_profile", "probability_of_improvement"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """The share of runs that reach each threshold, with a pointwise interval."""

    thresholds: tuple[float, ...]
    shares: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]


def probability_of_improvement(
    a: Sequence[Sequence[float]],
    b: Sequence[Sequence[float]],
    higher_is_better: bool = True,
    confidence: float = 0.95,
) -> Estimate:
    """Return the chance that a run of a beats one of b on the same stratum (task), averaged over strata.

    a, b: values by stratum, in the same order; a tie counts half, failed runs are infinite (see `with_failures`).
    One stratum has Newcombe's interval, which stays honest where one model always wins; several are put together by
    the method of variance estimates recovery. `count` is the number of runs on both sides.
    Sources: Agarwal et al., 2021, eq. 2; Newcombe, Statistics in medicine 25:559, 2006, method 5; Zou and Donner, 2008.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"a and b need the same strata, got {len(a)} and {len(b)}")
    sign = 1.0 if higher_is_better else -1.0
    parts = [
        _one_stratum(sign * _values(left), sign * _values(right), confidence) for left, right in zip(a, b, strict=True)
    ]
    shares, lows, highs = np.array(parts).T
    value, count = float(shares.mean()), sum(map(len, a)) + sum(map(len, b))
    below, above = (float(np.sqrt(((shares - ends) ** 2).sum())) / len(parts) for ends in (lows, highs))
    return Estimate(value, value - below, value + above, count)


def performance_profile(
    strata: Sequence[Sequence[float]],
    thresholds: Sequence[float],
    higher_is_better: bool = True,
    confidence: float = 0.95,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Profile:
    """Return the share of runs at least as good as each threshold, averaged over strata (tasks).

    Intervals are pointwise, by resampling runs within strata. Source: Agarwal et al., 2021, section 4.3.
    """
    sign = 1.0 if higher_is_better else -1.0
    limits = sign * np.asarray(thresholds, dtype=np.float64)
    reached = [(sign * _values(stratum))[:, None] >= limits for stratum in strata]
    shares = np.mean([runs.mean(axis=0) for runs in reached], axis=0)
    generator = np.random.default_rng(seed)
    draws = [runs[generator.integers(len(runs), size=(resamples, len(runs)))].mean(axis=1) for runs in reached]
    tail = (1 - confidence) / 2
    lows, highs = np.quantile(np.mean(draws, axis=0), (tail, 1 - tail), axis=0)
    return Profile(*(tuple(map(float, column)) for column in (thresholds, shares, lows, highs)))


def _one_stratum(a: Array, b: Array, confidence: float) -> tuple[float, float, float]:
    wins = (a[:, None] > b[None, :]).mean() + (a[:, None] == b[None, :]).mean() / 2
    share, half = float(wins), (len(a) + len(b)) / 2 - 1
    z = float(normal_quantile((1 + confidence) / 2))

    def is_far(chance: float) -> bool:
        variance = chance * (1 - chance) / (len(a) * len(b))
        spread = variance * (1 + half * ((1 - chance) / (2 - chance) + chance / (1 + chance)))
        return (share - chance) ** 2 > z**2 * spread

    return share, _edge(is_far, share, 0.0), _edge(is_far, share, 1.0)


def _edge(is_far: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where `is_far` begins to hold on the way to an end, that end where it never does."""
    if inside == outside:
        return outside
    for _ in range(50):
        middle = (inside + outside) / 2
        if is_far(middle):
            outside = middle
        else:
            inside = middle
    return outside


def _values(values: Sequence[float]) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0 or np.isnan(array).any():
        raise ValueError("every stratum needs runs, and none may be NaN: pass failed runs through with_failures")
    return array
