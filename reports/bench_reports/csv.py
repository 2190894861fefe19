"""Write the report's numbers as tidy tables: a line for each number, and a line for each comparison."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from bench.report.blocks import Cell, Column, Comparison, Report, Row, Section, Table
from bench_reports.layout import identifying, scope

__all__ = ["COMPARISON_FIELDS", "FIELDS", "render"]

FIELDS = (
    "section", "dataset", "task", "protocol", "settings", "table", "model", "family", "row", "measure", "column",
    "unit", "better", "condition", "mean", "low", "high", "n", "standing", "text", "note", "scope",
)  # fmt: skip
COMPARISON_FIELDS = tuple(field.name for field in fields(Comparison))
# A spreadsheet runs a text that begins so as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-][\d.,]+")


def render(report: Report, folder: Path) -> Path:
    """Write `report.csv` and, beside it, `comparisons.csv`; return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.csv"
    _write(path, FIELDS, _lines(report))
    _write(folder / "comparisons.csv", COMPARISON_FIELDS, map(_comparison, report.comparisons))
    return path


def _write(path: Path, names: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([_safe(value) for value in line] for line in lines)


def _lines(report: Report) -> Iterator[tuple[object, ...]]:
    for section, block in report.blocks():
        if isinstance(block, Table):
            for row in block.rows:
                yield from _row(section, block, row)


def _row(section: Section, table: Table, row: Row) -> Iterator[tuple[object, ...]]:
    """Yield a line for each number of a row; one without any has one line, so that no model is missing."""
    place = (section.title, section.dataset, section.task, section.protocol, _pairs(section.settings), table.key)
    start = (*place, row.label, row.family or "", _pairs(_words(table, row)))
    end = scope(section)
    numbers = [column for column in table.columns if column.is_number and not row.cell(column).is_absent]
    for column in numbers:
        yield (*start, *_number(column, row.cell(column)), end)
    if not numbers:
        yield (*start, *[""] * (len(FIELDS) - len(start) - 1), end)


def _words(table: Table, row: Row) -> dict[str, str]:
    """Return what tells a row from others of its model (what was varied, say), and its other words."""
    first = [column for column in identifying(table) if column.kind != "model"]
    words = [*first, *(column for column in table.columns if column.kind == "text" and column not in first)]
    return {column.title: row.cell(column).text for column in words if not row.cell(column).is_absent}


def _number(column: Column, cell: Cell) -> tuple[object, ...]:
    heading = (column.measure or column.key, column.title, column.unit, column.better, column.condition)
    values = (_finite(cell.value), _finite(cell.low), _finite(cell.high), len(cell.runs) or "", cell.standing or "")
    return (*heading, *values, cell.text, cell.note)


def _comparison(each: Comparison) -> Iterator[object]:
    for name in COMPARISON_FIELDS:
        value = getattr(each, name)
        yield _pairs(value) if isinstance(value, Mapping) else _finite(value)


def _pairs(found: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in found.items())


def _finite(value: object) -> object:
    """Return a value, or nothing for a number that is none: no reader trips over a word, and `text` says what it is."""
    return "" if value is None or (isinstance(value, float) and not math.isfinite(value)) else value


def _safe(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(FORMULA) and not NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value
