"""A report as blocks of plain, frozen values: what renderers draw, without any word on how.

A renderer analyses nothing: numbers come with their text, and whatever is said of them is said here already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from bench.evidence import Standing, Verdict
from bench.report.figures import Figure
from bench.specs import Family

__all__ = [
    "ABSENT",
    "Block",
    "Cell",
    "Choice",
    "Column",
    "Comparison",
    "Entry",
    "Gallery",
    "Log",
    "Model",
    "Picture",
    "Prose",
    "Report",
    "Row",
    "Section",
    "Table",
    "family_place",
]

Direction = Literal["higher", "lower", ""]
ABSENT = "–"
FAMILIES: tuple[str, ...] = get_args(Family)


@dataclass(frozen=True)
class Model:
    """A model of the report, in the order in which colours are given out: the n-th has one colour on the whole page.

    label: what it is called everywhere, and what a filter selects by. about: what people know it as, with its settings.
    """

    label: str
    family: Family
    about: str = ""


@dataclass(frozen=True)
class Prose:
    """Sentences. kind: `answer` (what was found), `text`, `warning` (a reason to doubt), `note` (small print),
    `scope` (what verdicts speak of).

    is_list: does each sentence stand for itself, in a list, rather than in one paragraph?
    """

    sentences: tuple[str, ...]
    kind: Literal["answer", "text", "warning", "note", "scope"] = "text"
    title: str = ""
    is_list: bool = False


@dataclass(frozen=True)
class Column:
    """A heading. kind: what its values are; `model` and `text` are words, all others numbers.

    unit and condition (the device, say) stand below the title. about: what does not fit there, such as the identifier
    behind a name for people. is_folded: does it belong to the numbers that a page shows on demand?
    measure: the name of what was measured, as `accuracy`, by which people select columns; "" where its cells are
    no measure of a model.
    """

    key: str
    title: str
    kind: Literal["model", "text", "count", "score", "time", "memory", "size"] = "text"
    unit: str = ""
    better: Direction = ""
    condition: str = ""
    about: str = ""
    is_folded: bool = False
    measure: str = ""

    @property
    def is_number(self) -> bool:
        """Are its cells numbers, to be aligned and sorted as such?"""
        return self.kind not in ("model", "text")


@dataclass(frozen=True)
class Cell:
    """One cell. text: as every format writes it, with the decimals of its column.

    value: the number behind it, not rounded; None where there is none. spread: half of its 95 % interval as text, ""
    where there is no interval or its halves differ much; then `low` and `high` say it. interval: the interval as text,
    "" where there is none.
    standing: of a model against the best of its column; None where nothing is compared.
    marks: keys of the table's notes. note: a few words in small print below. runs: the values behind a mean, by what
    they were made with (`seed 0, split 2`).
    """

    text: str = ABSENT
    value: float | None = None
    spread: str = ""
    low: float | None = None
    high: float | None = None
    interval: str = ""
    standing: Standing | None = None
    marks: tuple[str, ...] = ()
    note: str = ""
    runs: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_absent(self) -> bool:
        """Is there nothing?"""
        return self.text == ABSENT and self.value is None


# A table of thousands of rows asks for it again and again.
NO_CELL = Cell()


@dataclass(frozen=True)
class Row:
    """One line of a table; cells by column key, absent ones left out. label: the model's, "" where it is about none.

    group: rows of one group stand together, such as a family; a renderer may part groups by a line.
    """

    cells: Mapping[str, Cell]
    label: str = ""
    family: Family | None = None
    group: str = ""
    about: str = ""

    def cell(self, column: Column) -> Cell:
        """Return the cell of a column, an absent one where there is none."""
        return self.cells.get(column.key, NO_CELL)


@dataclass(frozen=True)
class Table:
    """Columns and rows, in the order in which they are to be read.

    caption: in words, a whole sentence. notes: mark → sentence, below the table. is_folded: may a page show it on
    demand? is_sortable: has the order of the rows no meaning of its own?
    """

    key: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: Mapping[str, str] = field(default_factory=dict)
    is_folded: bool = False
    is_sortable: bool = True


@dataclass(frozen=True)
class Picture:
    """A picture of samples. png is None, with the reason in `caption`, where there is none.

    label: the model's, "" for real data. size: width and height in pixels of the picture as it is stored.
    """

    label: str
    title: str
    caption: str = ""
    png: bytes | None = None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Gallery:
    """Pictures that are to be looked at beside each other, all drawn in one size."""

    key: str
    title: str
    caption: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Entry:
    """One event: a line, facts by name, and texts by name (a traceback, what was printed) in a fixed-width font."""

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Log:
    """Events one after another: runs that failed, machines with what was found on them."""

    key: str
    title: str
    entries: tuple[Entry, ...]
    caption: str = ""
    is_folded: bool = True


@dataclass(frozen=True)
class Choice:
    """Blocks of which a page shows one at a time, such as one table per metric; other formats have room for the first
    alone. options: what to choose by → block.
    """

    key: str
    title: str
    options: Mapping[str, Prose | Table | Figure | Gallery]


Block = Prose | Table | Figure | Gallery | Log | Choice


@dataclass(frozen=True)
class Comparison:
    """Two models compared by one measure: a − b with its interval of 1 − level; NaN where nothing varied.

    variant: of the protocol, in words, "" where it varies nothing. better: the better one's label where they are
    different, else "". remedy: what would decide an open pair. is_main: is it about the main score of its section?
    """

    dataset: str
    task: str
    protocol: str
    settings: Mapping[str, str]
    variant: str
    metric: str
    condition: str
    a: str
    b: str
    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    verdict: Verdict
    better: str
    margin: float | None
    level: float
    basis: str
    scope: str
    remedy: str = ""
    note: str = ""
    is_main: bool = True


@dataclass(frozen=True)
class Section:
    """A part of the report under a heading of its own. key: stable between reports of the same runs, for links.

    title: for people; summary: one sentence for a table of contents, "" where there is none. kind: `answers` (what was
    found, first), `results` (one data set, task and protocol), `across` (data sets together), `about` (methods,
    machines, failures). dataset, task, protocol, settings: of results, else empty.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]
    kind: Literal["answers", "results", "across", "about"] = "results"
    summary: str = ""
    dataset: str = ""
    task: str = ""
    protocol: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Everything a renderer needs. created_at: ISO 8601 with its offset; command: what makes the report again.

    outcomes: runs by status. period: first start and last end, ISO 8601, "" where there are no runs. planned: runs the
    suites consist of, None where that is not known. comparisons: every one, whether a page shows it or not.
    """

    title: str
    created_at: str
    version: str
    command: str
    sections: tuple[Section, ...] = ()
    models: tuple[Model, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    period: tuple[str, str] = ("", "")
    warnings: tuple[str, ...] = ()
    planned: int | None = None

    @property
    def run_count(self) -> int:
        """Runs on record."""
        return sum(self.outcomes.values())

    @property
    def progress(self) -> str:
        """Say how many of the planned runs are on record where some are not, else nothing."""
        if self.planned is None or self.run_count >= self.planned:
            return ""
        return f"{self.run_count:,} of {self.planned:,} runs made so far"

    def blocks(self) -> Iterator[tuple[Section, Block]]:
        """Yield every block with its section, in order; options of a choice one after another."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Choice):
                    yield from ((section, each) for each in block.options.values())
                else:
                    yield section, block


def family_place(family: str) -> int:
    """Return where a family stands: shallow models first, then deep, then generative ones."""
    return FAMILIES.index(family)
