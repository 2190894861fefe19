"""Select measures: the same report with only some columns in its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.errors import UnknownName
from bench.report.blocks import Block, Choice, Column, Report, Section, Table

__all__ = ["with_measures"]


def with_measures(report: Report, names: Sequence[str]) -> Report:
    """Return a report whose tables show only these measures, in this order, and none of them folded away.

    Columns that are no measure (models, what was varied, seeds) stay. A table that measured something and has none of
    these measures is left out; figures and comparisons stay as they are.
    Raises UnknownName for a measure that no table has.
    """
    known = dict.fromkeys(column.measure for table in _tables(report) for column in table.columns if column.measure)
    for name in names:
        if name not in known:
            raise UnknownName("measure", name, known, place="--measures")
    sections = [replace(section, blocks=tuple(_selected(section, names))) for section in report.sections]
    return replace(report, sections=tuple(sections))


def _tables(report: Report) -> Iterator[Table]:
    yield from (block for _, block in report.blocks() if isinstance(block, Table))


def _selected(section: Section, names: Sequence[str]) -> Iterator[Block]:
    for block in section.blocks:
        if isinstance(block, Table):
            if (table := _narrowed(block, names)) is not None:
                yield table
        elif isinstance(block, Choice):
            options = {
                name: _narrowed(option, names) if isinstance(option, Table) else option
                for name, option in block.options.items()
            }
            kept = {name: option for name, option in options.items() if option is not None}
            if kept:
                yield replace(block, options=kept)
        else:
            yield block


def _narrowed(table: Table, names: Sequence[str]) -> Table | None:
    """Return a table with these measures alone, None where it has others only."""
    if not any(column.measure for column in table.columns):
        return table
    chosen = [column for column in table.columns if column.measure in names]
    if not chosen:
        return None
    chosen.sort(key=lambda column: names.index(column.measure))
    return replace(table, columns=(*_unmeasured(table), *(replace(column, is_folded=False) for column in chosen)))


def _unmeasured(table: Table) -> Iterator[Column]:
    yield from (column for column in table.columns if not column.measure)
