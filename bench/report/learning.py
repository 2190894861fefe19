"""Learning curves: the validation objective while a model trains, mean over seeds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from bench.record import CurvePoint, RunRecord
from bench.report.curves import Curve, mean_curve
from bench.report.levels import INTERVAL
from bench.report.measures import score_title
from bench.report.objective import objective
from bench.report.section_data import SectionData
from bench.report.tree import Figure, Line, LineFigure

__all__ = ["learning_curves"]

CAPTION = (
    f"Means over seeds with {INTERVAL} bands. A seed that stopped early counts with its last value. "
    "Models that are fitted as a whole have no curve."
)
PARTIAL = "Where some seeds of a model failed, its line is the mean of the others: the legend says how many."
# Records that may be averaged, with what they were made under in words.
Parts = Sequence[tuple[str, Sequence[RunRecord]]]
AXES: tuple[tuple[str, str, Callable[[CurvePoint], float]], ...] = (
    ("epochs", "Epoch", lambda point: point.epoch),
    ("seconds", "Training time (s)", lambda point: point.train_seconds),
)


def learning_curves(section: SectionData) -> Iterator[Figure]:
    """Draw the validation objective over epochs and over seconds; nothing where the protocol varies something else."""
    watched = _watched(section)
    if section.has_variants or not watched:
        return
    for axis, x_title, place in AXES:
        # A second is worth what its machine is: times of two conditions share no mean, while epochs do.
        parts = section.clocked() if axis == "seconds" else section.alike()
        lines = tuple(_lines(section, watched, place, parts))
        if lines:
            title = score_title(watched, (score for record in section.records for score in record.scores))
            caption = f"{CAPTION} {PARTIAL}" if any(line.note for line in lines) else CAPTION
            yield LineFigure(
                "learning", "Learning curves", axis, x_title, f"{title} on validation data", lines, caption=caption
            )


def _watched(section: SectionData) -> str:
    """Return the task's objective where it was watched in training, else what was watched most often."""
    seen = Counter(name for record in section.records for point in record.curve for name in point.validation)
    wanted = objective(section.records)
    return wanted if wanted in seen else max(seen, key=seen.__getitem__, default="")


def _lines(section: SectionData, watched: str, place: Callable[[CurvePoint], float], parts: Parts) -> Iterator[Line]:
    for label, family in section.families.items():
        for words, records in parts:
            runs = [each for each in records if each.run.label == label]
            curves = [curve for run in runs if len((curve := _curve(run, watched, place))[0]) > 1]
            if curves:
                yield _line(label, family, words, curves, section.failed_beside(runs))


def _curve(record: RunRecord, watched: str, place: Callable[[CurvePoint], float]) -> Curve:
    points = [
        (place(point), point.validation[watched])
        for point in record.curve
        if math.isfinite(point.validation.get(watched, math.nan))
    ]
    return [x for x, _ in points], [y for _, y in points]


def _line(label: str, family: str, condition: str, curves: Sequence[Curve], failed: int) -> Line:
    x, mean, low, high = (tuple(map(float, values)) for values in mean_curve(curves))
    note = f"{len(curves)} of {len(curves) + failed} runs" if failed else ""
    return Line(label, family, condition, x, mean, low, high, len(curves), note)
