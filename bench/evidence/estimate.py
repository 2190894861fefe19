"""A mean with its standard error and degrees of freedom, and what follows from the three."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bench.stats.distributions import student_quantile, student_share_below

__all__ = ["LEVEL", "Basis", "Estimate"]

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

    @property
    def is_testable(self) -> bool:
        """Is there a standard error, and more than zero?"""
        return self.standard_error > 0 and self.degrees > 0

    def reach(self, level: float = LEVEL) -> float:
        """Half the width of the interval of 1 − level."""
        if not self.is_testable:
            return math.nan
        return student_quantile(self.degrees, 1 - level / 2) * self.standard_error

    def p_value(self, expected: float = 0.0) -> float:
        """Two-sided p-value of a mean as expected; 1 where nothing can be tested."""
        if not self.is_testable:
            return 1.0
        return min(1.0, 2 * student_share_below(self.degrees, -abs(self.value - expected) / self.standard_error))

    def share_below(self, bound: float) -> float:
        """One-sided p-value of `the mean is at most bound`; 1 where nothing can be tested."""
        if not self.is_testable:
            return 1.0
        return student_share_below(self.degrees, (bound - self.value) / self.standard_error)
