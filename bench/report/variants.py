"""Quality or cost against what the protocol varied, e.g. the size of the training set; one line per model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.report.levels import INTERVAL
from bench.report.section_data import SectionData
from bench.report.tree import Cell, Column, Figure, Line, LineFigure, Measure, Row
from bench.report.wording import variant_text
from bench.specs import Value

__all__ = ["CAPTION", "is_logarithmic", "line_figure", "quality_against_variant", "titled", "variant_number"]

LOG_RATIO = 20.0
CAPTION = f"Means over seeds with {INTERVAL} bands; a point that is missing was not run or failed."
PARTIAL = "An open marker is the mean of the lucky seeds alone: others have no value."
Place = Callable[[Row], float | None]
Words = Callable[[Row], str]


def quality_against_variant(section: SectionData) -> Iterator[Figure]:
    """Draw the main score over every number that varies; other parts of the variant make lines of their own."""
    for name in _numeric_names(section):
        words = name.replace("_", " ")
        figure = line_figure(
            section,
            section.main,
            name=f"variant-{name}",
            title=f"Quality against {words}",
            axis=words,
            place=variant_number(name),
            words=_others(name),
        )
        if figure is not None:
            yield figure


def line_figure(
    section: SectionData,
    column: Column | None,
    *,
    name: str,
    title: str,
    axis: str,
    place: Place,
    words: Words = lambda _: "",
    y_title: str = "",
    caption: str = CAPTION,
) -> LineFigure | None:
    """Draw a measure over a number that each row has: a line per model, condition and `words` of the row.

    column: any of the measure's; axis: what the number is, in words. None where there is nothing to join.
    """
    if column is None:
        return None
    lines = tuple(_lines(section, column.measure, place, words))
    x = [value for line in lines for value in line.x]
    if len(set(x)) < 2:
        return None
    means = [value for line in lines for value in line.mean]
    return LineFigure(
        name=name,
        title=title,
        axis=axis,
        x_title=axis[:1].upper() + axis[1:],
        y_title=y_title or titled(column.measure),
        lines=lines,
        is_log_x=is_logarithmic(x),
        is_log_y=column.measure.kind != "score" and is_logarithmic(means),
        caption=f"{caption} {PARTIAL}" if any(any(line.partial) for line in lines) else caption,
    )


def is_logarithmic(values: Sequence[float]) -> bool:
    """Do these numbers span so much that a plain axis would crowd the small ones?"""
    return min(values) > 0 and max(values) / min(values) >= LOG_RATIO


def titled(measure: Measure) -> str:
    """Return a measure's name with its unit, as an axis has it."""
    return f"{measure.title}{f' ({measure.unit})' if measure.unit else ''}"


def variant_number(name: str) -> Place:
    """Return how to read one number of a row's variant."""

    def place(row: Row) -> float | None:
        value = row.variant.get(name)
        return float(value) if _is_number(value) and not isinstance(value, str | None) else None

    return place


def _others(name: str) -> Words:
    def words(row: Row) -> str:
        others: Mapping[str, Value] = {key: value for key, value in row.variant.items() if key != name}
        return variant_text(others)

    return words


def _numeric_names(section: SectionData) -> list[str]:
    values: dict[str, list[Value]] = defaultdict(list)
    for row in section.rows:
        for name, value in row.variant.items():
            values[name].append(value)
    return [name for name, each in values.items() if all(_is_number(value) for value in each)]


def _is_number(value: Value | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _lines(section: SectionData, measure: Measure, place: Place, words: Words) -> Iterator[Line]:
    columns = [column for column in section.columns if column.measure == measure]
    for column in columns:
        found: dict[tuple[str, str, str], list[tuple[float, Cell]]] = defaultdict(list)
        for row in section.rows:
            x, cell = place(row), row.cells.get(column.key)
            if x is not None and cell is not None and math.isfinite(cell.mean):
                condition = ", ".join(word for word in (words(row), column.condition) if word)
                found[row.label, row.family, condition].append((x, cell))
        for (label, family, condition), points in found.items():
            # No cost is negative, whatever its interval says.
            least = -math.inf if measure.kind == "score" else 0.0
            yield _line(label, family, condition, sorted(points, key=lambda point: point[0]), least)


def _line(label: str, family: str, words: str, points: list[tuple[float, Cell]], least: float) -> Line:
    cells = [cell for _, cell in points]
    return Line(
        label=label,
        family=family,
        condition=words,
        x=tuple(x for x, _ in points),
        mean=tuple(cell.mean for cell in cells),
        low=tuple(cell.mean if cell.low is None else max(cell.low, least) for cell in cells),
        high=tuple(cell.mean if cell.high is None else cell.high for cell in cells),
        run_count=max(cell.count for cell in cells),
        counts=tuple(cell.count for cell in cells),
        tried=tuple(cell.tried for cell in cells),
    )
