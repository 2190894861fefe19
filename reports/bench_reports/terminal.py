"""The report's short form, printed when a suite ends: what was found, then one narrow table per section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bench.report.blocks import Cell, Column, Log, Prose, Report, Row, Section, Table
from bench.report.text import outcomes, plural
from bench_reports.headings import wrapped
from bench_reports.layout import arrow, beside, families, halves, identifying, shown, under

__all__ = ["summary"]

WIDTH, LABEL_WIDTH, GAP = 100, 30, 2
# A terminal may show neither bold nor underlined letters, so a sign stands beside them.
SIGNS = {"best": "★", "undecided": "☆", "distinguishable": "", None: ""}
STYLES = {"best": "bold green", "undecided": "underline", "distinguishable": "", None: ""}
FAMILY_SIGNS = {"shallow": "○", "deep": "■", "generative": "◆", None: " "}
FAMILY_STYLES = {"shallow": "cyan", "deep": "magenta", "generative": "green", None: ""}
PROSE_STYLES = {"answer": "", "text": "", "warning": "yellow", "note": "dim", "scope": "dim italic"}
LEGEND = (
    "★ best, or equivalent to it; ☆ in the tie group, not decided; unmarked beside such: some model is better. "
    "± is half of the 95 % interval."
)
# Of a long list of events, the page has the rest.
MOST_EVENTS = 12


def summary(report: Report, *, is_wrapped: bool = True) -> RenderableType:
    """Return what fits a terminal, at most 100 columns; texts of models are never read as markup.

    is_wrapped: fold sentences at the width of the terminal? What reads a pipe wants each on one line.
    """
    parts: list[RenderableType] = []
    for kind in ("answers", "across", "results", "about"):
        for section in report.sections:
            if section.kind == kind:
                parts += _section(section)
    if any(isinstance(part, _Fitted) for part in parts):
        parts.append(Text(_legend(report), "dim"))
    parts += [Text(f"Warning: {warning}", "yellow") for warning in report.warnings]
    made = report.progress or plural(report.run_count, "run")
    parts.append(Text(f"{made}: {outcomes(report.outcomes) or 'none'}", "bold"))
    return Group(*(part if is_wrapped else _on_one_line(part) for part in parts))


def _on_one_line(part: RenderableType) -> RenderableType:
    if isinstance(part, Text):
        part.no_wrap, part.overflow = True, "ignore"
    return part


def _legend(report: Report) -> str:
    found = {model.family for model in report.models}
    signs = ", ".join(f"{FAMILY_SIGNS[family]} {family}" for family in FAMILY_SIGNS if family in found)
    return f"{LEGEND} {signs}." if len(found) > 1 else LEGEND


def _section(section: Section) -> Iterator[RenderableType]:
    """Yield a section's first table and what stands around it; of machines and methods, only what went wrong.

    What verdicts speak of is no news where none are shown.
    """
    parts = list(_blocks(section))
    if any(not isinstance(part, Text) or part.style != PROSE_STYLES["scope"] for part in parts):
        yield from (Text(section.title, "bold"), *parts, Text())


def _blocks(section: Section) -> Iterator[RenderableType]:
    has_table = False
    for block in shown(section):
        if isinstance(block, Table) and not block.is_folded and not has_table:
            has_table = True
            yield _Fitted(halves(block)[0])
        elif isinstance(block, Prose):
            yield from _prose(block, section)
        elif isinstance(block, Log) and not block.is_folded:
            yield from _log(block)


def _prose(block: Prose, section: Section) -> Iterator[Text]:
    # Its own answers stand on top already, and methods are for those who open the page.
    wanted = {"answers": ("answer", "warning"), "about": ("warning",)}.get(section.kind, ("warning", "scope"))
    if block.kind not in wanted:
        return
    if block.title:
        yield Text(f"\n{block.title}", "bold")
    for sentence in block.sentences:
        mark = "Warning: " if block.kind == "warning" else "- " if block.is_list else ""
        yield Text(f"{mark}{sentence}", PROSE_STYLES[block.kind])


def _log(log: Log) -> Iterator[Text]:
    """Yield a line for each event, with its reason where it has one."""
    if log.title:
        yield Text(log.title, "bold red")
    for entry in log.entries[:MOST_EVENTS]:
        reason = entry.facts.get("reason", "")
        yield Text(f"  {entry.title}{f': {reason}' if reason else ''}", "red")
    if len(log.entries) > MOST_EVENTS:
        yield Text(f"  and {len(log.entries) - MOST_EVENTS} more", "red")


@dataclass(frozen=True)
class _Fitted:
    """A table that shows as many columns as the terminal is wide."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield _grid(self.table, min(options.max_width, WIDTH))


@dataclass(frozen=True)
class _Part:
    """A column as it is printed: its heading in lines, its cells, and how wide they must be."""

    heading: tuple[str, ...]
    cells: tuple[Text, ...]
    is_right: bool

    @property
    def width(self) -> int:
        """The widest line."""
        return max(map(len, [*self.heading, *(cell.plain for cell in self.cells)]))


def _grid(table: Table, width: int) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False)
    # Two columns between neighbours: the box's divider and one of padding.
    grid.padding, grid.pad_edge = (0, 1, 0, 0), False
    first = identifying(table)
    starts = [_part(table, column) for column in first]
    others = [(column, _part(table, column)) for column in table.columns if column not in first]
    parts = [*starts, *_fitting(others, width - sum(part.width + GAP for part in starts))]
    for part in parts:
        grid.add_column(
            Text("\n".join(part.heading)), justify="right" if part.is_right else "left", no_wrap=True,
            width=part.width, overflow="ellipsis", vertical="bottom",
        )  # fmt: skip
    for cells in zip(*(part.cells for part in parts), strict=True):
        grid.add_row(*cells)
    return grid


def _fitting(columns: Sequence[tuple[Column, _Part]], room: int) -> list[_Part]:
    """Return the columns that fit, in their order: the first always, then what it costs, then further scores."""
    ranked = sorted(range(len(columns)), key=lambda number: bool(number) + (columns[number][0].kind == "score"))
    kept: list[int] = []
    for number in ranked if columns else ():
        room -= columns[number][1].width + (GAP if kept else 0)
        if kept and room < 0:
            break
        kept.append(number)
    return [columns[number][1] for number in sorted(kept)]


def _part(table: Table, column: Column) -> _Part:
    has_families = bool(families(table))
    # Where there is little room, only scores are marked.
    has_signs = column.kind == "score" and any(SIGNS[row.cell(column).standing] for row in table.rows)
    if column.kind == "model":
        cells = tuple(_model(row, row.cell(column), has_families=has_families) for row in table.rows)
    else:
        cells = tuple(_cell(row.cell(column), column, has_signs=has_signs) for row in table.rows)
    widest = max((len(cell.plain) for cell in cells), default=0)
    lines = wrapped(column.title, arrow(column), widest)
    below = under(column)
    return _Part((*lines, *(wrapped(below, "", widest) if below else ())), cells, column.is_number)


def _model(row: Row, cell: Cell, *, has_families: bool) -> Text:
    name = _shortened(cell.text)
    sign = f"{FAMILY_SIGNS[row.family]} " if has_families else ""
    return Text(f"{sign}{name}", FAMILY_STYLES[row.family])


def _shortened(label: str) -> str:
    line = " ".join(label.split())
    return line if len(line) <= LABEL_WIDTH else f"{line[: LABEL_WIDTH - 1]}…"


def _cell(cell: Cell, column: Column, *, has_signs: bool) -> Text:
    """Return a value with what stands beside it; the interval of times and sizes is on the page."""
    if cell.is_absent:
        return Text(f"{cell.text}  " if has_signs else cell.text, "dim")
    text = cell.text if column.is_number else _shortened(cell.text)
    more = beside(cell) if column.kind == "score" else ""
    note = f", {cell.note}" if cell.note and column.kind == "score" and cell.value not in (None, 0) else ""
    sign = (SIGNS[cell.standing] or " ") if has_signs else ""
    return Text.assemble(
        (text, STYLES[cell.standing]), (f" {more}" if more else "", "dim"), (note, "dim"), f" {sign}" if sign else ""
    )
