"""Splits of one data set stand in one section, and runs pair where seed and split agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.record import RunRecord, SplitPlan
from bench.report import Log, Prose
from bench_reports import html, latex, markdown
from tests.report_records import blocks, data, draw, failed, only, plan, record, report, table, terminal_text

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
    section = data(ten_splits())
    assert {(row.seed_count, row.split_count, row.good_count) for row in section.rows} == {(10, 10, 10)}
    made = only(ten_splits())
    assert made.title == "breast-cancer · classification · fixed-budget"
    scope = next(block for block in made.blocks if isinstance(block, Prose) and block.kind == "scope")
    assert "10 splits, 10 seeds, varied together" in scope.sentences[0]


def test_splits_have_a_column_where_there_are_several() -> None:
    assert "splits" in {column.key for column in table(only(ten_splits())).columns}
    one = table(only([run("mlp", seed, 0) for seed in range(3)]))
    assert "splits" not in {column.key for column in one.columns}


def test_every_format_says_how_many_splits(tmp_path: Path) -> None:
    made = report(ten_splits())
    for text in (
        terminal_text(made),
        markdown.render(made, tmp_path).read_text(),
        latex.render(made, tmp_path).read_text(),
        html.render(made, tmp_path).read_text(),
    ):
        assert "Splits" in text
        assert "10 splits" in text


def test_the_interval_over_splits_pays_for_their_overlap() -> None:
    splits = data(ten_splits())
    seeds = data(
        record(plan("logistic", seed=seed), accuracy=0.95 + draw("logistic", seed, seed)) for seed in range(10)
    )
    found = []
    for section in (splits, seeds):
        assert section.main is not None
        summary = next(row for row in section.rows if row.label == "logistic").values[section.main.key]
        assert summary.high is not None
        found.append(summary.high - summary.mean)
    # Nadeau and Bengio: √(1/10 + 1/4) against √(1/10).
    assert found[0] / found[1] == pytest.approx(((0.1 + 0.25) / 0.1) ** 0.5, rel=1e-6)


def test_seeds_crossed_with_splits_are_all_counted() -> None:
    runs = [run("mlp", seed, split) for seed in range(3) for split in range(4)]
    section = data(runs)
    (row,) = section.rows
    assert section.main is not None
    summary = row.values[section.main.key]
    assert (row.seed_count, row.split_count, row.good_count, summary.count) == (3, 4, 12, 12)
    assert summary.mean == pytest.approx(sum(each.scores[0].value for each in runs) / 12)


def test_models_pair_only_where_seed_and_split_agree() -> None:
    """The same seeds on other splits are no pairs: nothing can be decided however far apart the means are."""
    runs = [*(run("a", seed, seed, 0.9) for seed in range(6)), *(run("b", seed, seed + 6, 0.5) for seed in range(6))]
    (pair,) = [each for each in report(runs).comparisons if each.is_main]
    assert (pair.verdict, pair.basis) == ("open", "nothing")
    shared = [*(run("a", seed, seed, 0.9) for seed in range(6)), *(run("b", seed, seed, 0.5) for seed in range(6))]
    (pair,) = [each for each in report(shared).comparisons if each.is_main]
    assert (pair.better, pair.basis) == ("a", "splits")


def test_a_failure_names_its_splits() -> None:
    lost = [failed(each.run) if each.run.split.number else each for each in (run("mlp", 0, s) for s in range(3))]
    log = next(block for _, block in report(lost).blocks() if isinstance(block, Log) and block.key == "failures")
    assert [entry.title for entry in log.entries] == ["mlp on digits, seed 0, split 1; seed 0, split 2: failed"]


def test_data_whose_files_changed_are_told_of() -> None:
    def notes(runs: list[RunRecord]) -> str:
        prose = [each for each in blocks(only(runs)) if isinstance(each, Prose) and each.kind == "note"]
        return " ".join(sentence for each in prose for sentence in each.sentences)

    old = [run("mlp", seed, seed, identity={"data": "one"}) for seed in range(3)]
    new = [run("forest", seed, seed, identity={"data": "two"}) for seed in range(3)]
    assert "were not trained on the same data: mlp; forest" in notes([*old, *new])
    assert "same data" not in notes(old)
