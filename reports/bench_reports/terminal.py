"""The report's short form, printed when a suite ends: one narrow table per section."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.report import Column, Failure, Report, Row, Section
from bench_reports.words import (
    ABSENT,
    CellText,
    ColumnText,
    column_texts,
    determinism_text,
    outcome_text,
    plural,
    reached_text,
    seed_cells,
)

__all__ = ["summary"]

# One score and these resources fit 100 columns; the page has the rest.
SHOWN = ("train_seconds", "latency_p50", "peak_memory", "cuda_allocated", "parameters")
SHORT = {"latency_p50": "Latency", "peak_memory": "Memory", "cuda_allocated": "GPU mem.", "parameters": "Params"}
WIDTH, LABEL_WIDTH, GAP, HEADING_LINES = 100, 30, 2, 2
FAMILY_STYLES = {"shallow": "cyan", "deep": "magenta", "generative": "green"}
# A heading breaks between words, and an identifier such as `fd:lenet-digits-v1@b841f88f` at its joints.
JOINTS = re.compile(r"( +)|(?<=[:_-])|(?=@)")
NO_BREAK = "\N{NO-BREAK SPACE}"


def summary(report: Report) -> RenderableType:
    """Return what fits a terminal, at most 100 columns; texts of models are never read as markup."""
    parts: list[RenderableType] = []
    for section in report.sections:
        parts += [_SectionTable(section), *_findings(section)]
    if report.failures:
        parts += [Text("Runs that did not end well", "bold red"), *_failures(report.failures), Text()]
    parts += [Text(f"Ranks, {ranks.title}: {ranks.finding}", "dim") for ranks in report.ranks]
    parts += [Text(determinism_text(report), "dim")] if report.is_repeated else []
    parts += [Text(f"Note: {warning}", "yellow") for warning in report.warnings]
    made = report.progress or plural(report.run_count, "run")
    parts.append(Text(f"{made}: {outcome_text(report.outcomes) or 'none'}", "bold"))
    return Group(*parts)


def _failures(failures: Sequence[Failure]) -> Iterator[Text]:
    """Yield a line for each reason: what is wrong with the data is wrong for every model."""
    models: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for each in failures:
        models[each.status, each.dataset, each.repetitions, each.reason].append(each.label)
    for (status, dataset, repetitions, reason), labels in models.items():
        named = ", ".join(dict.fromkeys(labels))
        yield Text(f"  {status}: {named} on {dataset}, {repetitions}: {reason}", "red")


@dataclass(frozen=True)
class _SectionTable:
    """A section's table, which shows as many columns as the terminal is wide."""

    section: Section

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield _table(self.section, min(options.max_width, WIDTH))


@dataclass(frozen=True)
class _Part:
    """A column of the terminal's table: its heading in lines, its cells, and how wide they must be."""

    heading: tuple[str, ...]
    cells: tuple[Text, ...]

    @property
    def width(self) -> int:
        """The widest line."""
        return max(map(len, [*self.heading, *(cell.plain for cell in self.cells)]))


def _table(section: Section, width: int) -> Table:
    table = Table(title=Text(section.title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    # Two columns between neighbours: the box's divider and one of padding.
    table.padding, table.pad_edge = (0, 1, 0, 0), False
    parts = [_models(section), *_variants(section), *_repetitions(section)]
    scores = [_score(section, column) for column in column_texts(_columns(section), section.rows)]
    kept = _fitting(scores, width - sum(part.width + GAP for part in parts))
    for number, part in enumerate([*parts, *kept]):
        heading = Text("\n".join(part.heading))
        justify: Literal["left", "right"] = "right" if number else "left"
        table.add_column(
            heading, justify=justify, no_wrap=True, width=part.width, overflow="ellipsis", vertical="bottom"
        )
    for cells in zip(*(part.cells for part in [*parts, *kept]), strict=True):
        table.add_row(*cells)
    return table


def _columns(section: Section) -> list[Column]:
    return list(section.main_columns) + [
        column for name in SHOWN for column in section.columns if column.measure.name == name
    ]


def _models(section: Section) -> _Part:
    labels = (_shortened(row.label) for row in section.rows)
    cells = (Text(label, FAMILY_STYLES.get(row.family, "")) for label, row in zip(labels, section.rows, strict=True))
    return _Part(("Model",), tuple(cells))


def _shortened(label: str) -> str:
    line = " ".join(label.split())
    return line if len(line) <= LABEL_WIDTH else f"{line[: LABEL_WIDTH - 1]}…"


def _variants(section: Section) -> Iterator[_Part]:
    for name in section.variant_names:
        cells = tuple(Text(str(row.variant.get(name, ABSENT))) for row in section.rows)
        words = name.replace("_", " ")
        yield _Part(_wrapped(f"{words[:1].upper()}{words[1:]}", max(len(cell.plain) for cell in cells)), cells)


def _fitting(columns: Sequence[_Part], room: int) -> list[_Part]:
    """Return the columns that fit, in their order of weight; the first always stays."""
    kept: list[_Part] = []
    for column in columns:
        room -= column.width + (GAP if kept else 0)
        if kept and room < 0:
            break
        kept.append(column)
    return kept


def _score(section: Section, column: ColumnText) -> _Part:
    cells = tuple(_cell(row, column, text) for row, text in zip(section.rows, column.cells, strict=True))
    widest = max((len(cell.plain) for cell in cells), default=0)
    title = SHORT.get(column.column.measure.name, column.title)
    under = ", ".join(word for word in (column.unit, column.column.condition) if word)
    lines = _wrapped(f"{title}{NO_BREAK}{column.arrow}".strip(), widest)
    return _Part((*lines, under) if under else lines, cells)


def _wrapped(heading: str, width: int) -> tuple[str, ...]:
    """Return a heading in at most two lines, as narrow as that allows but no narrower than the cells are."""
    parts = [part for part in JOINTS.split(heading) if part]
    pieces = [part for part in parts if part.strip(" ")]
    for limit in range(max(width, *map(len, pieces)), len(heading)):
        lines = _lines(parts, limit)
        if len(lines) <= HEADING_LINES:
            return tuple(lines)
    return (heading,)


def _lines(parts: Sequence[str], limit: int) -> list[str]:
    """parts: words, what joins them without a space, and spaces."""
    lines = [""]
    for part in parts:
        if len(f"{lines[-1]}{part}".rstrip(" ")) <= limit:
            lines[-1] += part
        elif part.strip(" "):
            lines.append(part)
    return [line.strip(" ") for line in lines]


def _repetitions(section: Section) -> Iterator[_Part]:
    seeds, *splits = zip(*(seed_cells(section, row) for row in section.rows), strict=True)
    styles = ["" if row.ok_count == row.run_count else "red" for row in section.rows]
    yield _Part(("Seeds",), tuple(map(Text, seeds, styles)))
    yield from (_Part(("Splits",), tuple(map(Text, cells))) for cells in splits)


def _cell(row: Row, column: ColumnText, text: CellText | None) -> Text:
    if text is None:
        return Text(ABSENT, "dim")
    cell = row.cells[column.column.key]
    style = "bold green" if cell.is_best else ""
    return Text.assemble((text.value, style), (_beside(column, text, row), "dim"))


def _beside(column: ColumnText, text: CellText, row: Row) -> str:
    """Return what stands behind a value: for a score its spread, or how many runs reached their target."""
    cell, measure = row.cells[column.column.key], column.column.measure
    if cell.infinite:
        return f", {reached_text(cell, measure)}"
    return f" ± {text.spread}" if text.spread and measure.kind == "score" else ""


def _findings(section: Section) -> list[Text]:
    return [Text(finding, "dim") for finding in section.findings[:1]] + [Text()]
