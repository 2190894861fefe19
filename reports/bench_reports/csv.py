"""Write the report's numbers as tidy tables: a line for each number, and a line for each comparison."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

from bench.report.blocks import Cell, Column, Comparison, Report, Section, Table
from bench_reports.layout import identifying, scope

__all__ = ["COMPARISON_FIELDS", "FIELDS", "render"]

FIELDS = (
    "section", "dataset", "task", "protocol", "settings", "table", "model", "family", "row", "measure", "column",
    "unit", "better", "condition", "mean", "low", "high", "n", "standing", "text", "note", "scope",
)  # fmt: skip
COMPARISON_FIELDS = tuple(field.name for field in fields(Comparison))
# A spreadsheet runs a text that begins so as a formula.
FORMULA = frozenset("=+-@\t\r")
NUMBER = re.compile(r"[+-][\d.,]+")


def render(report: Report, folder: Path) -> Path:
    """Write `report.csv` and, beside it, `comparisons.csv`; return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.csv"
    _write(path, FIELDS, _lines(report))
    _write(folder / "comparisons.csv", COMPARISON_FIELDS, map(attrgetter(*COMPARISON_FIELDS), report.comparisons))
    return path


def _write(path: Path, names: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([_cell(value) for value in line] for line in lines)


def _lines(report: Report) -> Iterator[tuple[object, ...]]:
    for section, block in report.blocks():
        if isinstance(block, Table):
            yield from _rows(section, block)


def _rows(section: Section, table: Table) -> Iterator[tuple[object, ...]]:
    """Yield a line for each number of each row; one without any has one line, so that no model is missing."""
    place = (section.title, section.dataset, section.task, section.protocol, section.settings, table.key)
    words, end = _words(table), scope(section)
    measured = [(column, _heading(column)) for column in table.columns if column.is_number]
    for row in table.rows:
        told = {column.title: row.cell(column).text for column in words if not row.cell(column).is_absent}
        start = (*place, row.label, row.family, told)
        cells = [(heading, row.cell(column)) for column, heading in measured]
        numbers = [(*start, *heading, *_number(cell), end) for heading, cell in cells if not cell.is_absent]
        yield from numbers or [(*start, *[None] * (len(FIELDS) - len(start) - 1), end)]


def _words(table: Table) -> list[Column]:
    """Return the columns that tell a row from others of its model (what was varied, say), and those of other words."""
    first = [column for column in identifying(table) if column.kind != "model"]
    return [*first, *(column for column in table.columns if column.kind == "text" and column not in first)]


def _heading(column: Column) -> tuple[str, ...]:
    return (column.measure or column.key, column.title, column.unit, column.better, column.condition)


def _number(cell: Cell) -> tuple[object, ...]:
    return (cell.value, cell.low, cell.high, len(cell.runs) or None, cell.standing, cell.text, cell.note)


def _pairs(found: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in found.items())


def _cell(value: object) -> object:
    """Return a value as it may stand in a cell: no text that a spreadsheet runs, nothing for a number that is none.

    No reader trips over a word in place of a number; `text` says what it is.
    """
    if isinstance(value, str):
        return f"'{value}" if value[:1] in FORMULA and not NUMBER.fullmatch(value) else value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return _cell(_pairs(value)) if isinstance(value, dict) else value
