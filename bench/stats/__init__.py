"""Distributions, corrections and tests of ranks and signs: pure functions of numbers."""

from __future__ import annotations

from bench.stats.holm import holm
from bench.stats.ranks import RankTest, friedman
from bench.stats.signs import sign_flip_p_value

__all__ = ["RankTest", "friedman", "holm", "sign_flip_p_value"]
