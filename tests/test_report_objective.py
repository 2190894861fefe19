"""The main score is the one that the record names: no place, no alphabet and no plugin can displace it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.cli.progress import describe
from bench.record import CurvePoint, RunRecord, Score
from bench.report import LineFigure, ScatterFigure, Table
from tests.report_records import blocks, curve, data, draw, only, plan, record, report, timed

VALUES = {"lenet": 0.98, "mlp": 0.9, "logistic": 0.8}


def scored(label: str, seed: int, value: float, **changes: Any) -> RunRecord:
    """Return a run that a plugin's metric, first by the alphabet, was computed for, too."""
    scores = (
        Score(name="abstention", value=1 - value, higher_is_better=False),
        Score(name="accuracy", value=value + draw(label, seed), higher_is_better=True),
    )
    run = changes.pop("run", plan(label, seed=seed))
    return record(run, scores=scores, **({"objective": "accuracy"} | changes))


def suite(**changes: Any) -> list[RunRecord]:
    return [scored(label, seed, value, **changes) for label, value in VALUES.items() for seed in range(6)]


def test_a_metric_of_a_plugin_does_not_displace_the_objective() -> None:
    section = data(suite())
    assert section.main_score == "accuracy"
    assert [each.measure.name for each in section.variables][:2] == ["accuracy", "abstention"]
    assert [row.label for row in section.rows] == ["lenet", "mlp", "logistic"]
    (pareto,) = [each for each in blocks(only(suite())) if isinstance(each, ScatterFigure)]
    assert pareto.y.title == "Accuracy"


def test_learning_curves_show_the_objective() -> None:
    points = tuple(replace(each, validation={"abstention": 0.5, **each.validation}) for each in curve(0.9, 1.0))
    figure = next(each for each in blocks(only(suite(curve=points))) if isinstance(each, LineFigure))
    assert figure.y.title == "Accuracy on validation data"


def test_models_by_data_sets_show_the_objective() -> None:
    made = report([*suite(), *(each.model_copy(update={"run": _elsewhere(each)}) for each in suite())])
    overview = next(section for section in made.sections if section.kind == "across")
    main = next(each for each in blocks(overview) if isinstance(each, Table))
    assert {column.measure for column in main.columns[1:]} == {"accuracy"}
    assert all(each.is_main == (each.metric == "accuracy") for each in made.comparisons)


def _elsewhere(each: RunRecord) -> Any:
    return each.run.model_copy(update={"dataset": "wine", "run_id": f"{each.run.run_id}-wine"})


def test_the_time_to_a_target_is_the_main_score_of_its_protocol() -> None:
    runs = [
        timed(label, seed, 1.0 + seed / 10, objective="accuracy") for label in ("lenet", "mlp") for seed in range(3)
    ]
    assert data(runs).main_score == "time_to_target"


def test_records_of_before_take_what_training_watched() -> None:
    assert data(suite(objective="", curve=curve(0.9, 1.0))).main_score == "accuracy"


def test_records_of_before_take_what_a_score_names_as_its_objective() -> None:
    spent = Score(name="tuning", value=3.0, higher_is_better=False, unit="s", detail={"objective": "accuracy"})
    runs = [each.model_copy(update={"scores": (*each.scores, spent)}) for each in suite(objective="")]
    assert data(runs).main_score == "accuracy"


def test_one_record_that_names_its_objective_speaks_for_those_of_before() -> None:
    runs = [*suite(objective=""), scored("resnet", 0, 0.99)]
    assert data(runs).main_score == "accuracy"


def test_a_task_without_an_objective_has_no_main_score() -> None:
    points = (CurvePoint(epoch=1, step=1, train_seconds=0.1, validation={"abstention": 0.5}),)
    section = data(suite(objective="", truth="3f2a", curve=points))
    assert section.main_score == ""
    assert section.mains == []
    assert [each.measure.name for each in section.variables][:2] == ["abstention", "accuracy"]
    made = report(suite(objective="", truth="3f2a"))
    assert {each.is_main for each in made.comparisons} == {False}
    assert {section.kind for section in made.sections} == {"results", "about"}


def test_a_score_brings_its_own_heading_and_an_older_one_without_shares_its_column() -> None:
    def named(label: str, seed: int, title: str) -> RunRecord:
        points = tuple(replace(each, validation={"rmse": 0.5}) for each in curve(0.9, 1.0))
        score = Score(name="rmse", value=1 + draw(label, seed), higher_is_better=False, title=title)
        return record(plan(label, seed=seed), scores=(score,), objective="rmse", curve=points)

    runs = [named(label, seed, "RMSE" if label == "mlp" else "") for label in ("mlp", "a") for seed in (0, 1)]
    measures = [each.measure for each in data(runs).variables if each.measure.name == "rmse"]
    assert [each.title for each in measures] == ["RMSE"]
    figure = next(each for each in blocks(only(runs)) if isinstance(each, LineFigure))
    assert figure.y.title == "RMSE on validation data"


def test_the_line_of_a_finished_run_shows_the_objective() -> None:
    assert "accuracy 0.9" in describe(scored("mlp", 0, 0.9))
    assert "abstention" not in describe(scored("mlp", 0, 0.9))
    none = describe(scored("mlp", 0, 0.9, objective=""))
    assert "accuracy" not in none
