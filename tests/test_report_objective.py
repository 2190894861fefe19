"""The main score is the one that the record names: no place, no alphabet and no plugin can displace it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.cli.progress import describe
from bench.record import Artifact, CurvePoint, RunRecord, Score
from bench.report import LineFigure, ScatterFigure
from bench.report.compare import Side, compare
from bench_reports import html, latex, markdown
from tests.report_records import curve, draw, only, plan, record, report, terminal_text, timed

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
    section = only(suite())
    assert section.main_score == "accuracy"
    assert [column.measure.name for column in section.columns][:2] == ["accuracy", "abstention"]
    assert [row.label for row in section.rows if row.family == "deep"] == ["lenet", "mlp", "logistic"]
    assert section.findings[0].startswith("Accuracy: lenet has the best mean")
    (pareto,) = (each for each in section.figures if isinstance(each, ScatterFigure))
    assert pareto.y.name == "accuracy"


def test_learning_curves_show_the_objective() -> None:
    points = tuple(
        each.model_copy(update={"validation": {"abstention": 0.5, **each.validation}}) for each in curve(0.9, 1.0)
    )
    figure = next(each for each in only(suite(curve=points)).figures if isinstance(each, LineFigure))
    assert figure.y_title == "Accuracy on validation data"


def test_ranks_are_of_the_objective() -> None:
    runs = [
        scored(label, seed, value, run=plan(label, seed=seed, dataset=name))
        for label, value in VALUES.items()
        for name in ("digits", "wine", "iris")
        for seed in range(3)
    ]
    (ranks,) = report(runs).ranks
    assert set(ranks.measures) == {"Accuracy"}
    assert ranks.rows[0].label == "lenet"


def test_a_comparison_is_of_the_objective() -> None:
    a, b = (Side(name, "results file", tuple(suite())) for name in ("a", "b"))
    scores = [change.measure.name for change in compare(a, b).changes if change.measure.kind == "score"]
    assert set(scores) == {"accuracy"}


def test_every_format_begins_with_the_objective(tmp_path: Path) -> None:
    made = report([*suite(), *(each.model_copy(update={"run": _elsewhere(each)}) for each in suite())])
    assert terminal_text(made).count("Accuracy") >= 2
    assert "Abstention" not in terminal_text(made)
    page = html.render(made, tmp_path).read_text()
    overview = page[page.index('id="overview"') :].partition("</section>")[0]
    assert "Accuracy" in overview
    assert "Abstention" not in overview
    for written in (markdown.render(made, tmp_path), latex.render(made, tmp_path)):
        text = written.read_text()
        assert text.index("Accuracy") < text.index("Abstention")


def _elsewhere(each: RunRecord) -> Any:
    return each.run.model_copy(update={"dataset": "wine", "run_id": f"{each.run.run_id}-wine"})


def test_captions_of_pictures_begin_with_the_objective() -> None:
    drawn = [
        each.model_copy(update={"artifacts": (Artifact(name="samples.png", media_type="image/png"),)})
        for each in suite()
    ]
    wall = only(drawn).samples
    assert wall is not None
    assert all(grid.caption.startswith("accuracy") for grid in wall.grids)


def test_the_time_to_a_target_is_the_main_score_of_its_protocol() -> None:
    runs = [
        timed(label, seed, 1.0 + seed / 10, objective="accuracy") for label in ("lenet", "mlp") for seed in range(3)
    ]
    assert only(runs).main_score == "time_to_target"


def test_records_of_before_take_what_training_watched() -> None:
    assert only(suite(objective="", curve=curve(0.9, 1.0))).main_score == "accuracy"


def test_records_of_before_take_what_a_score_names_as_its_objective() -> None:
    spent = Score(name="tuning", value=3.0, higher_is_better=False, unit="s", detail={"objective": "accuracy"})
    runs = [each.model_copy(update={"scores": (*each.scores, spent)}) for each in suite(objective="")]
    assert only(runs).main_score == "accuracy"


def test_one_record_that_names_its_objective_speaks_for_those_of_before() -> None:
    runs = [*suite(objective=""), scored("resnet", 0, 0.99)]
    assert only(runs).main_score == "accuracy"


def test_a_task_without_an_objective_has_no_main_score() -> None:
    points = (CurvePoint(epoch=1, step=1, train_seconds=0.1, validation={"abstention": 0.5}),)
    section = only(suite(objective="", truth="3f2a", curve=points))
    assert section.main_score == ""
    assert section.main_columns == ()
    assert [column.measure.name for column in section.columns][:2] == ["abstention", "accuracy"]
    assert section.findings == ()
    assert report(suite(objective="", truth="3f2a")).ranks == ()
    assert "lenet" in terminal_text(report(suite(objective="", truth="3f2a")))


def test_a_score_brings_its_own_heading_and_an_older_one_without_shares_its_column() -> None:
    def named(label: str, seed: int, title: str) -> RunRecord:
        points = tuple(each.model_copy(update={"validation": {"rmse": 0.5}}) for each in curve(0.9, 1.0))
        score = Score(name="rmse", value=1 + draw(label, seed), higher_is_better=False, title=title)
        return record(plan(label, seed=seed), scores=(score,), objective="rmse", curve=points)

    section = only([named(label, seed, "RMSE" if label == "mlp" else "") for label in ("mlp", "a") for seed in (0, 1)])
    measures = [column.measure for column in section.columns if column.measure.name == "rmse"]
    assert len(measures) == 1
    figure = next(each for each in section.figures if isinstance(each, LineFigure))
    assert figure.y_title == "RMSE on validation data"
    assert [each.title for each in measures] == ["RMSE"]


def test_the_line_of_a_finished_run_shows_the_objective() -> None:
    assert "accuracy 0.9" in describe(scored("mlp", 0, 0.9))
    assert "abstention" not in describe(scored("mlp", 0, 0.9))
    none = describe(scored("mlp", 0, 0.9, objective=""))
    assert "accuracy" not in none
