"""Score predicted values against true ones, in NumPy alone, so that kept answers can be scored anywhere.

Every function takes predictions and targets, (n, …) of numbers in the units of the data, and returns a float. All
arithmetic is in float64. A target that is NaN was not asked for and is left out. Raises ValueError where shapes differ
or a prediction that was asked for is not finite, NotEnoughSamples where nothing was asked for.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["checked", "mae", "r2", "rmse"]

Floats = NDArray[np.float64]


def rmse(predictions: ArrayLike, targets: ArrayLike) -> float:
    """Root of the mean squared error over every value of every sample, in units of the data."""
    errors, is_asked, _ = checked(predictions, targets)
    return math.sqrt(float((errors[is_asked] ** 2).mean()))


def mae(predictions: ArrayLike, targets: ArrayLike) -> float:
    """Mean absolute error over every value of every sample, in units of the data."""
    errors, is_asked, _ = checked(predictions, targets)
    return float(np.abs(errors[is_asked]).mean())


def r2(predictions: ArrayLike, targets: ArrayLike) -> float:
    """Share of the targets' variance that predictions explain: at most 1, and 0 for the mean of these targets.

    Samples of several values: each value has its own mean, and their variances are added; where all of them vary, that
    is scikit-learn's `variance_weighted`. nan where all targets are equal, because then there is nothing to explain.
    """
    errors, is_asked, true = checked(predictions, targets)
    counts = is_asked.sum(0)
    means = np.where(is_asked, true, 0.0).sum(0) / np.maximum(counts, 1)
    spread = float((np.where(is_asked, true - means, 0.0) ** 2).sum())
    return 1 - float((errors[is_asked] ** 2).sum()) / spread if spread > 0 else math.nan


def checked(predictions: ArrayLike, targets: ArrayLike) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Return the errors, what of them was asked for, and the targets, (n, …) each."""
    given, true = np.asarray(predictions, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    if given.shape != true.shape or not given.ndim:
        raise ValueError(f"predictions and targets need one shape, (n, …); got {given.shape} and {true.shape}")
    is_asked = ~np.isnan(true)
    if not is_asked.any():
        raise NotEnoughSamples(f"a score of values needs at least one that is known; got none of {true.size}")
    if not np.isfinite(given[is_asked]).all():
        broken = int((~np.isfinite(given[is_asked])).sum())
        raise ValueError(f"{broken} of {int(is_asked.sum())} predictions are not finite")
    return given - true, is_asked, true
