"""Beside the ranks: how often the first model's runs win, and what share of runs reach a score."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.record import RunRecord, Score
from bench.stats import performance_profile, probability_of_improvement
from bench_reports import html, markdown
from tests.report_records import NASTY, failed, plan, record, report

DATASETS = ("digits", "iris", "wine")


def runs(means: dict[str, float], seeds: int = 5, name: str = "accuracy") -> list[RunRecord]:
    made = []
    for place, dataset in enumerate(DATASETS):
        for label, mean in means.items():
            for seed in range(seeds):
                value = mean - place / 20 + (seed * 7 % 5) / 100
                score = Score(name=name, value=value, higher_is_better=name == "accuracy")
                made.append(record(plan(label, dataset=dataset, seed=seed), scores=(score,)))
    return made


def strata(made: list[RunRecord], label: str) -> list[list[float]]:
    chosen = [each for each in made if each.run.label == label]
    return [[each.scores[0].value for each in chosen if each.run.dataset == dataset] for dataset in DATASETS]


def test_the_chance_to_lose_and_the_profile_are_those_of_the_statistics() -> None:
    made = runs({"a": 0.9, "b": 0.88, "c": 0.5})
    (found,) = report(made).ranks
    first, second, third = found.rows
    chance = probability_of_improvement(strata(made, "a"), strata(made, "b"))
    assert (first.loses, second.loses) == (None, (chance.value, chance.low, chance.high))
    assert third.loses is not None
    assert third.loses[0] == 1.0
    profile = performance_profile(strata(made, "b"), found.thresholds)
    assert (second.shares, second.lows, second.highs) == (profile.shares, profile.lows, profile.highs)
    assert second.shares[0] == 1.0


def test_a_failed_run_loses_and_reaches_no_score() -> None:
    made = runs({"a": 0.9, "b": 0.8, "c": 0.7})
    lost = [failed(each.run) if (each.run.label, each.run.seed) == ("c", 0) else each for each in made]
    (found,) = report(lost).ranks
    row = next(each for each in found.rows if each.label == "c")
    assert row.shares[0] == pytest.approx(0.8)
    assert row.counts == (5, 5, 5)


@pytest.mark.parametrize(("name", "scale"), [("log_loss", 1.0), ("accuracy", 100.0)])
def test_scores_without_a_common_scale_have_no_profile(name: str, scale: float) -> None:
    made = runs({label: scale * mean for label, mean in {"a": 0.9, "b": 0.8, "c": 0.7}.items()}, name=name)
    (found,) = report(made).ranks
    assert (found.thresholds, found.rows[0].shares) == ((), ())
    assert all(row.loses for row in found.rows[1:])


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_seeds_have_wide_intervals(seeds: int) -> None:
    (found,) = report(runs({"a": 0.9, "b": 0.8, "c": 0.7}, seeds)).ranks
    loses = found.rows[1].loses
    assert loses is not None
    assert loses[0] == 1.0
    assert loses[1] < 0.7


def test_pages_show_both(tmp_path: Path) -> None:
    made = report(runs({NASTY: 0.9, "b": 0.88, "c": 0.5}))
    page = html.render(made, tmp_path).read_text(encoding="utf-8")
    assert 'id="chart-ranks-1-profile"' in page
    assert "Performance profiles" in page
    assert "<script>alert" not in page
    assert "100% (" in page
    source = markdown.render(made, tmp_path).read_text(encoding="utf-8")
    assert "| Loses to" in source.replace("Mean rank |", "|", 1)
