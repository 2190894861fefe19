"""Ranks over data sets: which models and data sets they hold, and what is said of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from bench.record import RunRecord, Score
from bench.report import DotFigure, LineFigure, MatrixFigure, Prose, Report, Section, Table
from tests.report_records import blocks, draw, failed, plan, record, report, table, timed

VALUES = {"good": 0.95, "fair": 0.9, "poor": 0.7}
DATASETS = ("digits", "iris", "wine", "adult", "mnist", "news")


def runs(
    values: dict[str, float] = VALUES, datasets: tuple[str, ...] = DATASETS, seeds: int = 4, **planned: Any
) -> list[RunRecord]:
    return [
        record(plan(label, dataset=name, seed=seed, **planned), accuracy=value + draw(label, name, seed))
        for name in datasets
        for label, value in values.items()
        for seed in range(seeds)
    ]


def ranked(made: Report) -> Section | None:
    return next((section for section in made.sections if section.key == "ranks"), None)


def section(records: list[RunRecord]) -> Section:
    found = ranked(report(records))
    assert found is not None
    return found


def sentences(found: Section) -> str:
    prose = [block for block in found.blocks if isinstance(block, Prose) and block.kind == "answer"]
    return " ".join(sentence for block in prose for sentence in block.sentences)


def test_models_stand_by_their_mean_rank_with_its_interval() -> None:
    found = table(section(runs()))
    assert [row.label for row in found.rows] == ["good", "fair", "poor"]
    mean = next(column for column in found.columns if column.key == "mean")
    first = found.rows[0].cell(mean)
    assert (first.text, first.standing) == ("1.00", "undecided")
    assert first.low is not None
    assert first.high is not None
    assert first.low <= 1 < first.high
    assert [column.title for column in found.columns[2:]] == list(DATASETS)


def test_too_few_data_sets_or_models_make_no_ranking() -> None:
    assert ranked(report(runs(datasets=DATASETS[:2]))) is None
    assert ranked(report(runs({"good": 0.9, "poor": 0.5}))) is None


def test_three_data_sets_decide_nothing_and_say_so() -> None:
    told = sentences(section(runs(datasets=DATASETS[:3])))
    assert "No model is distinguishable from the best over data sets" in told
    pairs = table(section(runs(datasets=DATASETS[:3])), "-pairs")
    assert {row.cells["verdict"].text for row in pairs.rows} == {"not decided"}


def test_many_data_sets_that_agree_decide() -> None:
    names = tuple(f"data{number}" for number in range(12))
    told = sentences(section(runs(datasets=names)))
    assert "good is ranked first" in told
    assert "the other 2 are worse" in told


def test_the_scope_speaks_of_other_data_sets() -> None:
    scope = next(block for block in section(runs()).blocks if isinstance(block, Prose) and block.kind == "scope")
    assert "other data sets like these 6" in scope.sentences[0]


def test_wins_and_mean_ranks_are_drawn() -> None:
    found = blocks(section(runs()))
    dots = next(block for block in found if isinstance(block, DotFigure))
    assert (dots.x.low, dots.x.high) == (1, 3)
    wins = next(block for block in found if isinstance(block, MatrixFigure))
    assert wins.rows == wins.columns == ("good", "fair", "poor")
    assert wins.values[0][2] == 1.0
    assert math.isnan(wins.values[0][0])


def test_a_failed_run_loses_and_a_model_that_does_not_apply_is_absent() -> None:
    lost = [failed(each.run, data=each.data) if each.run.label == "good" else each for each in runs()]
    assert [row.label for row in table(section(lost)).rows] == ["fair", "poor", "good"]
    unfit = [
        record(plan("unet", dataset=name), accuracy=None, status="not-applicable", reason="too small")
        for name in DATASETS
    ]
    assert "unet" not in {row.label for row in table(section([*runs(), *unfit])).rows}


def test_what_is_left_out_is_named() -> None:
    extra = runs({"new": 0.99}, DATASETS[:2])
    told = sentences(section([*runs(), *extra]))
    assert "Left out: new (not on every data set)." in told
    lone = runs({"other": 0.9, "strange": 0.8, "third": 0.7}, ("alone",))
    assert "alone (too few models)" in sentences(section([*runs(), *lone]))


def test_a_score_of_another_judge_is_no_failure() -> None:
    found = []
    for name in DATASETS:
        for number, label in enumerate("abcd"):
            for seed in range(3):
                own = Score(name="fd:one", value=number + 1.0, higher_is_better=False)
                is_other = label == "d" or (label == "a" and seed == 2)
                scores = (replace(own, name="fd:other") if is_other else own,)
                found.append(record(plan(label, dataset=name, seed=seed), scores=scores, objective="fd:one"))
    assert [row.label for row in table(section(found)).rows] == ["a", "b", "c"]


def test_protocols_and_tasks_are_ranked_apart_and_variants_not_at_all() -> None:
    made = section([*runs(), *runs(protocol="tuned")])
    titles = [block.title for block in blocks(made) if isinstance(block, Table) and block.key.endswith("-table")]
    assert titles == ["Ranks: classification · fixed-budget", "Ranks: classification · tuned"]
    assert ranked(report(runs(protocol="noise", variant={"label_noise": 0.1}))) is None


def test_a_race_to_a_target_is_ranked_by_its_time() -> None:
    found = [
        timed(label, seed, seconds + seed / 100).model_copy(update={"run": _on(label, seed, name)})
        for name in DATASETS
        for label, seconds in (("fast", 1.0), ("slow", 2.0), ("never", math.inf))
        for seed in range(3)
    ]
    assert [row.label for row in table(section(found)).rows] == ["fast", "slow", "never"]


def _on(label: str, seed: int, dataset: str) -> Any:
    return plan(label, protocol="time-to-target", seed=seed, dataset=dataset)


def test_of_two_settings_the_one_that_other_data_sets_share_counts() -> None:
    other = runs(datasets=("digits",), settings={"protocol": {"epochs": 1}, "task": {}})
    found = table(section([*other, *runs()]))
    assert [column.title for column in found.columns[2:]].count("digits") == 1


def test_profiles_are_drawn_where_scores_are_on_one_scale() -> None:
    profiles = [block for block in blocks(section(runs())) if "profiles" in getattr(block, "key", "")]
    (figure,) = profiles
    assert isinstance(figure, LineFigure)
    good = next(line for line in figure.lines if line.label == "good")
    assert good.y[0] == 1.0
    assert list(good.y) == sorted(good.y, reverse=True)
    lost = [
        failed(each.run, data=each.data) if (each.run.label, each.run.seed) == ("good", 0) else each for each in runs()
    ]
    (figure,) = [block for block in blocks(section(lost)) if "profiles" in getattr(block, "key", "")]
    assert isinstance(figure, LineFigure)
    assert next(line for line in figure.lines if line.label == "good").y[0] == 0.75
    large = runs({"good": 9.5, "fair": 9.0, "poor": 7.0})
    assert not [block for block in blocks(section(large)) if "profiles" in getattr(block, "key", "")]
