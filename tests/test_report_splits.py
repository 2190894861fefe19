"""Splits of one data set stand in one section, and runs pair where seed and split agree."""

from __future__ import annotations

import csv as csv_module
import json
from pathlib import Path
from typing import Any

import pytest

from bench.record import Artifact, RunRecord, SplitPlan
from bench.report import Section
from bench.report.compare import Side, compare
from bench.report.compare.changes import plain
from bench.stats import paired_difference
from bench_reports import csv, html, latex, markdown
from tests.report_records import draw, failed, only, plan, record, report, terminal_text

MODELS = {"baseline": 0.63, "logistic": 0.95, "forest": 0.96, "mlp": 0.95, "boosting": 0.97}


def run(label: str, seed: int, split: int, value: float = 0.9, **changes: Any) -> RunRecord:
    """Return a run on one holdout split, whose test part has a hash of its own."""
    planned = {name: changes.pop(name) for name in ("dataset", "settings", "identity") if name in changes}
    chosen = plan(
        label, seed=seed, split=SplitPlan(scheme="holdout", number=split), run_id=f"{label}-{seed}-{split}", **planned
    )
    return record(chosen, accuracy=value + draw(label, seed, split), data={"test": f"hash-{split}"}, **changes)


def ten_splits() -> list[RunRecord]:
    """Return five models on ten splits of one data set, the seed varied with the split."""
    return [
        run(label, split, split, value, dataset="breast-cancer")
        for label, value in MODELS.items()
        for split in range(10)
    ]


def test_ten_splits_are_one_section() -> None:
    section = only(ten_splits())
    assert section.title == "breast-cancer · classification · fixed-budget"
    assert {(row.seed_count, row.split_count, row.good_count) for row in section.rows} == {(10, 10, 10)}
    assert "10 runs each; t test paired by seed and split" in section.findings[0]
    assert any("Splits share samples" in note for note in section.notes)


def test_one_split_is_not_called_several() -> None:
    section = only([run("mlp", seed, 0) for seed in range(3)])
    assert not section.has_splits
    assert section.notes == ()


def test_every_format_says_how_many_splits(tmp_path: Path) -> None:
    made = report(ten_splits())
    assert "Splits" in terminal_text(made)
    assert "| Seeds | Splits |" in markdown.render(made, tmp_path).read_text()
    assert "Seeds & Splits" in latex.render(made, tmp_path).read_text()
    assert ">Splits<" in html.render(made, tmp_path).read_text()
    lines = list(csv_module.DictReader(csv.render(made, tmp_path).read_text().splitlines()))
    assert {(line["seeds"], line["splits"]) for line in lines} == {("10", "10")}


def cell(section: Section, label: str) -> Any:
    row = next(row for row in section.rows if row.label == label)
    return row.cells[section.main_columns[0].key]


def test_seeds_crossed_with_splits_are_all_counted() -> None:
    runs = [run("mlp", seed, split) for seed in range(3) for split in range(4)]
    section = only(runs)
    (row,) = section.rows
    assert (row.seed_count, row.split_count, row.good_count) == (3, 4, 12)
    assert cell(section, "mlp").count == 12
    assert cell(section, "mlp").mean == pytest.approx(sum(each.scores[0].value for each in runs) / 12)


def test_models_pair_only_where_seed_and_split_agree() -> None:
    """The same seeds on other splits are no pairs: nothing can be decided however far apart the means are."""
    runs = [*(run("a", seed, seed, 0.9) for seed in range(6)), *(run("b", seed, seed + 6, 0.5) for seed in range(6))]
    assert "too few shared runs to decide anything" in only(runs).findings[0]
    shared = [*(run("a", seed, seed, 0.9) for seed in range(6)), *(run("b", seed, seed, 0.5) for seed in range(6))]
    assert "a has the best mean and can be told apart from b" in only(shared).findings[0]


def test_a_failure_names_its_splits() -> None:
    runs = [run("mlp", 0, split) for split in range(3)]
    lost = [failed(each.run) if each.run.split.number else each for each in runs]
    (failure,) = report(lost).failures
    assert failure.repetitions == "seed 0, split 1; seed 0, split 2"
    assert cell(only(lost), "mlp").is_partial


def test_pictures_are_of_one_seed_and_split() -> None:
    drawn = [
        run(label, 0, split, artifacts=(Artifact(name="samples.png", media_type="image/png"),))
        for label in ("gan", "vae")
        for split in range(2)
    ]
    wall = only(drawn).samples
    assert wall is not None
    assert wall.drawn_with == "seed 0, split 0"
    assert sorted(grid.label for grid in wall.grids) == ["gan", "vae"]


def test_data_whose_files_changed_are_told_of() -> None:
    old = [run("mlp", seed, seed, identity={"data": "one"}) for seed in range(3)]
    new = [run("forest", seed, seed, identity={"data": "two"}) for seed in range(3)]
    section = only([*old, *new])
    assert any("were not trained on the same data: mlp; forest" in note for note in section.notes)
    assert not any("same data" in note for note in only(old).notes)


def side(name: str, runs: list[RunRecord]) -> Side:
    return Side(name, "results file", tuple(runs))


def test_a_comparison_pairs_by_seed_and_split() -> None:
    a = [run("mlp", seed, split, 0.95) for seed in range(2) for split in range(5)]
    b = [run("mlp", seed, split, 0.95 - split / 50) for seed in range(2) for split in range(6)]
    found = compare(side("a", a), side("b", b))
    (change,) = (each for each in found.changes if each.measure.name == "accuracy")
    values = [{(each.run.seed, each.run.split.number): each.scores[0].value for each in runs} for runs in (a, b)]
    assert change.count == 10
    assert change.p_value == pytest.approx(paired_difference(values[1], values[0]).p_value)
    (alone,) = found.unpaired
    assert alone.reason == "seed 0, split 5; seed 1, split 5 only in B"
    document = json.loads(json.dumps(plain(found)))["unpaired"][0]
    assert (document["seeds"], document["splits"]) == ([0, 1], ["holdout 5", "holdout 5"])


def test_pairs_whose_test_data_differ_are_left_out() -> None:
    a = [run("mlp", seed, seed) for seed in range(4)]
    b = [each.model_copy(update={"data": {"test": "other"}}) if each.run.seed < 2 else each for each in a]
    found = compare(side("a", a), side("b", b))
    (alone,) = found.unpaired
    assert alone.reason == "2 runs whose test data differ"
    assert {change.count for change in found.changes} == {2}
