"""Compare two sets of records: what got better, worse, is within noise, or cannot be compared."""

from __future__ import annotations

from bench.report.compare.changes import Change, Differences, Place, Unpaired, Verdict, differing_settings
from bench.report.compare.judge import DEFAULT_MARGINS, Margin, compare
from bench.report.compare.sides import Side, find_side

__all__ = [
    "DEFAULT_MARGINS",
    "Change",
    "Differences",
    "Margin",
    "Place",
    "Side",
    "Unpaired",
    "Verdict",
    "compare",
    "differing_settings",
    "find_side",
]
