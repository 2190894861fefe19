"""Intervals, paired comparisons and ranks: pure functions of numbers, each with its own random state."""

from __future__ import annotations

from bench.stats.failures import with_failures
from bench.stats.improvement import Profile, performance_profile, probability_of_improvement
from bench.stats.intervals import Estimate, Interval, interquartile_mean, mean_interval
from bench.stats.paired import Comparison, Equivalence, holm, paired_difference, tost_paired
from bench.stats.ranks import RankTest, cliques, friedman, nemenyi_critical_difference

__all__ = [
    "Comparison",
    "Equivalence",
    "Estimate",
    "Interval",
    "Profile",
    "RankTest",
    "cliques",
    "friedman",
    "holm",
    "interquartile_mean",
    "mean_interval",
    "nemenyi_critical_difference",
    "paired_difference",
    "performance_profile",
    "probability_of_improvement",
    "tost_paired",
    "with_failures",
]
