"""Draw how many runs of each model reach what score: performance profiles."""

from __future__ import annotations

import numpy as np

from bench.evidence import Observations, shares_reaching
from bench.report.figures import Axis, Line, LineFigure

__all__ = ["profile"]

THRESHOLDS = 81


def profile(observed: list[Observations], models: list[str], measure: str, key: str, title: str) -> LineFigure | None:
    """Return the share of each model's runs that reach a score, averaged over data sets, with pointwise 95 % bands.

    Only scores between 0 and 1, more being better, are on one scale whatever the data; None for others, and for equal
    ones. See `bench.evidence.shares_reaching`.
    """
    values = [float(run) for each in observed for model in models for run in each.finite(model).values()]
    if not all(each.higher for each in observed) or not values:
        return None
    low, high = min(values), max(values)
    if low < 0 or high > 1 or low == high:
        return None
    x = tuple(np.linspace(low, high, THRESHOLDS).tolist())
    lines = [Line(model, x, *shares_reaching(observed, model, x)) for model in models]
    return LineFigure(
        f"{key}-profiles", f"Performance profiles: {title}", Axis(measure, low=0, high=1, better="higher"),
        Axis("Runs that reach it", low=0, high=1, is_share=True), tuple(lines),
        "Share of all runs, failed ones included, that reach a score, averaged over the data sets, with pointwise 95 % "
        "bands. A line above another all the way is better; where lines cross, it depends on the score.", is_step=True,
    )  # fmt: skip
