"""Scores are shared by all devices, one that only tests know among them; times and memory are each device's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.record import RunRecord
from bench.report import Choice, Report, Table
from bench_reports import csv, html, latex, markdown
from tests.report_records import classifiers, report, results, table

SHALLOW, DEEP = {"logistic", "random-forest"}, {"lenet", "resnet"}
DATASETS = tuple(f"digits-{number}" for number in range(12))


def of_two_devices() -> Iterator[RunRecord]:
    """Yield runs of scikit-learn's models on the CPU, and of networks on a device that no code knows."""
    for dataset in DATASETS:
        yield from (each for each in classifiers(range(3), dataset=dataset) if each.run.label in SHALLOW)
        for each in classifiers(range(3), dataset=dataset, device="abacus"):
            if each.run.label in DEEP:
                yield each


@pytest.fixture(scope="module")
def made() -> Report:
    return report(of_two_devices())


def overview(made: Report, title: str) -> Table:
    (section,) = [each for each in made.sections if each.key == "overview"]
    choice, *_ = section.blocks  # data sets whose names are numbered have a figure besides
    assert isinstance(choice, Choice)
    found = choice.options[title]
    assert isinstance(found, Table)
    return found


def test_a_score_is_one_column_and_a_time_one_for_each_device(made: Report) -> None:
    columns = [(column.measure, column.condition) for column in table(results(made)[0]).columns]
    assert [condition for name, condition in columns if name == "accuracy"] == [""]
    assert [condition for name, condition in columns if name == "train_seconds"] == ["abacus", "CPU"]
    shown = table(results(made)[0])
    accuracy = next(column for column in shown.columns if column.measure == "accuracy")
    assert {row.label for row in shown.rows if not row.cell(accuracy).is_absent} == SHALLOW | DEEP
    for column in (each for each in shown.columns if each.measure == "train_seconds"):
        there = {row.label for row in shown.rows if not row.cell(column).is_absent}
        assert there == (DEEP if column.condition == "abacus" else SHALLOW)


def test_models_of_two_devices_are_compared_by_score_and_not_by_time(made: Report) -> None:
    between = [each for each in made.comparisons if len({each.a, each.b} & DEEP) == 1]
    assert {each.metric for each in between if each.better} >= {"accuracy"}
    assert not {"train_seconds", "latency_p50", "peak_memory"} & {each.metric for each in between}


def test_models_by_data_sets_hold_both(made: Report) -> None:
    scores = overview(made, "Accuracy")
    assert {row.label for row in scores.rows} == SHALLOW | DEEP
    assert [column.title for column in scores.columns[1:]] == list(DATASETS)
    assert not any(row.cell(column).is_absent for row in scores.rows for column in scores.columns)
    times = overview(made, "Training")
    assert {column.condition for column in times.columns[1:]} == {"abacus", "CPU"}


def test_one_ranking_holds_both(made: Report) -> None:
    (ranks,) = [each for each in made.sections if each.key == "ranks"]
    ranking = next(block for block in ranks.blocks if isinstance(block, Table))
    assert {row.label for row in ranking.rows} == SHALLOW | DEEP
    assert ranking.rows[0].label == "resnet"


def test_every_format_names_the_device(made: Report, tmp_path: Path) -> None:
    for each in (csv, html, latex, markdown):
        assert "abacus" in each.render(made, tmp_path).read_text(encoding="utf-8"), each.__name__
