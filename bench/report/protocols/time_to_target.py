"""Time to target: the share of runs that had reached it after so much training, misses shown as misses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.record import RunRecord, Score
from bench.report.learning import learning_curves
from bench.report.section_data import ProtocolPart, SectionData
from bench.report.tree import Column, Figure, Line, LineFigure
from bench.report.variants import is_logarithmic

__all__ = ["part"]

SCORE = "time_to_target"
CAPTION = (
    "Share of all runs, failed ones included, that had reached the target on validation data after so many seconds of "
    "training. A cross marks where a run ended without it; each line ends with the model's last run."
)


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    return ProtocolPart((*figures(section), *learning_curves(section)), tuple(findings(section)))


def figures(section: SectionData) -> Iterator[Figure]:
    """Draw the share of runs that reached the target against training time, a line for each model and condition."""
    lines = tuple(line for column in _columns(section) for line in _lines(section, column))
    if not lines:
        return
    times = [x for line in lines for x in (*line.x[1:], *line.misses)]
    is_log = is_logarithmic(times)
    first = min(times) / 1.5 if is_log else 0.0
    score = next(found for record in section.records if (found := _score(record)) is not None)
    yield LineFigure(
        name="time-to-target",
        title=f"Runs that reached {_target(score)}",
        axis="seconds",
        x_title="Training time (s)",
        y_title="Share of runs that reached the target",
        lines=tuple(_from(line, first) for line in lines),
        is_log_x=is_log,
        is_share=True,
        caption=CAPTION,
    )


def findings(section: SectionData) -> Iterator[str]:
    """Say how many runs of each model reached the target, and how long those took."""
    for column in _columns(section):
        told = []
        for label in section.families:
            reached, count = _reached(section, column, label)
            if count:
                times = f" in {_span(reached)}" if reached else ""
                told.append(f"{label} {len(reached)} of {count}{times}")
        score = next((found for record in section.records if (found := _score(record)) is not None), None)
        if told and score is not None:
            where = f", {column.condition}" if column.condition else ""
            yield f"Runs that reached {_target(score)}{where}: {'; '.join(told)}."


def _columns(section: SectionData) -> list[Column]:
    return [column for column in section.columns if column.measure.name == SCORE]


def _score(record: RunRecord) -> Score | None:
    return next((score for score in record.scores if score.name == SCORE), None)


def _target(score: Score) -> str:
    target = score.detail.get("target")
    number = f"{target:g}" if isinstance(target, int | float) else str(target)
    return f"{str(score.detail.get('objective', 'the target')).replace('_', ' ')} {number}"


def _span(times: Sequence[float]) -> str:
    low, high = min(times), max(times)
    return f"{low:.3g} s" if low == high else f"{low:.3g} to {high:.3g} s"


def _runs(section: SectionData, column: Column, label: str) -> tuple[list[RunRecord], list[RunRecord]]:
    """Return the runs of a model that ended well and those that did not, under the column's condition."""
    condition = section.conditions[column.key]
    good = [each for each in section.records if each.run.label == label and condition.holds(each)]
    failed = [each for each in section.failed if each.run.label == label and condition.holds(each)]
    return good, [each for each in failed if each.status != "skipped"]


def _reached(section: SectionData, column: Column, label: str) -> tuple[list[float], int]:
    good, failed = _runs(section, column, label)
    values = [value for record in good if (value := record.score(SCORE)) is not None]
    return sorted(value for value in values if math.isfinite(value)), len(values) + len(failed)


def _lines(section: SectionData, column: Column) -> Iterator[Line]:
    for label, family in section.families.items():
        times, count = _reached(section, column, label)
        if not count:
            continue
        good, failed = _runs(section, column, label)
        missed = [record for record in good if not math.isfinite(record.score(SCORE) or 0.0)]
        misses = sorted(record.times.train_seconds for record in (*missed, *failed))
        end = max((*times, *misses))
        x = (0.0, *times, end)
        shares = (0.0, *(number / count for number in range(1, len(times) + 1)), len(times) / count)
        yield Line(
            label, family, column.condition, x, shares, shares, shares, count,
            note=f"{len(times)} of {count} reached", misses=tuple(misses),
        )  # fmt: skip


def _from(line: Line, first: float) -> Line:
    """Begin a line where the axis begins: a logarithmic one has no zero."""
    misses = tuple(max(x, first) for x in line.misses)
    return replace(line, x=(first, *line.x[1:]), misses=misses)
