"""The level of every test and interval in a report, as numbers and as words."""

from __future__ import annotations

__all__ = ["ALPHA", "CONFIDENCE", "INTERVAL", "LEVEL"]

ALPHA = 0.05
CONFIDENCE = 1 - ALPHA
LEVEL = f"{100 * ALPHA:g} % level"
INTERVAL = f"{100 * CONFIDENCE:g} %"
