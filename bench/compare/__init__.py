"""Compare two sets of records: what got better or worse, what is equivalent or open, and what cannot be compared."""

from __future__ import annotations

from bench.compare.changes import OUTCOMES, Change, Differences, Outcome, plain
from bench.compare.judge import DEFAULT_MARGINS, Margin, compare
from bench.compare.pairs import Kind, Place, Side, Unpaired
from bench.compare.readings import SampleReader

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
