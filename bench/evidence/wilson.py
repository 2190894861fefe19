"""Give a mean of values between two ends its interval, which never leaves them."""

from __future__ import annotations

import math

__all__ = ["wilson"]


def wilson(share: float, count: float, quantile: float) -> tuple[float, float]:
    """Return the interval of a share in [0, 1], inside [0, 1].

    count: of independent values, each 0 or 1, that would be as certain; any positive number. quantile: of the standard
    normal, or of Student's t where the count is an estimate. Source: Wilson, 1927.
    """
    middle = (share + quantile**2 / (2 * count)) / (1 + quantile**2 / count)
    spread = math.sqrt(share * (1 - share) / count + (quantile / (2 * count)) ** 2)
    reach = quantile / (1 + quantile**2 / count) * spread
    # An end that is the share itself may be missed by rounding.
    return min(share, max(0.0, middle - reach)), max(share, min(1.0, middle + reach))
