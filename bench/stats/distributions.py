"""Quantiles and tails of the distributions that tests need. SciPy is loaded by the first of them that is asked for.

Its special functions take longer to import than a report of a few runs takes to make.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "chi_squared_tail",
    "f_tail",
    "normal_quantile",
    "student_quantile",
    "student_share_below",
]


@lru_cache(maxsize=4096)
def student_quantile(degrees: float, share: float) -> float:
    """Return the value that this share of Student's t lies below."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, share))


def student_share_below(degrees: ArrayLike, values: ArrayLike) -> NDArray[np.float64]:
    """Return the shares of Student's t below values."""
    from scipy.special import stdtr

    return np.asarray(stdtr(degrees, values))


def normal_quantile(share: ArrayLike) -> NDArray[np.float64]:
    """Return the values that these shares of the standard normal distribution lie below."""
    from scipy.special import ndtri

    return np.asarray(ndtri(share))


def chi_squared_tail(degrees: float, value: float) -> float:
    """Return the share of the χ² distribution above a value."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees, value))


def f_tail(above: float, below: float, value: float) -> float:
    """Return the share of the F distribution above a value; above, below: its degrees of freedom."""
    from scipy.special import fdtrc

    return float(fdtrc(above, below, value))
