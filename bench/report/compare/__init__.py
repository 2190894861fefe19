"""Compare two sets of records: what got better, worse, is within noise, or cannot be compared."""

from __future__ import annotations

from bench.report.compare.changes import Change, Differences, Unpaired, Verdict
from bench.report.compare.judge import DEFAULT_MARGINS, Margin, compare
from bench.report.compare.sides import Side, find_side

__all__ = [
    "DEFAULT_MARGINS",
    "Change",
    "Differences",
    "Margin",
    "Side",
    "Unpaired",
    "Verdict",
    "compare",
    "find_side",
]
