"""Turn tables into what a page writes down for each head and cell, so that its template only has to write it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.report.blocks import Cell, Column, Row, Table
from bench_reports.layout import arrow, beside, families

__all__ = ["CellView", "HeadView", "RowView", "RunBudget", "TableView", "table_view"]

# Single runs cost about twenty bytes each; beyond these a page of thousands of models would not fit its 7 MB.
RUN_LIMIT = 20_000
FOLDED_RUN_LIMIT = 4_000
TALL_FROM = 40


@dataclass
class RunBudget:
    """How many values of single runs a page may still hold, in columns that are seen and in folded ones."""

    seen: int = RUN_LIMIT
    folded: int = FOLDED_RUN_LIMIT

    def take(self, count: int, *, is_folded: bool) -> bool:
        """Take room for values, if there is any."""
        left = self.folded if is_folded else self.seen
        if count > left:
            return False
        if is_folded:
            self.folded -= count
        else:
            self.seen -= count
        return True


@dataclass(frozen=True)
class HeadView:
    """A column's head. first: the order of the first click, the better values first."""

    title: str
    small: tuple[str, ...]
    arrow: str
    better: str
    classes: str
    first: str
    about: str


@dataclass(frozen=True)
class CellView:
    """A cell. sort: what its column is ordered by, "" for the end; standing: "" where it needs no mark.

    runs: a line per run, its name and value parted by a tab.
    """

    classes: str
    text: str = ""
    spread: str = ""
    standing: str = ""
    sort: str = ""
    interval: str = ""
    note: str = ""
    marks: tuple[str, ...] = ()
    runs: str = ""
    is_absent: bool = False


@dataclass(frozen=True)
class RowView:
    """A line of a table. place: the number of its model among those of the report, None where it is about none.

    models: the numbers of all models it is about, as two that are compared.
    """

    head: CellView
    cells: Sequence[CellView]
    label: str
    family: str
    place: int | None
    models: tuple[int, ...]
    about: str
    is_new_group: bool


@dataclass(frozen=True)
class TableView:
    """A table as its template writes it."""

    table: Table
    heads: Sequence[HeadView]
    rows: Sequence[RowView]
    folded: int
    standings: tuple[str, ...]
    families: tuple[str, ...]
    is_tall: bool


def table_view(table: Table, places: Mapping[str, int], budget: RunBudget) -> TableView:
    """Lay out a table. places: the number of each model by its label; budget: room for values of single runs."""
    rows = [_row(table, number, places, budget) for number in range(len(table.rows))]
    cells = [cell for row in table.rows for cell in row.cells.values()]
    standings = {cell.standing for cell in cells if cell.standing}
    return TableView(
        table,
        [_head(column) for column in table.columns],
        rows,
        sum(column.is_folded for column in table.columns),
        tuple(each for each in ("best", "undecided", "distinguishable") if each in standings),
        tuple(families(table)),
        len(rows) >= TALL_FROM,
    )


def _head(column: Column) -> HeadView:
    return HeadView(
        column.title,
        tuple(each for each in (column.unit, column.condition) if each),
        arrow(column),
        column.better,
        _classes(column),
        "descending" if column.is_number and column.better != "lower" else "ascending",
        column.about,
    )


def _classes(column: Column, *more: str) -> str:
    names = ("number" if column.is_number else column.kind, "folded" if column.is_folded else "", *more)
    return " ".join(name for name in names if name)


def _row(table: Table, number: int, places: Mapping[str, int], budget: RunBudget) -> RowView:
    row = table.rows[number]
    views = [_cell(row.cell(column), column, budget) for column in table.columns]
    return RowView(
        views[0],
        views[1:],
        row.label,
        row.family or "",
        places.get(row.label),
        _models(row, table, places),
        row.about,
        number > 0 and table.rows[number - 1].group != row.group,
    )


def _models(row: Row, table: Table, places: Mapping[str, int]) -> tuple[int, ...]:
    named = [row.cell(column).text for column in table.columns if column.kind == "model"]
    return tuple(sorted({places[label] for label in (row.label, *named) if label in places}))


def _cell(cell: Cell, column: Column, budget: RunBudget) -> CellView:
    if cell.is_absent and not cell.marks and not cell.note:
        return CellView(_classes(column, "absent"), cell.text, is_absent=True)
    # What stands for itself is neither marked nor named.
    standing = "" if cell.standing in (None, "distinguishable") else cell.standing
    return CellView(
        _classes(column, standing),
        cell.text,
        beside(cell),
        standing,
        _sortable(cell, column),
        cell.interval,
        cell.note,
        cell.marks,
        _runs(cell) if cell.runs and budget.take(len(cell.runs), is_folded=column.is_folded) else "",
    )


def _sortable(cell: Cell, column: Column) -> str:
    """Return what JavaScript orders a column by."""
    if not column.is_number:
        return cell.text
    if cell.value is None or math.isnan(cell.value):
        return ""
    return f"{cell.value:.9g}" if math.isfinite(cell.value) else "Infinity" if cell.value > 0 else "-Infinity"


def _runs(cell: Cell) -> str:
    lines = (f"{' '.join(name.split())}\t{value:.6g}" for name, value in cell.runs.items())
    return "\n".join(lines)
