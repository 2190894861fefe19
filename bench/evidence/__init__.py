"""Decide what observations can tell: which models differ, and how far a score may be from the truth."""

from __future__ import annotations

from bench.evidence.compare import Pair, Section, Standing, Verdict, compare
from bench.evidence.estimate import LEVEL, Basis
from bench.evidence.interval import ScoreInterval, score_interval
from bench.evidence.observations import Observations, RunKey, Runs
from bench.evidence.pseudovalues import jackknife, sample_scores
from bench.evidence.remedy import Remedy

__all__ = [
    "LEVEL",
    "Basis",
    "Observations",
    "Pair",
    "Remedy",
    "RunKey",
    "Runs",
    "ScoreInterval",
    "Section",
    "Standing",
    "Verdict",
    "compare",
    "jackknife",
    "sample_scores",
    "score_interval",
]
