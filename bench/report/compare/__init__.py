"""Compare two sets of records: what got better or worse, what is equivalent or open, and what cannot be compared."""

from __future__ import annotations

from bench.report.compare.changes import OUTCOMES, Change, Differences, Outcome, plain
from bench.report.compare.judge import DEFAULT_MARGINS, Margin, compare
from bench.report.compare.pairs import Kind, Place, Side, Unpaired
from bench.report.compare.readings import SampleReader

__all__ = [
    "DEFAULT_MARGINS",
    "OUTCOMES",
    "Change",
    "Differences",
    "Kind",
    "Margin",
    "Outcome",
    "Place",
    "SampleReader",
    "Side",
    "Unpaired",
    "compare",
    "plain",
]
