"""Lay the blocks of a report out on a page: what stands beside what, and what a page of bounded size leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count, groupby
from typing import Any

from bench.report.blocks import Block, Choice, Entry, Gallery, Log, Model, Prose, Report, Section, Table
from bench.report.figures import Figure, MatrixFigure
from bench_reports.charts import chart
from bench_reports.layout import FAMILIES
from bench_reports.page_matrix import MatrixView, matrix_view
from bench_reports.page_tables import RunBudget, TableView, table_view

__all__ = ["Chart", "Group", "Page"]

# A report of thousands of failed runs would otherwise be longer than all its tables.
TEXT_LIMIT = 300_000
LEFT_OUT = "Left out to keep this page small: `bench show` prints it."
# Fewer models can be seen at once.
FILTER_FROM = 6
# More options than this are chosen from a menu rather than by buttons beside each other.
BUTTON_LIMIT = 4


@dataclass(frozen=True)
class Chart:
    """A figure that a script draws. rows: what its height follows, 0 where it has a height of its own."""

    key: str
    title: str
    caption: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Selection:
    """Items of which one is seen at a time, by what to choose by."""

    key: str
    title: str
    options: Mapping[str, Item]

    @property
    def has_menu(self) -> bool:
        """Are there too many options for buttons?"""
        return len(self.options) > BUTTON_LIMIT


@dataclass(frozen=True)
class Item:
    """One block ready to be drawn: which macro draws it, and from what."""

    kind: str
    value: Chart | MatrixView | TableView | Prose | Gallery | Log | Selection


@dataclass(frozen=True)
class Group:
    """Items that stand beside each other (`figures`, `answers`), or one alone (`one`).

    is_titled: does it say what it is, other than its section's heading does?
    """

    kind: str
    items: tuple[Item, ...]
    is_titled: bool = True


class Page:
    """The layout of one report's page."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._places = {model.label: place for place, model in enumerate(report.models)}
        self._budget = RunBudget()
        self._text_left = TEXT_LIMIT
        self._keys = {section.key for section in report.sections}
        self.has_charts = False

    @property
    def models(self) -> tuple[Model, ...]:
        """The models a reader can choose from, none where all are seen at once."""
        return self._report.models if len(self._report.models) >= FILTER_FROM else ()

    @property
    def families(self) -> list[str]:
        """The families among the models."""
        found = {model.family for model in self._report.models}
        return [family for family in FAMILIES if family in found]

    def sections(self) -> list[tuple[Section, list[Group]]]:
        """Return the sections with their blocks in groups."""
        return [(section, list(self._groups(section))) for section in self._report.sections]

    def _groups(self, section: Section) -> Iterator[Group]:
        for kind, together in groupby(section.blocks, _neighbours):
            if kind == "one":
                for block in together:
                    yield Group(kind, (self._item(block),), getattr(block, "title", "") != section.title)
            else:
                yield Group(kind, tuple(map(self._item, together)))

    def _item(self, block: Block) -> Item:
        if isinstance(block, Prose):
            return Item("prose", block)
        block = replace(block, key=self._unique(block.key))
        if isinstance(block, Table):
            return Item("table", table_view(block, self._places, self._budget))
        if isinstance(block, Choice):
            options = {name: self._item(each) for name, each in block.options.items()}
            return Item("selection", Selection(block.key, block.title, options))
        if isinstance(block, Log):
            return Item("log", self._bounded(block))
        return Item("gallery", block) if isinstance(block, Gallery) else self._figure(block)

    def _unique(self, key: str) -> str:
        """Return a key that names nothing else on the page, itself where it can be, for links and scripts."""
        found = next(each for each in chain((key,), (f"{key}-{n}" for n in count(2))) if each not in self._keys)
        self._keys.add(found)
        return found

    def _figure(self, figure: Figure) -> Item:
        if isinstance(figure, MatrixFigure):
            return Item("matrix", matrix_view(figure, self._places))
        self.has_charts = True
        return Item("chart", Chart(figure.key, figure.title, figure.caption, chart(figure, self._report.models)))

    def _bounded(self, log: Log) -> Log:
        """Return the log without the texts for which the page has no room."""
        return Log(log.key, log.title, tuple(map(self._bounded_entry, log.entries)), log.caption, log.is_folded)

    def _bounded_entry(self, entry: Entry) -> Entry:
        size = sum(map(len, entry.texts.values()))
        if size > self._text_left:
            return Entry(entry.title, entry.facts, dict.fromkeys(entry.texts, LEFT_OUT))
        self._text_left -= size
        return entry


def _neighbours(block: Block) -> str:
    """Name the kind of group a block belongs to."""
    if isinstance(block, Prose):
        return "answers" if block.kind == "answer" else "one"
    if isinstance(block, Choice):
        kinds = {_neighbours(each) for each in block.options.values()}
        return "figures" if kinds == {"figures"} else "one"
    return "one" if isinstance(block, Table | Gallery | Log) else "figures"
