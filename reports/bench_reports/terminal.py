"""The report's short form, printed when a suite ends: one narrow table per section."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.report import Column, Report, Row, Section
from bench_reports.words import ABSENT, CellText, ColumnText, column_texts, outcome_text, plural, seeds_text

__all__ = ["summary"]

# One score and these resources fit 100 columns; the page has the rest.
SHOWN = ("train_seconds", "latency_p50", "peak_memory", "cuda_allocated", "parameters")
SHORT = {"latency_p50": "Latency", "peak_memory": "Memory", "cuda_allocated": "GPU mem.", "parameters": "Params"}
WIDTH, LABEL_WIDTH, GAP = 100, 22, 2
FAMILY_STYLES = {"shallow": "cyan", "deep": "magenta", "generative": "green"}


def summary(report: Report) -> RenderableType:
    """Return what a terminal of 100 columns can show; texts of models are never read as markup."""
    parts: list[RenderableType] = []
    for section in report.sections:
        parts += [_table(section), *_findings(section)]
    failures = [
        Text(
            f"  {failure.status}: {failure.label} on {failure.dataset}, {_seeds(failure.seeds)}: {failure.reason}",
            "red",
        )
        for failure in report.failures
    ]
    if failures:
        parts += [Text("Runs that did not end well", "bold red"), *failures, Text()]
    parts += [Text(f"Note: {warning}", "yellow") for warning in report.warnings]
    parts.append(Text(f"{plural(report.run_count, 'run')}: {outcome_text(report.outcomes) or 'none'}", "bold"))
    return Group(*parts)


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' if len(seeds) != 1 else ''} {', '.join(map(str, seeds))}"


def _columns(section: Section) -> list[Column]:
    scores = [column for column in section.columns if column.measure.kind == "score"]
    main = [column for column in scores if column.measure == scores[0].measure]
    return main + [column for name in SHOWN for column in section.columns if column.measure.name == name]


def _table(section: Section) -> Table:
    table = Table(title=Text(section.title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    names = section.variant_names
    room = WIDTH - LABEL_WIDTH - 10 - sum(len(name) + GAP for name in names)
    columns = _fitting(column_texts(_columns(section), section.rows), room)
    table.add_column("Model", no_wrap=True, overflow="ellipsis", max_width=LABEL_WIDTH)
    for name in names:
        table.add_column(Text(name.replace("_", " ")), justify="right")
    table.add_column("Seeds", justify="right", no_wrap=True)
    for column in columns:
        table.add_column(_heading(column), justify="right", no_wrap=True)
    for number, row in enumerate(section.rows):
        cells = [_cell(row, column, column.cells[number]) for column in columns]
        varied = [Text(str(row.variant.get(name, ABSENT))) for name in names]
        table.add_row(_label(row), *varied, _outcome(row), *cells)
    return table


def _fitting(columns: Sequence[ColumnText], room: int) -> list[ColumnText]:
    """Return the columns that fit, in their order of weight; the first always stays."""
    kept: list[ColumnText] = []
    for column in columns:
        words = [*_heading(column).plain.splitlines(), *(_words(column, text) for text in column.cells if text)]
        room -= max(map(len, words)) + GAP
        if kept and room < 0:
            break
        kept.append(column)
    return kept


def _words(column: ColumnText, text: CellText) -> str:
    return f"{text.value}{_spread(column, text)}"


def _spread(column: ColumnText, text: CellText) -> str:
    return f" ± {text.spread}" if text.spread and column.column.measure.kind == "score" else ""


def _heading(column: ColumnText) -> Text:
    # A distance carries its extractor's hash, which is wider than any number below it.
    title = SHORT.get(column.column.measure.name, column.title).replace("@", "\n@")
    under = ", ".join(word for word in (column.unit, column.column.condition) if word)
    return Text(f"{title} {column.arrow}".strip() + (f"\n{under}" if under else ""))


def _label(row: Row) -> Text:
    return Text(row.label, FAMILY_STYLES.get(row.family, ""))


def _outcome(row: Row) -> Text:
    return Text(seeds_text(row), "" if row.ok_count == row.run_count else "red")


def _cell(row: Row, column: ColumnText, text: CellText | None) -> Text:
    if text is None:
        return Text(ABSENT, "dim")
    style = "bold green" if row.cells[column.column.key].is_best else ""
    return Text.assemble((text.value, style), (_spread(column, text), "dim"))


def _findings(section: Section) -> list[Text]:
    return [Text(finding, "dim") for finding in section.findings[:1]] + [Text()]
