"""Compare two means on a scale with one end, where it is ratios that say how far apart they are: distances, times.

A mean of few runs with a long upper tail is too small and its deviation with it, so that a t test of the values finds
false differences from a model that never varies (12 % at the 5 % level). Here both means are measured from the end of
the scale and compared by the logarithm of their ratio; they are equal where their ratio is 1. See docs/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.evidence.observations import Observations, RunKey

__all__ = ["LARGEST_EXPONENT", "Ratio", "Side", "ratio", "side"]

# What a float64 can hold, nearly: two seeds may say next to nothing about a score.
LARGEST_EXPONENT = 700.0
# The variance of logarithms counts up to this many times that of a log-normal variable with the values' own mean and
# variance, or one value near the end of the scale would leave nothing certain.
MOST = 2.0
# Values that differ by less than this share of their size do not vary.
ROUNDING = 1e-6
HALVINGS = 60


@dataclass(frozen=True)
class Side:
    """One model's runs: their mean distance from the end of the scale, its variance, its logarithm's standard error."""

    mean: float
    variance: float
    error: float

    def ends(self, quantile: float) -> tuple[float, float]:
        """Return the interval of the mean distance, symmetric in its logarithm."""
        grown = math.exp(min(LARGEST_EXPONENT, quantile * self.error))
        return self.mean / grown, self.mean * grown


def side(observations: Observations, model: str, keys: Iterable[RunKey]) -> Side | None:
    """Return how far runs of a model are from the end of the scale, two or more; None where it has two ends or none."""
    low, high = observations.low, observations.high
    if math.isfinite(low) == math.isfinite(high):
        return None
    runs = observations.finite(model)
    values = [float(runs[key].mean() if runs[key].ndim else runs[key]) for key in keys]
    return _side([each - low if math.isfinite(low) else high - each for each in values])


def _side(distances: Sequence[float]) -> Side | None:
    """Return what distances from the end say of their mean; None where some are beyond it.

    The standard error of the logarithm of the mean is the larger of s / (mean √n) and Cox's, for log-normal values,
    √(v / n + v² / (2 (n − 2))) with v the variance of the logarithms; his n − 1 leaves 6.0 to 6.3 % false claims of
    three runs. Source: Zhou and Gao, Confidence intervals for the log-normal mean, 1997.
    """
    count, mean = len(distances), sum(distances) / len(distances)
    if min(distances) < 0 or not mean > 0:
        return None
    if max(distances) - min(distances) <= ROUNDING * mean:
        return Side(mean, 0.0, 0.0)
    variance = _variance(distances)
    relative = variance / mean / mean
    of_logarithms = MOST * math.log1p(relative)
    if min(distances) > 0:
        of_logarithms = min(of_logarithms, _variance([math.log(each) for each in distances]))
    cox = of_logarithms / count + of_logarithms**2 / (2 * max(1, count - 2))
    return Side(mean, variance, math.sqrt(max(relative / count, cox)))


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((each - mean) * (each - mean) for each in values) / (len(values) - 1)


@dataclass(frozen=True)
class Ratio:
    """Two means' distances from the end, first and other, and the standard error of the logarithm of their ratio.

    share: of an error in the ratio that is the first mean's, the rest is the other's. sign: −1 where the end is above.
    """

    first: float
    other: float
    error: float
    share: float
    sign: float

    def difference(self, shift: float) -> float:
        """Return the difference of the means, were the logarithm of their ratio larger by so many standard errors."""
        change = max(-LARGEST_EXPONENT, min(LARGEST_EXPONENT, self.sign * shift * self.error))
        first, other = math.exp(self.share * change), math.exp((self.share - 1) * change)
        return self.sign * (self.first * first - self.other * other)

    def errors_to(self, difference: float) -> float:
        """Return by how many standard errors the ratio would have to be larger, for the means to differ by so much.

        The inverse of `difference`, which rises; ±∞ where no ratio makes them differ so.
        """
        if difference == 0:
            return -self.sign * (math.log(self.first) - math.log(self.other)) / self.error
        low, high = -LARGEST_EXPONENT / self.error, LARGEST_EXPONENT / self.error
        if not self.difference(low) < difference:
            return -math.inf
        if not self.difference(high) > difference:
            return math.inf
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.difference(middle) > difference else (middle, high)
        return (low + high) / 2


def ratio(first: Side, other: Side, of_difference: float, *, is_above: bool = False) -> Ratio | None:
    """Return the ratio of two means; None where it does not vary.

    of_difference: variance of the differences of paired runs, from which their correlation follows. An error in the
    ratio is shared in proportion to the means' errors on the scale itself, so that beside a constant it is all the
    other's.
    """
    spread = 2 * math.sqrt(first.variance * other.variance)
    both = (first.variance + other.variance - of_difference) / spread if spread > 0 else 0.0
    correlation = max(-1.0, min(1.0, both))
    square = first.error**2 + other.error**2 - 2 * correlation * first.error * other.error
    if not square > ROUNDING * (first.error**2 + other.error**2):
        return None
    errors = first.mean * first.error, other.mean * other.error
    return Ratio(first.mean, other.mean, math.sqrt(square), errors[0] / sum(errors), -1.0 if is_above else 1.0)
