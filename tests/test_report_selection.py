"""Only the measures that were asked for stay in the tables, in the order asked for."""

from __future__ import annotations

import pytest

from bench.errors import UnknownName
from bench.report.blocks import Cell, Choice, Column, Prose, Report, Row, Section, Table
from bench.report.selection import with_measures

MODEL, SEEDS = Column("model", "Model", "model"), Column("seeds", "Seeds", "count")
ACCURACY = Column("accuracy#0", "Accuracy", "score", measure="accuracy")
SECONDS = Column("train#1", "Training", "time", "s", condition="CPU", measure="train_seconds")
CUDA = Column("train#2", "Training", "time", "s", condition="CUDA", measure="train_seconds")
F1 = Column("f1#3", "Macro F1", "score", is_folded=True, measure="f1")


def table(*columns: Column) -> Table:
    return Table("t", "T", "A.", columns, (Row({column.key: Cell("1", 1.0) for column in columns}, "a"),))


def columns(report: Report) -> list[tuple[str, ...]]:
    return [tuple(column.key for column in block.columns) for _, block in report.blocks() if isinstance(block, Table)]


def report_of(*blocks: Table | Choice | Prose) -> Report:
    return Report("t", "", "1", "c", (Section("s", "S", blocks),))


RESULTS = table(MODEL, SEEDS, ACCURACY, SECONDS, CUDA, F1)


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["accuracy"], ("accuracy#0",)),
        (["train_seconds", "accuracy"], ("train#1", "train#2", "accuracy#0")),
        (["f1"], ("f1#3",)),
    ],
)
def test_a_table_keeps_what_was_asked_for(names: list[str], kept: tuple[str, ...]) -> None:
    selected = with_measures(report_of(RESULTS), names)
    assert columns(selected) == [("model", "seeds", *kept)]


def test_what_was_asked_for_is_folded_no_longer() -> None:
    (block,) = with_measures(report_of(RESULTS), ["f1"]).sections[0].blocks
    assert isinstance(block, Table)
    assert [column.is_folded for column in block.columns] == [False] * 3


def test_tables_of_other_measures_and_choices_without_any_go() -> None:
    other = table(MODEL, F1)
    prose = Prose(("Found.",))
    pairs = table(Column("a", "A", "text"), Column("p", "p", "score"))
    choice = Choice("c", "C", {"F1": other, "Accuracy": table(MODEL, ACCURACY)})
    report = report_of(prose, RESULTS, other, Choice("d", "D", {"F1": other}), choice, pairs)
    selected = with_measures(report, ["accuracy"])
    assert columns(selected) == [("model", "seeds", "accuracy#0"), ("model", "accuracy#0"), ("a", "p")]
    assert selected.sections[0].blocks[0] == prose


def test_an_unknown_measure_is_an_error_with_those_there_are() -> None:
    with pytest.raises(
        UnknownName, match=r"unknown measure 'acuracy' in --measures. Did you mean 'accuracy'\?"
    ) as caught:
        with_measures(report_of(RESULTS), ["acuracy"])
    assert caught.value.available == ["accuracy", "f1", "train_seconds"]
