"""Turn the numbers of a report into text: the same digits and headings in every format."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from bench.report import Cell, Column, Measure, Report, Row, Section
from bench.report.table import MEMORY_RESOLUTION_MB
from bench.report.wording import variant_text

__all__ = [
    "ABSENT",
    "ARROWS",
    "CellText",
    "ColumnText",
    "column_texts",
    "determinism_text",
    "main_columns",
    "moment",
    "other_columns",
    "outcome_text",
    "plural",
    "rank_text",
    "reached_text",
    "seed_cells",
    "seed_headings",
    "seeds_text",
    "settings_text",
    "significant",
    "variant_text",
]

ABSENT = "–"
ARROWS = {"higher": "↑", "lower": "↓", "": ""}
COUNTS = frozenset({"parameters", "trainable_parameters", "forward_macs", "depth"})
# Means that span more than this are written with three digits each, since shared decimals would hide the small ones.
SPAN_LIMIT = 50.0
# More scores than this push the costs off a screen.
SCORE_LIMIT = 5
DECIMAL_LIMIT = 6


@dataclass(frozen=True)
class CellText:
    """A cell in words: `spread` is half the 95 % interval, "" where one run gives none.

    note: the floor, and the number of runs where it is not the row's. is_word: is the value no number, as `missed`?
    """

    value: str
    spread: str = ""
    note: str = ""
    is_word: bool = False


@dataclass(frozen=True)
class ColumnText:
    """A column ready to be written: its heading in parts, and its cells by row."""

    column: Column
    title: str
    unit: str
    arrow: str
    cells: tuple[CellText | None, ...]

    @property
    def heading(self) -> str:
        """The whole heading on one line: title, unit, condition and which way is better."""
        unit = f" ({self.unit})" if self.unit else ""
        condition = f", {self.column.condition}" if self.column.condition else ""
        return f"{self.title}{unit}{condition}{f' {self.arrow}' if self.arrow else ''}"


def main_columns(section: Section) -> list[Column]:
    """Return the columns of the first table: where scores are many, costs come right after the main one.

    A score that is a time, such as that of tuning, is a cost.
    """
    columns = [column for column in section.columns if column.measure.is_main]
    scores = [column for column in columns if column.measure.kind == "score"]
    if len(scores) <= SCORE_LIMIT:
        return columns
    main = [column for column in scores if column in section.main_columns]
    clocks = [column for column in scores if column.measure.unit == "s" and column not in main]
    costs = [*clocks, *(column for column in columns if column not in scores)]
    return [*main, *costs, *(column for column in scores if column not in main and column not in clocks)]


def other_columns(section: Section) -> list[Column]:
    """Return the columns of the table that holds the rest."""
    return [column for column in section.columns if not column.measure.is_main]


def column_texts(columns: Iterable[Column], rows: Sequence[Row]) -> list[ColumnText]:
    """Return the columns with every cell as text; decimals are shared within a column where they can be."""
    return [_column_text(column, rows) for column in columns]


def _column_text(column: Column, rows: Sequence[Row]) -> ColumnText:
    measure = column.measure
    cells = [row.cells.get(column.key) for row in rows]
    decimals = _shared_decimals(measure, [cell for cell in cells if cell is not None])
    texts = tuple(
        None if cell is None else _cell_text(cell, measure, decimals, row.good_count)
        for row, cell in zip(rows, cells, strict=True)
    )
    return ColumnText(column, measure.title, measure.unit, ARROWS[measure.better], texts)


def _shared_decimals(measure: Measure, cells: Sequence[Cell]) -> int | None:
    if measure.name in COUNTS:
        return 0
    sizes = [abs(cell.mean) for cell in cells if cell.mean and math.isfinite(cell.mean)]
    if not sizes or max(sizes) / min(sizes) > SPAN_LIMIT:
        return None
    halves = [half for cell in cells if (half := _half(cell))]
    return _at_most(_decimals(median(halves) if halves else median(sizes) / 10, digits=2), measure)


def _at_most(places: int, measure: Measure) -> int:
    """However little runs differ, memory is known to a megabyte."""
    return min(places, 1) if measure.kind == "memory" else places


def _half(cell: Cell) -> float | None:
    return None if cell.low is None or cell.high is None else (cell.high - cell.low) / 2


def _decimals(size: float, *, digits: int) -> int:
    if not size:
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(size))), 0), DECIMAL_LIMIT)


def _cell_text(cell: Cell, measure: Measure, decimals: int | None, good_count: int) -> CellText:
    notes = [] if cell.floor is None else [f"floor {significant(cell.floor)}"]
    if cell.infinite:
        notes.append(reached_text(cell, measure))
    elif cell.count != good_count and measure.kind != "size":
        notes.append(f"n = {cell.count}")
    note = ", ".join(notes)
    if not math.isfinite(cell.mean):
        return CellText("missed" if measure.is_target else "∞" if cell.mean > 0 else "−∞", note=note, is_word=True)
    if measure.kind == "memory" and cell.mean < MEMORY_RESOLUTION_MB:
        return CellText("< 1", note=note)
    places = _at_most(_decimals(cell.mean, digits=3), measure) if decimals is None else decimals
    half = _half(cell)
    spread = "" if half is None else _spread(half, places, _at_most(DECIMAL_LIMIT, measure))
    return CellText(f"{cell.mean:,.{places}f}", spread, note)


def reached_text(cell: Cell, measure: Measure) -> str:
    """Return how many runs have a value where some have none: `2 of 3 reached`."""
    count = cell.count + cell.infinite
    return f"{cell.count} of {count} reached" if measure.is_target else f"{cell.infinite} of {count} infinite"


def _spread(half: float, places: int, most: int) -> str:
    """Write half an interval with the decimals of its mean, and one digit more where it would read as nothing."""
    finer = min(_decimals(half, digits=1), most)
    # What even the finest digits do not show is the rounding of equal numbers.
    if round(half, places) == 0 and places < finer and round(half, finer):
        return f"{half:,.{finer}f}"
    return f"{half:,.{places}f}"


def significant(value: float, digits: int = 3) -> str:
    """Return a number with three significant digits and no exponent where that stays short."""
    if not math.isfinite(value):
        return str(value)
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{_decimals(value, digits=digits)}f}"


def seeds_text(row: Row) -> str:
    """Return how many seeds stand behind a row, e.g. `5` or, where some did not end well, `4/5 ok`."""
    if not row.is_applicable:
        return "not applicable"
    return str(row.seed_count) if row.ok_count == row.run_count else f"{row.ok_count}/{row.run_count} ok"


def seed_headings(section: Section) -> tuple[str, ...]:
    """Return the headings over `seed_cells`: splits have a column where models were run on several."""
    return ("Seeds", "Splits") if section.has_splits else ("Seeds",)


def seed_cells(section: Section, row: Row) -> tuple[str, ...]:
    """Return how many seeds, and splits where there are several, stand behind a row."""
    return (seeds_text(row), str(row.split_count)) if section.has_splits else (seeds_text(row),)


def losing_text(loses: tuple[float, float, float] | None) -> str:
    """Return the chance of losing against the first with its interval."""
    return ABSENT if loses is None else "{:.0%} ({:.0%} to {:.0%})".format(*loses)


def rank_text(rank: float) -> str:
    """Return a rank; shared ones have a half."""
    return f"{rank:g}"


def determinism_text(report: Report) -> str:
    """Say in one sentence which models repeat bit for bit; "" where the report was not told of attempts."""
    if not report.is_repeated:
        return "No run was executed twice: which models repeat bit for bit is not known." if report.repeats else ""
    verdicts: dict[str, list[str]] = {}
    for each in report.repeats:
        verdicts.setdefault(each.verdict, []).append(each.label)
    told = [f"{verdict.capitalize()}: {', '.join(dict.fromkeys(labels))}." for verdict, labels in verdicts.items()]
    return f"Scores and curves of runs that were executed again on one machine. {' '.join(told)}"


def settings_text(section: Section) -> list[tuple[str, str]]:
    """Return the settings as words; the place they were set at is named only where two share a name."""
    short = [name.rpartition(".")[2] for name, _ in section.settings]
    return [
        ((name if short.count(last) > 1 else last).replace("_", " "), value)
        for (name, value), last in zip(section.settings, short, strict=True)
    ]


def outcome_text(outcomes: Mapping[str, int]) -> str:
    """Return runs by status, e.g. `33 ok, 1 timeout`."""
    order = sorted(outcomes, key=lambda status: (status != "ok", status))
    return ", ".join(f"{outcomes[status]:,} {status}" for status in order)


def plural(count: int, noun: str) -> str:
    """Return `1 run`, `2 runs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def moment(text: str) -> str:
    """Return an ISO moment as people write it, with its time zone; anything else as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = when.tzname() or "no time zone"
    return f"{when:%Y-%m-%d %H:%M} {zone}"
