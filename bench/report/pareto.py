"""Quality against training time, and the models that no other beats in both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.report.levels import INTERVAL
from bench.report.section_data import SectionData
from bench.report.tree import Column, Figure, Point, ScatterFigure

__all__ = ["front", "quality_against_time"]

CAPTION = (
    f"Means over seeds with {INTERVAL} intervals. The stepped line joins the models that no other beats in both, "
    "by their means; a model some of whose runs failed is drawn, but stands on no line."
)


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


def quality_against_time(section: SectionData) -> Iterator[Figure]:
    """Draw the main score against training time, one front for each condition that times were taken under."""
    main = section.main
    times = [column for column in section.columns if column.measure.name == "train_seconds"]
    if main is None or not times or section.has_variants:
        return
    points = tuple(point for time in times for point in _points(section, time))
    if len({point.label for point in points}) > 1:
        yield ScatterFigure(
            name="pareto",
            title="Quality against training time",
            x=replace(times[0].measure, title="Training time"),
            y=main.measure,
            points=points,
            caption=CAPTION,
        )


def _points(section: SectionData, time: Column) -> list[Point]:
    quality = section.main_beside(time)
    if quality is None:
        return []
    both = [row for row in section.rows if time.key in row.cells and quality.key in row.cells]
    rows = [row for row in both if math.isfinite(row.cells[quality.key].mean)]
    failed = {record.run.label for record in section.failed if record.run.device == time.device}
    # Where runs failed only the lucky seeds are left in the mean, as in the table.
    sound = [row for row in rows if row.label not in failed and not row.cells[quality.key].infinite]
    means = [(row.cells[time.key].mean, row.cells[quality.key].mean) for row in sound]
    kept = front(means, higher_is_better=quality.measure.better == "higher")
    best = {sound[number].label for number in kept}
    return [
        Point(row.label, row.family, time.condition, row.cells[time.key], row.cells[quality.key], row.label in best)
        for row in rows
    ]
