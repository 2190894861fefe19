"""Average curves that were measured at different moments, with the band that their mean may lie in."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.evidence import LEVEL
from bench.stats.distributions import student_quantile

__all__ = ["Curve", "band", "mean_curve"]

Array = npt.NDArray[np.float64]
# (x, y) of one run, x growing
Curve = tuple[Sequence[float], Sequence[float]]
POINT_LIMIT = 80


def mean_curve(
    units: Sequence[Sequence[Curve]], *, overlap: float = 0.0, low: float = -math.inf, high: float = math.inf
) -> tuple[Array, Array, Array, Array]:
    """Return x, mean, and the ends of the band: at every x a run counts with the last value it had reached.

    A run that stopped early keeps its last value, since dropping it would let the mean jump to those that remain.
    The line begins where every run has a value. units: what counts as one observation, such as a seed, with the curves
    of its runs, which are averaged first. overlap, low, high: see `band`.
    """
    arrays = [[(np.asarray(x, float), np.asarray(y, float)) for x, y in curves] for curves in units]
    grid = _grid([x for curves in arrays for x, _ in curves])
    table = np.stack([_mean([y[np.searchsorted(x, grid, side="right") - 1] for x, y in curves]) for curves in arrays])
    ends = band(table, overlap=overlap, low=low, high=high)
    return grid, table.mean(axis=0), *ends


def band(table: Array, *, overlap: float = 0.0, low: float = -math.inf, high: float = math.inf) -> tuple[Array, Array]:
    """Return Student's 95 % interval of the mean of each column; table: (units, points). One unit has no width.

    overlap: n_test / n_train where units are splits, whose training parts overlap (Nadeau and Bengio, 2003); 0 where
    they are independent. low, high: the ends of what is possible; no band goes beyond them.
    """
    count = len(table)
    mean: Array = table.mean(axis=0)
    if count < 2:
        return mean, mean
    error = table.std(axis=0, ddof=1) * math.sqrt(1 / count + overlap)
    width = student_quantile(count - 1, 1 - LEVEL / 2) * error
    return np.clip(mean - width, low, high), np.clip(mean + width, low, high)


def _grid(moments: Sequence[Array]) -> Array:
    points: Array = np.unique(np.concatenate(moments))
    points = points[points >= max(x[0] for x in moments)]
    if len(points) <= POINT_LIMIT:
        return points
    kept: Array = points[np.unique(np.linspace(0, len(points) - 1, POINT_LIMIT).round().astype(int))]
    return kept


def _mean(values: Sequence[Array]) -> Array:
    """Return the mean of each point; most units are one run."""
    return values[0] if len(values) == 1 else np.asarray(np.mean(values, axis=0))
