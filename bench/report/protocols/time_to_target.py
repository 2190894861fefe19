"""Time to target: the share of runs that had reached it after so much training, misses shown as misses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.evidence import FAILED
from bench.record import RunRecord, Score
from bench.report import text
from bench.report.figures import Axis, Figure, Line, LineFigure
from bench.report.parts.plots import learning_curves
from bench.report.parts.variants import is_logarithmic
from bench.report.section import ProtocolPart, SectionData, Variable

__all__ = ["part"]

SCORE = "time_to_target"
CAPTION = (
    "Share of all runs, failed ones included, that had reached the target on validation data after so many seconds of "
    "training. A cross marks where a run ended without it; each line ends with the model's last run."
)


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    return ProtocolPart(tuple(_findings(section)), tuple(_figures(section)), tuple(learning_curves(section)))


def _figures(section: SectionData) -> Iterator[Figure]:
    """Draw the share of runs that reached the target against training time, a line for each model and condition."""
    lines = tuple(line for variable in _variables(section) for line in _lines(section, variable))
    if not lines:
        return
    times = [x for line in lines for x in (*line.x[1:], *line.misses)]
    is_log = is_logarithmic(times)
    first = min(times) / 1.5 if is_log else 0.0
    yield LineFigure(
        key="time-to-target",
        title=f"Runs that reached {_target(section)}",
        x=Axis("Training time", "s", is_log=is_log, low=0.0),
        y=Axis("Share of runs that reached the target", low=0.0, high=1.0, better="higher", is_share=True),
        lines=tuple(_from(line, first) for line in lines),
        caption=CAPTION,
        is_step=True,
    )


def _findings(section: SectionData) -> Iterator[str]:
    """Say how many runs of each model reached the target, and how long those took."""
    for variable in _variables(section):
        told = []
        for label in section.families:
            reached, count = _reached(section, variable, label)
            if count:
                times = f" in {_span(reached)}" if reached else ""
                told.append(f"{label} {len(reached)} of {count}{times}")
        if told:
            where = f", {variable.words}" if variable.words else ""
            yield f"Runs that reached {_target(section)}{where}: {'; '.join(told)}."


def _variables(section: SectionData) -> list[Variable]:
    return [each for each in section.variables if each.measure.name == SCORE]


def _score(record: RunRecord) -> Score | None:
    return next((score for score in record.scores if score.name == SCORE), None)


def _target(section: SectionData) -> str:
    """Return the target in words, such as `accuracy 0.9`."""
    detail = next((score.detail for each in section.records if (score := _score(each)) is not None), {})
    target = detail.get("target")
    number = f"{target:g}" if isinstance(target, int | float) else str(target)
    return f"{str(detail.get('objective', 'the target')).replace('_', ' ')} {number}"


def _span(times: Sequence[float]) -> str:
    low, high = min(times), max(times)
    return text.amount(low, "s") if low == high else f"{text.amount(low, 's')} to {text.amount(high, 's')}"


def _runs(section: SectionData, variable: Variable, label: str) -> tuple[list[RunRecord], list[RunRecord]]:
    """Return the runs of a model that have a time, reached or not, and those that failed, under one condition."""
    held = variable.condition.holds
    good = [each for each in section.records if each.run.label == label and held(each) and _score(each) is not None]
    failed = [each for each in section.failed if each.run.label == label and held(each) and each.status in FAILED]
    return good, failed


def _reached(section: SectionData, variable: Variable, label: str) -> tuple[list[float], int]:
    good, failed = _runs(section, variable, label)
    values = [record.score(SCORE) or 0.0 for record in good]
    return sorted(value for value in values if math.isfinite(value)), len(values) + len(failed)


def _lines(section: SectionData, variable: Variable) -> Iterator[Line]:
    for label in section.families:
        times, count = _reached(section, variable, label)
        if not count:
            continue
        good, failed = _runs(section, variable, label)
        missed = [record for record in good if not math.isfinite(record.score(SCORE) or 0.0)]
        misses = sorted(record.times.train_seconds for record in (*missed, *failed))
        shares = (0.0, *(number / count for number in range(1, len(times) + 1)), len(times) / count)
        yield Line(
            label,
            x=(0.0, *times, max((*times, *misses))),
            y=shares,
            condition=variable.words,
            note=f"{len(times)} of {count} reached",
            misses=tuple(misses),
        )


def _from(line: Line, first: float) -> Line:
    """Begin a line where the axis begins: a logarithmic one has no zero."""
    misses = tuple(max(x, first) for x in line.misses)
    return replace(line, x=(first, *line.x[1:]), misses=misses)
