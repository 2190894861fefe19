"""Average learning curves over seeds that were measured at different moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.report.levels import CONFIDENCE
from bench.stats.distributions import student_quantile

__all__ = ["Curve", "band", "mean_curve"]

Array = npt.NDArray[np.float64]
# (x, y) of one seed, x growing
Curve = tuple[Sequence[float], Sequence[float]]
POINT_LIMIT = 80


def mean_curve(curves: Sequence[Curve]) -> tuple[Array, Array, Array, Array]:
    """Return x, mean, low and high over seeds: at every x a seed counts with the last value it had reached.

    A seed that stopped early keeps its last value, since dropping it would let the mean jump to those that remain.
    The line begins where every seed has a value.
    """
    grid = _grid(curves)
    table = np.stack([_last_value(np.asarray(x, float), np.asarray(y, float), grid) for x, y in curves])
    low, high = band(table)
    return grid, table.mean(axis=0), low, high


def band(table: Array) -> tuple[Array, Array]:
    """Return Student's 95 % interval of the mean of each column; table: (seeds, points). One seed has no width."""
    count = len(table)
    mean: Array = table.mean(axis=0)
    if count < 2:
        return mean, mean
    width = student_quantile(count - 1, 0.5 + CONFIDENCE / 2) * table.std(axis=0, ddof=1) / np.sqrt(count)
    return mean - width, mean + width


def _grid(curves: Sequence[Curve]) -> Array:
    points: Array = np.unique(np.concatenate([np.asarray(x, float) for x, _ in curves]))
    points = points[points >= max(x[0] for x, _ in curves)]
    if len(points) <= POINT_LIMIT:
        return points
    kept: Array = points[np.unique(np.linspace(0, len(points) - 1, POINT_LIMIT).round().astype(int))]
    return kept


def _last_value(x: Array, y: Array, grid: Array) -> Array:
    reached = np.searchsorted(x, grid, side="right") - 1
    values: Array = y[reached]
    return values
