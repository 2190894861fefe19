"""Tuned: against the untuned runs of the same models under the same budget, with what tuning cost."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from bench.record import RunRecord
from bench.report.conditions import Condition
from bench.report.curves import mean_curve
from bench.report.grouping import canonical
from bench.report.learning import learning_curves
from bench.report.levels import INTERVAL
from bench.report.pareto import front
from bench.report.protocols.effects import WALL_TIME, Seeds, cell, effects, main_values, sentence
from bench.report.section_data import ProtocolPart, SectionData
from bench.report.tree import Column, Dot, DotFigure, Figure, Line, LineFigure, Measure, Point, ScatterFigure
from bench.report.variants import titled

__all__ = ["part"]

UNTUNED_PROTOCOL, UNTUNED, TUNED = "fixed-budget", "untuned", "tuned"
BUDGET = ("epochs", "steps", "seconds", "batch_size", "learning_rate", "schedule", "patience", "evaluations")
SPENT = Measure("spent_seconds", "Tuning and training time", "s", "lower", "time")
LIST_LIMIT = 8


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    return ProtocolPart(tuple(figures(section)), tuple(findings(section)))


def figures(section: SectionData) -> Iterator[Figure]:
    """Draw tuned beside untuned, quality against all the time spent, the search itself, and the final training."""
    for column in section.mains:
        yield from _against_untuned(section, column)
        yield from _against_cost(section, column)
    yield from _search(section)
    yield from learning_curves(section)


def findings(section: SectionData) -> Iterator[str]:
    """Say what tuning gained and cost, and which settings it found."""
    for column in section.mains:
        where = f" ({column.condition})" if column.condition else ""
        untuned = _untuned(section, column)
        pairs = [
            (label, untuned[label], variants[0][1])
            for label, variants in main_values(section, column).items()
            if label in untuned
        ]
        if any(start.values for _, start, _ in pairs):
            yield sentence(f"{column.measure.title}{where} from untuned to tuned", effects(pairs))
        else:
            yield f"Tuned is compared with nothing{where}: {_why_nothing(section)}."
    for words, records in section.clocked():
        yield from _costs(section, words, records)
    yield from _settings(section)


def _budget(record: RunRecord) -> str:
    settings: Mapping[str, Any] = record.run.settings.get("protocol", {})
    return canonical([{name: settings.get(name) for name in BUDGET}, record.run.settings.get("task")])


def _partners(section: SectionData) -> list[RunRecord]:
    """Return the untuned runs, failed ones included, under the budget that each trial had; with another budget they
    would prove nothing.
    """
    budgets = {_budget(record) for record in section.records}
    runs = (*section.siblings, *section.failed_siblings)
    return [each for each in runs if each.run.protocol == UNTUNED_PROTOCOL and _budget(each) in budgets]


def _untuned(section: SectionData, column: Column) -> dict[str, Seeds]:
    values = main_values(section, column, _partners(section))
    return {label: variants[0][1] for label, variants in values.items() if label in section.families}


def _why_nothing(section: SectionData) -> str:
    tried = [each for each in _partners(section) if each.run.label in section.families]
    if tried and not any(each.is_ok for each in tried):
        return f"no {UNTUNED_PROTOCOL} run of these models ended well"
    others = [each for each in section.siblings if each.run.protocol == UNTUNED_PROTOCOL]
    if not others:
        return f"no {UNTUNED_PROTOCOL} runs of this data set are in the report"
    return f"the {UNTUNED_PROTOCOL} runs of this data set are of other models or had another budget"


def _against_untuned(section: SectionData, column: Column) -> Iterator[Figure]:
    untuned, families = _untuned(section, column), section.families
    dots = []
    for label, variants in main_values(section, column).items():
        sides = [(UNTUNED, untuned[label])] if label in untuned else []
        for series, seeds in (*sides, (TUNED, variants[0][1])):
            if seeds.values:
                dots.append(Dot(label, families[label], series, cell(list(seeds.values.values()), seeds.lost)))
    if any(dot.series == UNTUNED for dot in dots):
        yield DotFigure(
            name=f"tuned-{section.slug(column)}",
            title=", ".join(word for word in ("Tuned and untuned", column.condition) if word),
            x_title=titled(column.measure),
            dots=tuple(dots),
            caption=f"Means on test data with {INTERVAL} intervals. Untuned: the fixed-budget runs with the budget of "
            "one trial and the suite's setting.",
        )


def _against_cost(section: SectionData, column: Column) -> Iterator[Figure]:
    """Put tuning time on the axis: nothing is drawn where the times were not taken under one condition."""
    tried = [each for each in _partners(section) if each.run.label in section.families]
    partners = [each for each in tried if each.is_ok]
    holds = section.conditions[column.key].holds
    runs = [each for each in (*section.records, *partners) if holds(each)]
    if not partners or len({Condition.of(each, "machine") for each in runs}) != 1:
        return
    points = [
        point
        for series, records in ((UNTUNED, partners), (TUNED, section.records))
        for point in _points(series, [each for each in records if holds(each)], column)
    ]
    failed = {
        (series, each.run.label)
        for series, records in ((UNTUNED, tried), (TUNED, section.failed))
        for each in records
        if not each.is_ok and holds(each)
    }
    sound = [point for point in points if (point.condition, point.label) not in failed]
    kept = front([(p.x.mean, p.y.mean) for p in sound], higher_is_better=column.measure.better == "higher")
    best = {(sound[number].condition, sound[number].label) for number in kept}
    yield ScatterFigure(
        name=f"tuning-cost-{section.slug(column)}",
        title=", ".join(word for word in ("Quality against all time spent", column.condition) if word),
        x=SPENT,
        y=column.measure,
        points=tuple(replace(point, is_on_front=(point.condition, point.label) in best) for point in points),
        caption=f"Training alone for the untuned, the search ({WALL_TIME}) and the final training for the tuned. The "
        "stepped lines join what nothing beats in both; a model some of whose runs failed stands on none.",
    )


def _points(series: str, records: Sequence[RunRecord], column: Column) -> Iterator[Point]:
    labels: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        labels[record.run.label].append(record)
    for label, runs in labels.items():
        scores = [value for run in runs if math.isfinite(value := run.score(column.measure.name) or math.nan)]
        if scores:
            spent = cell([run.times.train_seconds + (run.score("tuning_seconds") or 0.0) for run in runs])
            yield Point(label, runs[0].run.family, series, spent, cell(scores), is_on_front=False)


def _search(section: SectionData) -> Iterator[Figure]:
    """Draw the best objective on validation data that the search had found after so many trials."""
    sign = -1.0 if _is_lower_better(section) else 1.0
    lines = []
    for words, records in section.alike():
        for label, family in section.families.items():
            runs = [each for each in records if each.run.label == label]
            curves = [curve for run in runs if len((curve := _best_so_far(run, sign))[0]) > 1]
            if curves:
                x, mean, low, high = (tuple(map(float, values)) for values in mean_curve(curves))
                failed = section.failed_beside(runs)
                note = f"{len(curves)} of {len(curves) + failed} runs" if failed else ""
                lines.append(Line(label, family, words, x, mean, low, high, len(curves), note))
    if lines:
        caption = (
            f"Means over seeds with {INTERVAL} bands; the first trial is the suite's setting. On validation data only."
        )
        yield LineFigure(
            "search", "What the search found", "trials", "Trial", "Best objective so far", tuple(lines), caption=caption
        )


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


def _best_so_far(record: RunRecord, sign: float) -> tuple[list[float], list[float]]:
    x, y, best = [], [], -math.inf
    for number, trial in enumerate(record.details.get("trials", ()), start=1):
        if trial.get("objective") is not None and math.isfinite(trial["objective"]):
            best = max(best, sign * trial["objective"])
        if math.isfinite(best):
            x.append(float(number))
            y.append(sign * best)
    return x, y


def _costs(section: SectionData, words: str, records: Sequence[RunRecord]) -> Iterator[str]:
    told = []
    for label in section.families:
        runs = [each for each in records if each.run.label == label]
        seconds = [value for run in runs if (value := run.score("tuning_seconds")) is not None]
        if seconds:
            trials = sorted({len(run.details.get("trials", ())) for run in runs})
            told.append(f"{label} {fmean(seconds):.3g} s for {'/'.join(map(str, trials))} trials")
    if told:
        where = f", {words}" if words else ""
        yield f"Tuning cost ({WALL_TIME}), not in the training times{where}: {'; '.join(told)}."


def _settings(section: SectionData) -> Iterator[str]:
    """List the best settings, each once with its seeds."""
    for label in section.families:
        found: dict[str, list[int]] = defaultdict(list)
        for record in section.records:
            best = record.details.get("best")
            if record.run.label == label and isinstance(best, Mapping) and best:
                words = ", ".join(f"{name} {_short(value)}" for name, value in best.items())
                found[words].append(record.run.seed)
        told = [f"{words} (seed {', '.join(map(str, sorted(seeds)))})" for words, seeds in found.items()]
        more = f"; {len(told) - LIST_LIMIT} more" if len(told) > LIST_LIMIT else ""
        if told:
            yield f"Best settings of {label}: {'; '.join(told[:LIST_LIMIT])}{more}."


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
