"""The figures of a report's tree: quality against time, learning curves, and lines over a variant."""

from __future__ import annotations

import pytest

from bench.record import RunRecord
from bench.report import LineFigure, ScatterFigure, Section, build_report
from tests.report_records import ENVIRONMENT, classifiers, curve, picture, plan, record


def only(records: list[RunRecord]) -> Section:
    (section,) = build_report(records, {"env-a": ENVIRONMENT}, picture, title="t", command="c").sections
    return section


def test_pareto_figure_marks_what_nothing_beats() -> None:
    figure = next(each for each in only(list(classifiers())).figures if isinstance(each, ScatterFigure))
    front = {point.label for point in figure.points if point.is_on_front}
    assert "logistic" in front
    assert "gradient-boosting" not in front
    assert {point.label for point in figure.points} == {row.label for row in only(list(classifiers())).rows}


def test_pareto_of_two_devices_has_two_fronts() -> None:
    section = only([*classifiers(), *classifiers(device="cuda")])
    figure = next(each for each in section.figures if isinstance(each, ScatterFigure))
    assert {point.condition for point in figure.points if point.is_on_front} == {"CPU", "CUDA"}


def test_learning_curves_over_epochs_and_seconds() -> None:
    lines = [each for each in only(list(classifiers())).figures if isinstance(each, LineFigure)]
    assert [figure.axis for figure in lines] == ["epochs", "seconds"]
    assert {line.label for line in lines[0].lines} == {"logistic", "mlp-shallow", "mlp-deep", "lenet", "resnet"}
    assert all(
        low <= mean <= high
        for line in lines[0].lines
        for low, mean, high in zip(line.low, line.mean, line.high, strict=True)
    )


def test_seed_that_stopped_early_keeps_its_last_value() -> None:
    runs = [record(plan(seed=0), curve=curve(0.9, 2.0)), record(plan(seed=1), curve=curve(0.9, 2.0)[:10])]
    line = next(each for each in only(runs).figures if isinstance(each, LineFigure)).lines[0]
    assert line.x[-1] == 20
    stopped, whole = curve(0.9, 2.0)[9], curve(0.9, 2.0)[-1]
    expected = (stopped.validation["accuracy"] + whole.validation["accuracy"]) / 2
    assert line.mean[-1] == pytest.approx(expected)


def test_numeric_variant_is_drawn_and_compared_within_itself() -> None:
    runs = [
        record(
            plan(label, variant={"training_size": size}, seed=seed, protocol="learning-curve"),
            accuracy=value + seed / 1e4,
        )
        for label, values in (("lenet", (0.5, 0.99)), ("logistic", (0.8, 0.85)))
        for size, value in zip((10, 1000), values, strict=True)
        for seed in range(6)
    ]
    section = only(runs)
    figure = next(each for each in section.figures if isinstance(each, LineFigure))
    assert [(line.label, line.x) for line in figure.lines] == [("lenet", (10.0, 1000.0)), ("logistic", (10.0, 1000.0))]
    assert figure.is_log_x
    assert [row.variant["training_size"] for row in section.rows if row.label == "lenet"] == [10, 1000]
    marked = {
        (row.label, row.variant["training_size"]) for row in section.rows if any(c.is_best for c in row.cells.values())
    }
    assert marked == {("logistic", 10), ("lenet", 1000)}


def test_variant_that_is_no_number_is_a_row_of_its_own() -> None:
    runs = [record(plan(variant={"control": name}, seed=seed)) for name in ("none", "shuffled") for seed in range(2)]
    section = only(runs)
    assert [dict(row.variant) for row in section.rows] == [{"control": "none"}, {"control": "shuffled"}]
    assert section.variant_names == ("control",)
    assert section.figures == ()


def test_unknown_protocol_gets_the_general_figures() -> None:
    section = only(
        [
            each.model_copy(update={"run": plan(each.run.label, seed=each.run.seed, protocol="strange")})
            for each in classifiers()
        ]
    )
    assert {figure.name for figure in section.figures} == {"pareto", "learning"}
