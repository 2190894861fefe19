"""What fresh real samples score against the real ones that generators are compared with, and how that spreads."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.metrics.frechet import frechet_distance_of_features

__all__ = ["Reference", "frechet_reference"]

Floats = NDArray[np.float64]

DRAWS = 40
SHARE = 0.95
# Larger subsets of the same samples are too much alike to say how two fresh sets differ.
LARGEST_SUBSET = 0.9


class Reference(NamedTuple):
    """The mean score of fresh real samples, and between which values 95 % of such scores lie; NaN where unknown."""

    mean: float
    low: float = math.nan
    high: float = math.nan


def frechet_reference(pool: ArrayLike, real: ArrayLike, n: int) -> Reference:
    """Fréchet distance of n fresh real samples to the real ones that generators are compared with.

    pool: (N, d) features of real samples, such as the training part's; real: (m, d), none of them in the pool.
    The distances of 40 random subsets of the pool; the range is that of a log-normal distribution. Subsets of one pool
    overlap and differ less than fresh sets do, by the factor sqrt(1 - n / N) of sampling without replacement, by which
    their spread is divided. Where n is above 0.9 N the mean stands alone.
    """
    a, b = np.asarray(pool, np.float64), np.asarray(real, np.float64)
    if n > LARGEST_SUBSET * len(a):
        return Reference(frechet_distance_of_features(a[:n], b))
    # Not those of the run: all runs have one reference.
    random = np.random.RandomState(0)
    found = np.array([frechet_distance_of_features(a[random.permutation(len(a))[:n]], b) for _ in range(DRAWS)])
    return Reference(float(found.mean()), *_range(found, 1 - n / len(a)))


def _range(found: Floats, correction: float) -> tuple[float, float]:
    """Return between which values the next of such distances lies: as Student's t, with the error of the mean."""
    from scipy.special import stdtrit

    if found.min() <= 0:
        return math.nan, math.nan
    logs, count = np.log(found), len(found)
    reach = float(stdtrit(count - 1, (1 + SHARE) / 2)) * math.sqrt((1 + 1 / count) / correction) * logs.std(ddof=1)
    return float(np.exp(logs.mean() - reach)), float(np.exp(logs.mean() + reach))
