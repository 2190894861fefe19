"""How runs compare beyond their ranks: how often the first model's win, and how many of each reach what score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.report.ranked import RankRow
from bench.stats import performance_profile, probability_of_improvement

__all__ = ["against_first", "profiled"]

THRESHOLDS = 81
# Values by data set, a run each; higher is better, and a run that failed is −∞.
Strata = Sequence[Sequence[float]]


def against_first(rows: Sequence[RankRow], runs: Sequence[Strata]) -> list[RankRow]:
    """Return the rows with the chance that a run of the first beats one of theirs, averaged over data sets.

    Source: Agarwal et al., Deep reinforcement learning at the edge of the statistical precipice, 2021, eq. 2.
    """
    found = list(rows[:1])
    for row, strata in zip(rows[1:], runs[1:], strict=True):
        chance = probability_of_improvement(runs[0], strata)
        found.append(replace(row, loses=(chance.value, chance.low, chance.high)))
    return found


def profiled(rows: Sequence[RankRow], runs: Sequence[Strata]) -> tuple[list[RankRow], tuple[float, ...]]:
    """Return the rows with the share of their runs that reach each threshold, averaged over data sets, and those.

    Only scores between 0 and 1 are on one scale whatever the data; others, and equal ones, get no profile.
    Source: Agarwal et al., 2021, section 4.3.
    """
    values = [value for strata in runs for stratum in strata for value in stratum if math.isfinite(value)]
    if not values or min(values) < 0 or max(values) > 1 or min(values) == max(values):
        return list(rows), ()
    thresholds = tuple(np.linspace(min(values), max(values), THRESHOLDS).tolist())
    found = []
    for row, strata in zip(rows, runs, strict=True):
        profile = performance_profile(strata, thresholds)
        found.append(replace(row, shares=profile.shares, lows=profile.lows, highs=profile.highs))
    return found, thresholds
