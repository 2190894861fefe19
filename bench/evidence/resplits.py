"""Analyse one value per split of the data, or per seed: the corrected resampled t of Nadeau and Bengio."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bench.evidence.estimate import Basis, Estimate

__all__ = ["ROUNDING", "corrected"]

Array = NDArray[np.float64]

# Scores that differ by less than this share of their size differ by rounding: some were float32 once.
ROUNDING = 1e-6


def corrected(values: Array, scales: Array, *, test_to_train: float | None, seeds: int = 1) -> list[Estimate]:
    """Return the mean of each column of values, (J, n), with its standard error; of no two that differ it has none.

    test_to_train: n_test / n_train where the values are splits: V = (1 / J + n_test / n_train) s², because training
    parts overlap, on J − 1 degrees of freedom; seeds that vary with the splits are in s² already. None where the values
    are seeds of one split, which are independent: V = s² / J. scales, (n,): size of the scores that rounding is
    measured by. Source: Nadeau and Bengio, Inference for the generalization error, 2003, eq. 9.
    """
    count, overlap = len(values), test_to_train or 0.0
    splits, seeds = (1, count) if test_to_train is None else (count, seeds)
    basis: Basis = "seeds" if test_to_train is None else "splits"
    # Added up one after another: other orders, which depend on the number of columns, round differently.
    means = values.cumsum(axis=0)[-1] / count
    is_repeated = np.ptp(values, axis=0) <= ROUNDING * scales
    with np.errstate(over="ignore"):
        variances = np.square(values - means).cumsum(axis=0)[-1] / max(1, count - 1)
    errors = np.sqrt((1 / count + overlap) * variances)
    return [
        Estimate(value, math.nan, 0, "nothing", seeds, 0, splits, is_repeated=is_same and count > 1)
        if count < 2 or is_same
        else Estimate(
            value, error, count - 1, basis, seeds, 0, splits, of_seeds=variance, of_samples=overlap * variance
        )
        for value, error, variance, is_same in zip(
            means.tolist(), errors.tolist(), variances.tolist(), is_repeated.tolist(), strict=True
        )
    ]  # fmt: skip
