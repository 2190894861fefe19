"""Decide what observations can tell: which models differ, and how far a score may be from the truth."""

from __future__ import annotations

from bench.evidence.across import ModelRank, Ranking, WinRate, across
from bench.evidence.compare import Pair, Section, Standing, Verdict, compare, compare_each
from bench.evidence.estimate import LEVEL, Basis
from bench.evidence.flat import is_flat, was_flat
from bench.evidence.interval import ScoreInterval, score_interval, score_intervals
from bench.evidence.observations import Observations, RunKey, Runs
from bench.evidence.pseudovalues import jackknife, sample_scores
from bench.evidence.reach import shares_reaching
from bench.evidence.records import FAILED, default_margin, observe, repeated, run_key
from bench.evidence.remedy import Remedy
from bench.evidence.samples import SampleScores
from bench.evidence.stopping import Outlook, outlook

__all__ = [
    "FAILED",
    "LEVEL",
    "Basis",
    "ModelRank",
    "Observations",
    "Outlook",
    "Pair",
    "Ranking",
    "Remedy",
    "RunKey",
    "Runs",
    "SampleScores",
    "ScoreInterval",
    "Section",
    "Standing",
    "Verdict",
    "WinRate",
    "across",
    "compare",
    "compare_each",
    "default_margin",
    "is_flat",
    "jackknife",
    "observe",
    "outlook",
    "repeated",
    "run_key",
    "sample_scores",
    "score_interval",
    "score_intervals",
    "shares_reaching",
    "was_flat",
]
