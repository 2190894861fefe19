"""Quality or cost against what the protocol varied, e.g. the size of the training set; one line per model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bench.matching import BASELINE
from bench.report import text
from bench.report.figures import Axis, Dot, Line, LineFigure
from bench.report.section import Measure, ModelRow, SectionData, Summary, Variable
from bench.specs import Value

__all__ = [
    "CAPTION",
    "axis_of",
    "baselines",
    "dot_of",
    "ends_of",
    "is_logarithmic",
    "is_outside",
    "line_figure",
    "partial_words",
    "quality_against_variant",
    "variant_number",
]

LOG_RATIO = 20.0
CAPTION = "Means with 95 % intervals; a point that is missing was not run or failed."
PARTIAL = "An open marker is the mean of the successful runs only: others failed."
Place = Callable[[ModelRow], float | None]
Words = Callable[[ModelRow], str]


def quality_against_variant(section: SectionData) -> Iterator[LineFigure]:
    """Draw the main score over every number that varies; other parts of the variant make lines of their own."""
    for name in _numeric_names(section):
        words = name.replace("_", " ")
        figure = line_figure(
            section,
            section.main,
            key=f"variant-{name}",
            title=f"Quality against {words}",
            x=Axis(_capital(words)),
            place=variant_number(name),
            words=_others(name),
        )
        if figure is not None:
            yield figure


def line_figure(
    section: SectionData,
    variable: Variable | None,
    *,
    key: str,
    title: str,
    x: Axis,
    place: Place,
    words: Words = lambda _: "",
    y_title: str = "",
    caption: str = CAPTION,
) -> LineFigure | None:
    """Draw a measure over a number that each row has: a line per model, condition and `words` of the row.

    variable: any of the measure's; x: the axis of the number. None where there is nothing to join.
    """
    if variable is None:
        return None
    lines, outside = _near(section, tuple(_lines(section, variable.measure, place, words)), variable.measure)
    places = [value for line in lines for value in line.x]
    if len(set(places)) < 2:
        return None
    means = [value for line in lines for value in line.y]
    y = axis_of(variable.measure, y_title)
    return LineFigure(
        key=key,
        title=title,
        x=replace(x, is_log=is_logarithmic(places)),
        y=replace(y, is_log=variable.measure.kind != "score" and is_logarithmic(means)),
        lines=lines,
        caption=" ".join((caption, *([PARTIAL] if any(any(line.partial) for line in lines) else []), *outside)),
    )


def _near(section: SectionData, lines: tuple[Line, ...], measure: Measure) -> tuple[tuple[Line, ...], list[str]]:
    """Return the lines without those of a trivial baseline far from all models, and a sentence on each of these."""
    trivial = baselines(section) if measure.kind == "score" else frozenset()
    others = [value for line in lines if line.label not in trivial for value in (*line.low, *line.high)]
    far = {line for line in lines if line.label in trivial and is_outside(line.y, others)}
    told = [f"{line.label} ({_span(line.y)}) lies outside the figure." for line in lines if line in far]
    return tuple(line for line in lines if line not in far), told


def _span(values: Sequence[float]) -> str:
    low, high = (text.significant(end) for end in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def baselines(section: SectionData) -> frozenset[str]:
    """Return the labels of the trivial model that every other must beat."""
    return frozenset(record.run.label for record in section.records if record.run.model == BASELINE)


def is_outside(values: Sequence[float], others: Sequence[float]) -> bool:
    """Are these so far from the others that nobody would see beside them how the others differ?"""
    if len(set(others)) < 2:
        return False
    low, high = min(others), max(others)
    return max(low - max(values), min(values) - high) > high - low


def axis_of(measure: Measure, title: str = "") -> Axis:
    """Return the axis of a measure, with the ends of what is possible: no cost is below zero."""
    low = measure.low if measure.kind == "score" else max(measure.low, 0.0)
    return Axis(title or measure.title, measure.unit, low=low, high=measure.high, better=measure.better)


def is_logarithmic(values: Sequence[float]) -> bool:
    """Do these numbers span so much that a plain axis would crowd the small ones?"""
    return min(values, default=0.0) > 0 and max(values) / min(values) >= LOG_RATIO


def ends_of(summary: Summary) -> tuple[float, float] | None:
    """Return the ends of the interval of a mean, None where it has none."""
    low, high = summary.low, summary.high
    return None if low is None or high is None else (low, high)


def partial_words(summary: Summary) -> str:
    """Return how many of its runs are in a mean where some are not, else nothing."""
    return f"{summary.count} of {summary.tried} runs" if summary.is_partial else ""


def dot_of(row: ModelRow, variable: Variable, series: str) -> Dot | None:
    """Return a row's mean with its interval as one dot of a series, None where it has none."""
    summary = row.values.get(variable.key)
    if summary is None or not math.isfinite(summary.mean):
        return None
    return Dot(row.label, summary.mean, ends_of(summary), series, partial_words(summary))


def variant_number(name: str) -> Place:
    """Return how to read one number of a row's variant."""

    def place(row: ModelRow) -> float | None:
        value = row.variant.get(name)
        return float(value) if _is_number(value) and not isinstance(value, str | None) else None

    return place


def _others(name: str) -> Words:
    def words(row: ModelRow) -> str:
        others: Mapping[str, Value] = {key: value for key, value in row.variant.items() if key != name}
        return text.variant(others)

    return words


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _numeric_names(section: SectionData) -> list[str]:
    values: dict[str, list[Value]] = defaultdict(list)
    for row in section.rows:
        for name, value in row.variant.items():
            values[name].append(value)
    return [name for name, each in values.items() if all(_is_number(value) for value in each)]


def _is_number(value: Value | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _lines(section: SectionData, measure: Measure, place: Place, words: Words) -> Iterator[Line]:
    for variable in section.variables:
        if variable.measure != measure:
            continue
        found: dict[tuple[str, str], list[tuple[float, Summary]]] = defaultdict(list)
        for row in section.rows:
            x, summary = place(row), row.values.get(variable.key)
            if x is not None and summary is not None and math.isfinite(summary.mean):
                condition = ", ".join(word for word in (words(row), variable.words) if word)
                found[row.label, condition].append((x, summary))
        for (label, condition), points in found.items():
            yield _line(label, condition, sorted(points, key=lambda point: point[0]))


def _line(label: str, condition: str, points: Sequence[tuple[float, Summary]]) -> Line:
    summaries = [summary for _, summary in points]
    ends = [ends_of(summary) or (summary.mean, summary.mean) for summary in summaries]
    return Line(
        label=label,
        x=tuple(x for x, _ in points),
        y=tuple(summary.mean for summary in summaries),
        low=tuple(low for low, _ in ends),
        high=tuple(high for _, high in ends),
        condition=condition,
        counts=tuple(summary.count for summary in summaries),
        tried=tuple(summary.tried for summary in summaries),
    )
