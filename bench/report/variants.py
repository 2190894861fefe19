"""Quality against what the protocol varied, e.g. the size of the training set; one line per model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from bench.report.material import Material
from bench.report.tree import Cell, Column, Figure, Line, LineFigure, Row
from bench.report.wording import variant_text
from bench.specs import Value

__all__ = ["quality_against_variant"]

LOG_RATIO = 20.0


def quality_against_variant(material: Material) -> Iterator[Figure]:
    """Draw the main score over every number that varies; other parts of the variant make lines of their own."""
    main = material.main
    if main is None:
        return
    for name in _numeric_names(material):
        lines = tuple(_lines(material, name))
        x = [value for line in lines for value in line.x]
        if len(set(x)) > 1:
            words = name.replace("_", " ")
            yield LineFigure(
                name=f"variant-{name}",
                title=f"Quality against {words}",
                axis=name,
                x_title=words.capitalize(),
                y_title=main.measure.title,
                lines=lines,
                is_log_x=min(x) > 0 and max(x) / min(x) >= LOG_RATIO,
                caption="Means over seeds with 95 % bands; a point that is missing was not run or failed.",
            )


def _numeric_names(material: Material) -> list[str]:
    values: dict[str, list[Value]] = defaultdict(list)
    for row in material.rows:
        for name, value in row.variant.items():
            values[name].append(value)
    return [name for name, each in values.items() if all(_is_number(value) for value in each)]


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _lines(material: Material, name: str) -> Iterator[Line]:
    main = material.main
    columns = [column for column in material.columns if main is not None and column.measure == main.measure]
    for column in columns:
        found: dict[tuple[str, str, str], list[tuple[float, Cell]]] = defaultdict(list)
        for row in material.rows:
            if name in row.variant and column.key in row.cells:
                words = _line_words(row, name, column)
                found[row.label, row.family, words].append((float(row.variant[name]), row.cells[column.key]))
        for (label, family, words), points in found.items():
            yield _line(label, family, words, sorted(points, key=lambda point: point[0]))


def _line_words(row: Row, name: str, column: Column) -> str:
    others: Mapping[str, Value] = {key: value for key, value in row.variant.items() if key != name}
    return ", ".join(word for word in (variant_text(others), column.condition) if word)


def _line(label: str, family: str, words: str, points: list[tuple[float, Cell]]) -> Line:
    cells = [cell for _, cell in points]
    return Line(
        label=label,
        family=family,
        condition=words,
        x=tuple(x for x, _ in points),
        mean=tuple(cell.mean for cell in cells),
        low=tuple(cell.mean if cell.low is None else cell.low for cell in cells),
        high=tuple(cell.mean if cell.high is None else cell.high for cell in cells),
        seed_count=max(cell.count for cell in cells),
    )
