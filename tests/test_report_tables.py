"""Tables of models by what a protocol varied, their missing cells and their families, and the table of pairs."""

from __future__ import annotations

import random

import pytest

from bench.record import RunRecord, Score
from bench.report import Choice, Table
from bench.report.parts.table import comparison_table, model_table, pivots
from tests.report_records import classifiers, data, plan, record


def run(label: str, seed: int, value: float, variant: dict[str, object], **changes: object) -> RunRecord:
    noise = random.Random(f"{label}{seed}{variant}").gauss(0, 0.002)
    score = Score(name="accuracy", value=value + noise, higher_is_better=True, low=0.0, high=1.0)
    made = plan(label, seed=seed, variant=variant, protocol="sweep", **changes)
    return record(made, scores=(score,), objective="accuracy")


def sweep(sizes: dict[str, tuple[int, ...]], *, noises: tuple[float, ...] = ()) -> list[RunRecord]:
    families = {"deep": "deep", "flat": "shallow"}
    return [
        run(label, seed, 0.7 + size / 10_000, {"training_size": size} | extra, family=families[label])
        for label, chosen in sizes.items()
        for size in chosen
        for extra in ([{"noise": noise} for noise in noises] or [{}])
        for seed in range(3)
    ]


def first(choice: Choice | None) -> Table:
    assert choice is not None
    made = next(iter(choice.options.values()))
    assert isinstance(made, Table)
    return made


def test_models_by_sizes_in_the_order_of_the_sizes_with_gaps_where_none_was_run() -> None:
    table = first(pivots(data(sweep({"deep": (100, 1000), "flat": (100, 200, 1000)})), "k", "t"))
    assert [column.title for column in table.columns] == ["Model", "100", "200", "1000"]
    cells = {row.label: [row.cell(column).text for column in table.columns[1:]] for row in table.rows}
    assert cells["deep"][1] == "–"
    assert all(cell != "–" for cell in cells["flat"])
    assert {row.label: row.family for row in table.rows} == {"deep": "deep", "flat": "shallow"}
    assert "by training size" in table.caption


def test_variants_of_two_names_are_told_by_both() -> None:
    table = first(pivots(data(sweep({"deep": (100, 200), "flat": (100, 200)}, noises=(0.0, 0.2))), "k", "t"))
    titles = [column.title for column in table.columns[1:]]
    assert len(set(titles)) == 4
    assert all("training size = " in title and "noise = " in title for title in titles)
    assert "by noise and training size" in table.caption


def test_standings_are_within_one_variant() -> None:
    runs = [run("deep", seed, 0.9, {"training_size": 100}) for seed in range(4)]
    runs += [run("flat", seed, 0.8, {"training_size": 100}) for seed in range(4)]
    runs += [run("flat", seed, 0.95, {"training_size": 200}) for seed in range(4)]
    table = first(pivots(data(runs), "k", "t"))
    standing = {row.label: [row.cell(column).standing for column in table.columns[1:]] for row in table.rows}
    assert standing == {"deep": ["best", None], "flat": ["distinguishable", None]}


def test_one_variant_is_no_pivot() -> None:
    assert pivots(data(sweep({"deep": (100,), "flat": (100,)})), "k", "t") is None
    assert pivots(data(classifiers()), "k", "t") is None


def test_the_whole_table_has_a_line_for_each_variant() -> None:
    made = model_table(data(sweep({"deep": (100, 1000), "flat": (100, 200, 1000)})), "k", "t")
    size = next(column for column in made.columns if column.key == "variant.training_size")
    assert [row.cell(size).value for row in made.rows if row.label == "flat"] == [100, 200, 1000]
    assert len(made.rows) == 5


def test_pairs_are_listed_within_each_variant() -> None:
    table = comparison_table(data(sweep({"deep": (100, 1000), "flat": (100, 200, 1000)})), "k")
    assert table is not None
    assert [row.cells["variant"].text for row in table.rows] == ["training size = 100", "training size = 1000"]
    assert "of a variant" in table.caption


def test_a_pair_stands_as_the_table_does_and_its_numbers_with_it() -> None:
    section = data([run(label, seed, v, {}) for label, v in (("b", 0.8), ("a", 0.9)) for seed in range(4)])
    table = comparison_table(section, "k")
    assert table is not None
    (row,) = table.rows
    assert (row.cells["a"].text, row.cells["b"].text) == ("a", "b")
    assert row.cells["difference"].value == pytest.approx(0.1, abs=0.01)
    assert row.cells["interval"].text.startswith("+0.0") or row.cells["interval"].text.startswith("+0.1")
    assert row.cells["verdict"].text == "a is better"


def test_one_model_has_no_pairs() -> None:
    assert comparison_table(data([run("a", seed, 0.9, {}) for seed in range(3)]), "k") is None
