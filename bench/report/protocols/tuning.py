"""What a search for hyperparameters cost and what it found on the way, as figures."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bench.evidence import Observations, RunKey, ScoreInterval, run_key, score_interval
from bench.record import RunRecord
from bench.report.figures import Axis, LineFigure, Point, ScatterFigure
from bench.report.numbers.conditions import Condition
from bench.report.parts.curves import Curve
from bench.report.parts.plots import front, mean_line
from bench.report.parts.variants import axis_of, is_logarithmic
from bench.report.protocols.effects import WALL_TIME, numbered
from bench.report.section import SectionData, Variable

__all__ = ["TUNED", "UNTUNED", "quality_against_spent", "search_figure"]

UNTUNED, TUNED = "untuned", "tuned"
SPENT_CAPTION = (
    f"Training alone for the untuned, the search ({WALL_TIME}) and the final training for the tuned. The stepped line "
    "joins what nothing beats in both; a model some of whose runs failed stands on none."
)
SEARCH_CAPTION = "Means over runs with 95 % bands; the first trial is the suite's setting. On validation data only."
# A model with or without tuning: its label, and which of the two.
Place = tuple[str, str]


def quality_against_spent(
    section: SectionData, variable: Variable, untuned: Sequence[RunRecord]
) -> Iterator[ScatterFigure]:
    """Draw the score against tuning and training time; nothing where times were not all taken under one condition."""
    holds = variable.condition.holds
    sides = ((UNTUNED, untuned), (TUNED, (*section.records, *section.failed)))
    tried = [(series, each) for series, records in sides for each in records if holds(each)]
    good = [(series, each) for series, each in tried if each.is_ok]
    if {series for series, _ in good} != {UNTUNED, TUNED}:
        return
    if len({Condition.of(each, "machine") for _, each in good}) != 1:
        return
    points = tuple(_points(section, variable, tried))
    yield ScatterFigure(
        key=numbered("tuning-cost", section, variable),
        title=", ".join(word for word in ("Quality against all time spent", variable.words) if word),
        x=Axis("Tuning and training time", "s", is_logarithmic([each.x for each in points]), low=0.0, better="lower"),
        y=axis_of(variable.measure),
        points=points,
        caption=SPENT_CAPTION,
    )


def _points(section: SectionData, variable: Variable, tried: Sequence[tuple[str, RunRecord]]) -> Iterator[Point]:
    names = {id(each): _joined((each.run.label, series)) for series, each in tried}
    spent = _spent(each for each in tried if each[1].is_ok)
    observed = section.observed([each for _, each in tried], variable, lambda record: names[id(record)])
    found = {
        place: (score_interval(spent, name), score_interval(observed, name))
        for place in dict.fromkeys((each.run.label, series) for series, each in tried)
        if (name := _joined(place)) in spent.models and observed.finite(name)
    }
    sound = [place for place, (_, score) in found.items() if not score.failed]
    means = [(found[place][0].score, found[place][1].score) for place in sound]
    best = {sound[number] for number in front(means, higher_is_better=variable.measure.better == "higher")}
    for (label, series), (x, y) in found.items():
        note = f"{y.runs} of {y.runs + y.failed} runs" if y.failed else ""
        yield Point(label, x.score, y.score, _ends(x), _ends(y), series, note, (label, series) in best)


def _joined(place: Place) -> str:
    return ", ".join(place)


def _spent(good: Iterable[tuple[str, RunRecord]]) -> Observations:
    models: dict[str, dict[RunKey, Any]] = defaultdict(dict)
    for series, record in good:
        seconds = record.times.train_seconds + (record.score("tuning_seconds") or 0.0)
        models[_joined((record.run.label, series))][run_key(record.run)] = np.asarray(seconds)
    return Observations(models, higher=False, low=0.0)


def _ends(found: ScoreInterval) -> tuple[float, float] | None:
    return (found.low, found.high) if math.isfinite(found.low) else None


def search_figure(section: SectionData) -> Iterator[LineFigure]:
    """Draw the best objective on validation data that the search had found after so many trials."""
    sign = -1.0 if _is_lower_better(section) else 1.0
    axis = Axis("Best objective so far", better="lower" if sign < 0 else "higher")
    lines = []
    for label in section.families:
        runs = [each for each in section.records if each.run.label == label]
        curves = [(run, curve) for run in runs if len((curve := _best_so_far(run, sign))[0]) > 1]
        if curves:
            lines.append(mean_line(section, label, "", curves, axis))
    if lines:
        yield LineFigure("search", "What the search found", Axis("Trial", low=0.0), axis, tuple(lines), SEARCH_CAPTION)


def _is_lower_better(section: SectionData) -> bool:
    """Does the objective fall? The suite's setting is tried first and the best kept, so the trials themselves tell."""
    falls = rises = 0
    for record in section.records:
        best, values = record.details.get("best", {}), _trials(record)
        objectives = [value for _, value in values]
        chosen = [value for setting, value in values if all(best.get(name) == given for name, given in setting.items())]
        if chosen and min(objectives) < max(objectives):
            falls += chosen[0] == min(objectives)
            rises += chosen[0] == max(objectives)
    return falls > rises


def _trials(record: RunRecord) -> list[tuple[Mapping[str, Any], float]]:
    trials = record.details.get("trials", ())
    return [(each["setting"], each["objective"]) for each in trials if each.get("objective") is not None]


def _best_so_far(record: RunRecord, sign: float) -> Curve:
    x, y, best = [], [], -math.inf
    for number, trial in enumerate(record.details.get("trials", ()), start=1):
        if trial.get("objective") is not None and math.isfinite(trial["objective"]):
            best = max(best, sign * trial["objective"])
        if math.isfinite(best):
            x.append(float(number))
            y.append(sign * best)
    return x, y
