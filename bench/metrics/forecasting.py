"""Score forecasts of series, in NumPy alone, so that kept answers can be scored anywhere.

Predictions and targets are (n, h, c): n windows, h steps ahead, c series, in the units of the data; what else a score
takes broadcasts against them. All arithmetic is in float64. A target that is NaN was not asked for and is left out.
Raises ValueError where shapes differ or a prediction that was asked for is not finite, NotEnoughSamples where nothing
was asked for.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.metrics.regression import checked

__all__ = ["mase", "seasonal_naive_errors", "smape", "standardised_mae", "standardised_mse"]

Floats = NDArray[np.float64]


def standardised_mse(predictions: ArrayLike, targets: ArrayLike, scales: ArrayLike) -> float:
    """Mean squared error in units of each series' own deviation, as the literature of long horizons counts it.

    scales: (1, 1, c), the deviation of each series over the training part. Source: Zhou et al., Informer, 2021.
    """
    errors, is_asked, _ = checked(predictions, targets)
    return float(((errors / np.asarray(scales, np.float64))[is_asked] ** 2).mean())


def standardised_mae(predictions: ArrayLike, targets: ArrayLike, scales: ArrayLike) -> float:
    """Mean absolute error in units of each series' own deviation over the training part, (1, 1, c)."""
    errors, is_asked, _ = checked(predictions, targets)
    return float(np.abs(errors / np.asarray(scales, np.float64))[is_asked].mean())


def smape(predictions: ArrayLike, targets: ArrayLike, naive_errors: ArrayLike) -> float:
    """Symmetric mean absolute percentage error, 0 to 200: the mean of 200 |error| / (|target| + |prediction|).

    Where both are 0 the error is 0. It says little of series that cross zero. naive_errors: (1, 1, c), see `mase`; only
    forecasts have them, and a series that never changed is left out. Source: Makridakis et al., The M4 competition,
    2020, section 3.
    """
    errors, is_asked, true = checked(predictions, targets)
    whole = np.abs(true) + np.abs(true + errors)
    shares = np.divide(np.abs(errors), whole, out=np.zeros_like(errors), where=is_asked & (whole > 0))
    counted = is_asked & (np.broadcast_to(np.asarray(naive_errors, np.float64), errors.shape) > 0)
    return 200 * float(shares[counted].mean()) if counted.any() else math.nan


def mase(predictions: ArrayLike, targets: ArrayLike, naive_errors: ArrayLike) -> float:
    """Mean absolute scaled error: 1 is as good as the seasonal naive forecast was over the training part.

    naive_errors: (1, 1, c), see `seasonal_naive_errors`; a series whose own is 0 has no scale and is left out, nan
    where none has one. Source: Hyndman & Koehler, Another look at measures of forecast accuracy, 2006, section 4.
    """
    errors, is_asked, _ = checked(predictions, targets)
    scales = np.broadcast_to(np.asarray(naive_errors, np.float64), errors.shape)
    counted = is_asked & (scales > 0)
    return float((np.abs(errors[counted]) / scales[counted]).mean()) if counted.any() else math.nan


def seasonal_naive_errors(series: ArrayLike, period: int) -> Floats:
    """Mean absolute error of "as one season ago" within a series, one step ahead: (c,) of (steps, c).

    A series no longer than its period is compared with the step before. Gaps are left out; 0 where nothing is known.
    """
    values = np.asarray(series, np.float64)
    lag = period if len(values) > period else 1
    errors = np.abs(values[lag:] - values[:-lag])
    known = ~np.isnan(errors)
    return np.asarray(np.where(known, errors, 0).sum(0) / np.maximum(known.sum(0), 1))
