"""A mean with its standard error and degrees of freedom, and what follows from the three."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.evidence.ratio import Ratio
from bench.stats.distributions import student_quantile, student_share_below

__all__ = ["LEVEL", "Basis", "Estimate", "p_values", "p_values_of_margins"]

Array = NDArray[np.float64]

# The error rate of every interval and verdict, unless a caller says otherwise.
LEVEL = 0.05

# What varied among the observations, and therefore what a statement about them speaks of.
Basis = Literal["seeds and samples", "samples", "seeds", "splits", "nothing"]


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, test samples or splits.

    standard_error: NaN where nothing varied, 0 where all observations are equal. degrees: of freedom, of Student's t.
    seeds, samples, splits: observations behind it; samples are independent units (blocks, groups), 0 where unknown.
    is_repeated: were the runs of all seeds identical, and count as one?
    of_seeds, of_samples, of_both: variance components of one seed, one sample and their combination; over splits
    `of_seeds` is the variance of one split and `of_samples` the part of it that no number of splits averages away.
    ratio: of the two means behind a difference on a scale with one end, by which it is then judged.
    """

    value: float
    standard_error: float
    degrees: float
    basis: Basis
    seeds: int = 1
    samples: int = 0
    splits: int = 1
    is_repeated: bool = False
    of_seeds: float = math.nan
    of_samples: float = math.nan
    of_both: float = 0.0
    ratio: Ratio | None = None

    @property
    def is_testable(self) -> bool:
        """Is there a standard error, and more than zero?"""
        return self.standard_error > 0 and self.degrees > 0

    def reach(self, level: float = LEVEL) -> float:
        """Half the width of the interval of 1 − level."""
        if not self.is_testable:
            return math.nan
        return student_quantile(self.degrees, 1 - level / 2) * self.standard_error

    def ends(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval of 1 − level."""
        reach = self.reach(level)
        if self.ratio is None or not self.is_testable:
            return self.value - reach, self.value + reach
        quantile = reach / self.standard_error
        return self.ratio.difference(-quantile), self.ratio.difference(quantile)

    def errors_to(self, mean: float) -> float:
        """How many standard errors the mean would have to be larger, to be this one; 0 where nothing can be tested."""
        if not self.is_testable:
            return 0.0
        return (mean - self.value) / self.standard_error if self.ratio is None else self.ratio.errors_to(mean)


def p_values(found: Sequence[Estimate]) -> Array:
    """Return the two-sided p-value of each mean of 0, (n,); 1 where nothing can be tested."""
    return np.minimum(1.0, 2 * _tails(found, [-abs(each.errors_to(0.0)) for each in found]))


def p_values_of_margins(found: Sequence[Estimate], margins: Sequence[float]) -> Array:
    """Return the p-value of each mean of its margin or more, to either side, (n,); 1 where nothing can be tested.

    The larger p-value of two one-sided tests (Schuirmann, 1987).
    """
    asked = list(zip(found, margins, strict=True))
    return _tails(found, [max(each.errors_to(-margin), -each.errors_to(margin)) for each, margin in asked])


def _tails(found: Sequence[Estimate], distances: Sequence[float]) -> Array:
    """Return the shares of Student's t below distances in standard errors, (n,); 1 where nothing can be tested."""
    shares = student_share_below(np.array([each.degrees for each in found]), np.array(distances))
    return np.where([each.is_testable for each in found], shares, 1.0)
