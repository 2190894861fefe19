"""The figures of every section whose protocol brings none: quality against cost, and learning curves."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bench.evidence import FAILED, observe, was_flat
from bench.evidence.objective import objective
from bench.record import CurvePoint, RunRecord
from bench.report import text
from bench.report.blocks import Block, Choice
from bench.report.figures import Axis, Line, LineFigure, Point, ScatterFigure
from bench.report.numbers.conditions import Repetition, split_count
from bench.report.numbers.measures import has_clock_budget, score_title
from bench.report.parts.curves import Curve, mean_curve
from bench.report.parts.variants import (
    axis_of,
    baselines,
    ends_of,
    is_logarithmic,
    is_outside,
    partial_words,
    quality_against_variant,
)
from bench.report.section import SectionData, Summary, Variable

__all__ = ["front", "general_blocks", "learning_curves", "mean_line", "not_flat", "quality_against_cost"]

# What quality is drawn against: how the axis calls it, by the name of the measure.
COSTS = {"train_seconds": "Training time", "latency_p50": "Latency", "peak_memory": "Peak memory"}
COST_CAPTION = (
    "Means with 95 % intervals. The stepped line joins the models that no other beats in both, by their means; a model "
    "some of whose runs failed is drawn, but stands on no line."
)
CURVE_CAPTION = (
    "Means over runs with 95 % bands. A run that stopped early counts with its last value. Models that are fitted as a "
    "whole have no curve."
)
PARTIAL = (
    "Where some runs of a model failed, its line is the mean of the successful runs only: the legend says how many."
)
Place = Callable[[CurvePoint], float]
AXES: Mapping[str, tuple[Axis, Place]] = {
    "epochs": (Axis("Epoch", low=0.0), lambda point: point.epoch),
    "seconds": (Axis("Training time", "s", low=0.0), lambda point: point.train_seconds),
}


def general_blocks(section: SectionData) -> tuple[Block, ...]:
    """Return the figures of a section whose protocol brings none of its own."""
    return (*quality_against_variant(section), *quality_against_cost(section), *learning_curves(section))


def quality_against_cost(section: SectionData) -> Iterator[Block]:
    """Draw the main score against what it costs, one front for each condition that costs were taken under."""
    if section.has_variants:
        return
    found = {words: figure for name, words in COSTS.items() if (figure := _against(section, name, words)) is not None}
    if found:
        yield _chosen("pareto", "Quality against cost", found)


def _chosen(key: str, title: str, options: Mapping[str, ScatterFigure | LineFigure]) -> Block:
    """Return a choice between figures; no choice where there is one."""
    return Choice(key, title, dict(options)) if len(options) > 1 else next(iter(options.values()))


def _against(section: SectionData, name: str, words: str) -> ScatterFigure | None:
    costs = [each for each in section.variables if each.measure.name == name]
    points = tuple(point for cost in costs for point in _points(section, cost))
    if section.main is None or len({point.label for point in points}) < 2:
        return None
    measure, trivial = costs[0].measure, baselines(section)
    x, others = axis_of(measure, words), [point for point in points if point.label not in trivial]
    spread = [value for point in others for value in (point.y, *(point.y_ends or ()))]
    outside = [point for point in points if point.label in trivial and is_outside([point.y], spread)]
    told = [
        f"{point.label} ({text.significant(point.y)}, {text.amount(point.x, x.unit)}) lies outside the figure."
        for point in outside
    ]
    drawn = [point for point in points if point not in outside]
    if any(point.x == text.least(measure) for point in drawn):
        told.append(f"What is below {text.least(measure):g} {x.unit} is drawn there: less cannot be measured.")
    return ScatterFigure(
        key=f"pareto-{name}",
        title=f"Quality against {words[:1].lower()}{words[1:]}",
        x=replace(x, is_log=is_logarithmic([point.x for point in drawn])),
        y=axis_of(section.main.measure),
        points=tuple(drawn),
        caption=" ".join((COST_CAPTION, *told)),
    )


def _points(section: SectionData, cost: Variable) -> list[Point]:
    quality = section.main_beside(cost)
    if quality is None:
        return []
    found = [
        (row.label, _measurable(row.values[cost.key], cost), row.values[quality.key])
        for row in section.rows
        if cost.key in row.values and quality.key in row.values
    ]
    found = [each for each in found if all(math.isfinite(summary.mean) for summary in each[1:])]
    tried = [record for record in section.failed if record.status in FAILED and cost.condition.holds(record)]
    failed = {record.run.label for record in tried}
    # Where runs failed only the successful ones are left in the mean: no fair place on the front.
    sound = [each for each in found if each[0] not in failed and not each[2].is_partial]
    kept = front([(x.mean, y.mean) for _, x, y in sound], higher_is_better=quality.measure.better == "higher")
    best = {sound[number][0] for number in kept}
    return [
        Point(label, x.mean, y.mean, ends_of(x), ends_of(y), cost.words, partial_words(y), label in best)
        for label, x, y in found
    ]


def _measurable(found: Summary, cost: Variable) -> Summary:
    """Return a cost that is not below what can be measured: such small ones are not one below the other."""
    least = text.least(cost.measure)
    low, high = (None if end is None else max(end, least) for end in (found.low, found.high))
    return replace(found, mean=max(found.mean, least), low=low, high=high)


def front(points: Sequence[tuple[float, float]], *, higher_is_better: bool) -> frozenset[int]:
    """Return the indices of the points (cost, quality) that no other beats: cheaper or equal, and better."""
    sign = 1.0 if higher_is_better else -1.0
    order = sorted(range(len(points)), key=lambda index: (points[index][0], -sign * points[index][1]))
    best = -math.inf
    kept: list[int] = []
    for index in order:
        quality = sign * points[index][1]
        # Equal twins stand on the front together; an equal quality at a higher cost does not.
        if quality > best or (kept and points[index] == points[kept[-1]]):
            best = quality
            kept.append(index)
    return frozenset(kept)


def not_flat(section: SectionData) -> tuple[str, ...]:
    """Say which models were still improving when their budget ended, in most of the runs that can be judged."""
    judged: dict[str, list[bool]] = {label: [] for label in section.families}
    for record in section.records:
        if (flat := was_flat(record)) is not None:
            judged[record.run.label].append(flat)
    rising = [label for label, flat in judged.items() if sum(flat) < len(flat) / 2]
    if not rising:
        return ()
    if len(rising) == 1:
        return (f"{rising[0]} was still improving when its budget ended: its place may be a matter of budget.",)
    return (
        f"{text.join(rising)} were still improving when their budget ended: their order may be a matter of budget.",
    )


def learning_curves(section: SectionData) -> Iterator[Block]:
    """Draw the validation objective over epochs or seconds; nothing where the protocol varies something else."""
    watched = _watched(section)
    if section.has_variants or not watched:
        return
    curves = [(record, _curves(record, watched)) for record in section.records]
    drawn = {name: [(record, found[name]) for record, found in curves if name in found] for name in AXES}
    found = {name: figure for name in AXES if (figure := _learning(section, watched, name, drawn[name])) is not None}
    if found:
        yield _chosen("learning", "Learning curves", found)


def _watched(section: SectionData) -> str:
    """Return the task's objective where it was watched in training, else what was watched most often."""
    wanted = objective(section.records)
    if any(record.curve and wanted in record.curve[-1].validation for record in section.records):
        return wanted
    seen = Counter(name for record in section.records for point in record.curve for name in point.validation)
    return wanted if wanted in seen else max(seen, key=seen.__getitem__, default="")


def _curves(record: RunRecord, watched: str) -> dict[str, Curve]:
    """Return what was watched over every axis, where it was a number at two points or more."""
    points = [point for point in record.curve if math.isfinite(point.validation.get(watched, math.nan))]
    values = [point.validation[watched] for point in points]
    return {name: ([place(point) for point in points], values) for name, (_, place) in AXES.items() if len(points) > 1}


def _learning(
    section: SectionData, watched: str, name: str, curves: Sequence[tuple[RunRecord, Curve]]
) -> LineFigure | None:
    x, y = AXES[name][0], _watched_axis(section, watched)
    # A second is worth what its machine is: times of two conditions share no mean, while epochs do.
    is_clocked = name == "seconds" or any(map(has_clock_budget, section.records))
    parts = section.clocked() if is_clocked else [("", section.records)]
    lines = []
    for label in section.families:
        for words, records in parts:
            members = {id(each) for each in records if each.run.label == label}
            own = [(run, curve) for run, curve in curves if id(run) in members]
            if own:
                lines.append(mean_line(section, label, words, own, y))
    if not lines:
        return None
    is_log = (
        name == "seconds" and min(line.x[0] for line in lines) > 0 and is_logarithmic([line.x[-1] for line in lines])
    )
    return LineFigure(
        key=f"learning-{name}",
        title="Learning curves",
        x=replace(x, is_log=is_log),
        y=y,
        lines=tuple(lines),
        caption=f"{CURVE_CAPTION} {PARTIAL}" if any(line.note for line in lines) else CURVE_CAPTION,
    )


def _watched_axis(section: SectionData, watched: str) -> Axis:
    """Return the axis of what was watched, with the ends of the score of that name where the test part has it."""
    measure = next((each.measure for each in section.variables if each.measure.name == watched), None)
    if measure is None:
        return Axis(f"{score_title(watched)} on validation data")
    return axis_of(measure, f"{measure.title} on validation data")


def mean_line(section: SectionData, label: str, words: str, curves: Sequence[tuple[RunRecord, Curve]], y: Axis) -> Line:
    """Return the mean over runs with its band inside the axis; seeds count, or splits where there are several.

    Runs of one seed on several devices are one observation, and so are those of one split.
    """
    runs = [run for run, _ in curves]
    has_splits = split_count(map(Repetition.of, runs)) > 1
    units: dict[object, list[Curve]] = defaultdict(list)
    for run, curve in curves:
        repetition = Repetition.of(run)
        units[repetition.split if has_splits else repetition.seed].append(curve)
    overlap = observe(runs, section.main_score).test_to_train if has_splits else 0.0
    drawn = mean_curve(list(units.values()), overlap=overlap, low=y.low, high=y.high)
    x, mean, low, high = (tuple(values.tolist()) for values in drawn)
    count, failed = len(set(map(Repetition.of, runs))), section.failed_beside(runs)
    note = f"{count} of {count + failed} runs" if failed else ""
    return Line(label, x, mean, low, high, condition=words, note=note)
