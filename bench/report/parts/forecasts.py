"""Draw forecasts beside what came: a few windows of a series, and what the best models said of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.record import RunRecord
from bench.report.blocks import Choice
from bench.report.figures import Axis, Line, LineFigure
from bench.report.parts.answered import Arrays, answered
from bench.report.section import SectionData

__all__ = ["forecast_choice"]

Array = NDArray[Any]
MOST_MODELS, WINDOWS = 4, 4


def forecast_choice(section: SectionData, arrays: Arrays, key: str) -> Choice | None:
    """Return a figure for each of a few windows of the test part; None where no forecasts of a series were kept.

    arrays: returns the arrays of a record's answer and truth by name; called for one run of at most four models.
    """
    chosen = answered(section, ("predictions", "targets", "scales"), is_one_test_part=True)
    if chosen is None:
        return None
    runs = {label: chosen.runs[label][0] for label in list(chosen.runs)[:MOST_MODELS]}
    kept = {label: arrays(run) for label, run in runs.items()}
    targets = next(iter(kept.values()))["targets"]
    if targets.ndim != 3 or any(each["predictions"].shape != targets.shape for each in kept.values()):
        return None
    # By custom the series that matters most stands last.
    said = {label: each["predictions"][:, :, -1] for label, each in kept.items()}
    stride = int(chosen.first.run.settings.get("task", {}).get("stride", 1))
    # Of what came before the test part nothing is kept, so that the first windows have no past to show.
    first = min(len(targets) - 1, math.ceil(targets.shape[1] / stride))
    places = np.unique(np.linspace(first, len(targets) - 1, WINDOWS).round().astype(int)).tolist()
    words = _words(chosen.first, targets.shape[2], len(runs))
    return Choice(
        key,
        "Forecasts",
        {
            f"from step {place * stride:,}": _window(f"{key}-{number}", place, stride, targets[:, :, -1], said, words)
            for number, place in enumerate(places, start=1)
        },
    )


def _words(run: RunRecord, count: int, models: int) -> tuple[str, str]:
    """Return what the drawn series is called, and what holds for every figure."""
    target = None if run.problem is None else run.problem.target
    name = target.names[-1] if target is not None and target.names else "value"
    which = f" Of {count} series, {name} is drawn." if count > 1 else ""
    many = "The model" if models == 1 else f"The {models} best models"
    return (
        name,
        f"{many} by the main score, one run on one test part; lines begin at the last step that was known.{which}",
    )


def _window(
    key: str, place: int, stride: int, targets: Array, said: Mapping[str, Array], words: tuple[str, str]
) -> LineFigure:
    """Draw a window; targets and forecasts: (windows, horizon). Grey is what came, with as much of what was before."""
    horizon = targets.shape[1]
    before = _steps(targets, stride)[max(0, place * stride - horizon) : place * stride]
    past = [(step, value) for step, value in zip(range(1 - len(before), 1), before, strict=True) if np.isfinite(value)]
    ahead = tuple(float(step) for step in range(1, horizon + 1))
    came = (*past, *zip(ahead, targets[place], strict=True))
    # Where the last known step is known to the report, too, forecasts begin there.
    begin = [(0.0, past[-1][1])] if past and past[-1][0] == 0 else []
    lines = [_line(label, (*begin, *zip(ahead, values[place], strict=True))) for label, values in said.items()]
    name, about = words
    return LineFigure(
        key=key,
        title=f"Forecasts from step {place * stride:,} of the test part",
        x=Axis("Steps ahead"),
        y=Axis(name),
        lines=(_line("", came, name="what came"), *lines),
        caption=f"{about} Window {place + 1:,} of {len(targets):,}.",
    )


def _steps(targets: Array, stride: int) -> Array:
    """Return the steps of the test part that windows were asked about, NaN where windows leave steps out."""
    found = np.full((len(targets) - 1) * stride + targets.shape[1], np.nan)
    places = stride * np.arange(len(targets))[:, None] + np.arange(targets.shape[1])
    found[places] = targets
    return found


def _line(label: str, points: Any, name: str = "") -> Line:
    x, y = (tuple(float(f"{value:.6g}") for value in values) for values in zip(*points, strict=True))
    return Line(label, x, y, name=name, is_reference=not label)
