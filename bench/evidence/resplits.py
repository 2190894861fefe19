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


def corrected(values: Array, scale: float, *, test_to_train: float | None, seeds: int = 1) -> Estimate:
    """Return the mean of values, (J,), with its standard error; of no two that differ it has none.

    test_to_train: n_test / n_train where the values are splits: V = (1 / J + n_test / n_train) s², because training
    parts overlap, on J − 1 degrees of freedom; seeds that vary with the splits are in s² already. None where the values
    are seeds of one split, which are independent: V = s² / J. scale: size of the scores that rounding is measured by.
    Source: Nadeau and Bengio, Inference for the generalization error, 2003, eq. 9.
    """
    # Of so few numbers an array's functions take longer to call than to count.
    listed = values.tolist()
    count, value = len(listed), sum(listed) / len(listed)
    is_repeated = count > 1 and max(listed) - min(listed) <= ROUNDING * scale
    basis: Basis = "nothing" if count < 2 or is_repeated else "seeds" if test_to_train is None else "splits"
    splits, seeds = (1, count) if test_to_train is None else (count, seeds)
    if basis == "nothing":
        return Estimate(value, math.nan, 0, basis, seeds, 0, splits, is_repeated=is_repeated)
    # A product overflows to infinity where a power would raise.
    variance = sum((each - value) * (each - value) for each in listed) / (count - 1)
    overlap = test_to_train or 0.0
    error = math.sqrt((1 / count + overlap) * variance)
    return Estimate(
        value, error, count - 1, basis, seeds, 0, splits, of_seeds=variance, of_samples=overlap * variance
    )  # fmt: skip
