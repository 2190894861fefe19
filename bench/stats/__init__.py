"""Intervals, corrections and ranks: pure functions of numbers, each with its own random state."""

from __future__ import annotations

from bench.stats.failures import with_failures
from bench.stats.holm import holm
from bench.stats.improvement import Profile, performance_profile, probability_of_improvement
from bench.stats.intervals import Estimate, Interval, interquartile_mean, mean_interval
from bench.stats.ranks import RankTest, cliques, friedman, nemenyi_critical_difference

__all__ = [
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
    "performance_profile",
    "probability_of_improvement",
    "with_failures",
]
