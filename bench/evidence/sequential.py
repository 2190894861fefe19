"""Test a mean after every new run, however often one looks: the right-Haar t e-process.

For n differences with Student's t and a Gaussian prior of variance g on the mean in standard deviations,

    E_n = (1 + n g)^(−1/2) [ (1 + t² / ν) / (1 + t² / (ν (1 + n g))) ]^(n / 2),   ν = n − 1,

is the Bayes factor under the right-Haar prior of the standard deviation. Under no difference the chance that it ever
exceeds 1 / α is at most α, so that 1 / max E_n is a p-value at any time. Sources: Gönen, Johnson, Lu and Westfall, The
Bayesian two-sample t test, 2005; Wang and Ramdas, Anytime-valid t-tests and confidence sequences, 2023.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["anytime_p_value"]

Array = NDArray[np.float64]

PRIOR_VARIANCE = 1.0


def anytime_p_value(values: Array, expected: float = 0.0) -> float:
    """Return the p-value, valid at any time, of values, (n,), in the order in which they came, with an expected mean.

    Values that are all the same are one observation so far, and no evidence: 1.
    """
    counts = np.arange(1, len(values) + 1)
    centred = values - expected
    means = np.cumsum(centred) / counts
    # Of the values less the first, so that equal values leave exactly nothing.
    shifted = values - values[0]
    squares = np.cumsum(shifted**2) - np.cumsum(shifted) ** 2 / counts
    varied = squares > 1e-12 * np.maximum.accumulate(np.abs(values)) ** 2
    if not varied.any():
        return 1.0
    n = counts[varied]
    ratio = n * means[varied] ** 2 / squares[varied]  # t² / ν
    grown = 1 + n * PRIOR_VARIANCE
    logarithm = 0.5 * (n * (np.log1p(ratio) - np.log1p(ratio / grown)) - np.log(grown))
    return float(min(1.0, np.exp(-logarithm.max())))
