"""The figures that every section has: quality against cost, learning curves, and lines over a variant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.record import CurvePoint, RunRecord, SplitPlan
from bench.report import Choice, Prose, ScatterFigure, Section, general_blocks
from tests.report_records import SETTINGS, blocks, classifiers, curve, data, draw, failed, lines, only, plan, record


def pareto(section: Section) -> ScatterFigure:
    """Return the first of the figures of quality against cost."""
    return next(each for each in blocks(section) if isinstance(each, ScatterFigure))


def bounded(records: list[RunRecord]) -> list[RunRecord]:
    """Return the records with scores that say where they end."""
    return [
        each.model_copy(update={"scores": tuple(replace(score, low=0.0, high=1.0) for score in each.scores)})
        for each in records
    ]


def test_pareto_figure_marks_what_nothing_beats() -> None:
    figure = pareto(only(classifiers()))
    front = {point.label for point in figure.points if point.is_on_front}
    assert "logistic" in front
    assert "gradient-boosting" not in front
    assert {point.label for point in figure.points} == {row.label for row in data(classifiers()).rows}
    assert (figure.x.heading, figure.x.low, figure.y.title) == ("Training time (s)", 0.0, "Accuracy")


def test_quality_is_drawn_against_each_cost() -> None:
    choice = next(each for each in only(classifiers()).blocks if isinstance(each, Choice) and "pareto" in each.key)
    assert list(choice.options) == ["Training time", "Latency", "Peak memory"]
    assert len({figure.key for figure in choice.options.values() if isinstance(figure, ScatterFigure)}) == 3


def test_pareto_of_two_devices_has_two_fronts_over_one_score() -> None:
    """A score is one score on all devices; its times are not."""
    section = only([*classifiers(), *classifiers(device="cuda")])
    figure = pareto(section)
    assert {point.condition for point in figure.points if point.is_on_front} == {"CPU", "CUDA"}
    resnet = {point.condition: point for point in figure.points if point.label == "resnet"}
    assert resnet["CPU"].y == resnet["CUDA"].y
    assert resnet["CPU"].x > resnet["CUDA"].x


@pytest.mark.parametrize("status", ["diverged", "killed"])
def test_a_model_some_of_whose_runs_failed_stands_on_no_front(status: str) -> None:
    """A run that ended with its session was no failure of the model, but its mean is over fewer runs."""
    runs = [
        failed(each.run, status) if (each.run.label, each.run.seed) == ("resnet", 0) else each for each in classifiers()
    ]
    (resnet,) = (point for point in pareto(only(runs)).points if point.label == "resnet")
    assert (resnet.is_on_front, resnet.note) == (False, "4 of 5 runs")


def test_costs_below_what_can_be_measured_are_one_cost() -> None:
    """Below a megabyte the high-water mark shows pages of the allocator, not which model is smaller."""
    figure = next(each for each in blocks(only(classifiers())) if "peak_memory" in getattr(each, "key", ""))
    assert isinstance(figure, ScatterFigure)
    small = {point.label for point in figure.points if point.x == 1.0}
    assert small == {"logistic", "mlp-shallow"}
    assert {point.label for point in figure.points if point.is_on_front and point.x == 1.0} == {"mlp-shallow"}
    assert "What is below 1 MB is drawn there: less cannot be measured." in figure.caption


@pytest.mark.parametrize(("accuracy", "is_drawn"), [(0.1, False), (0.95, True)])
def test_a_baseline_far_below_all_models_is_named_and_not_drawn(accuracy: float, is_drawn: bool) -> None:
    """Beside a model of 0.1 nobody sees what parts 0.97 from 0.99."""
    baseline = [record(plan("baseline", family="shallow", seed=seed), accuracy=accuracy) for seed in range(5)]
    figure = pareto(only([*classifiers(), *baseline]))
    assert ("baseline" in {point.label for point in figure.points}) == is_drawn
    assert ("baseline (0.100, 2.0 s) lies outside the figure." in figure.caption) == (not is_drawn)


def test_ends_of_points_stay_inside_the_axes() -> None:
    for figure in (each for each in blocks(only(bounded(list(classifiers())))) if isinstance(each, ScatterFigure)):
        assert (figure.y.low, figure.y.high) == (0.0, 1.0)
        for point in figure.points:
            for axis, ends in ((figure.x, point.x_ends), (figure.y, point.y_ends)):
                assert ends is None or axis.low <= ends[0] <= ends[1] <= axis.high


def test_learning_curves_over_epochs_and_seconds() -> None:
    epochs, seconds = lines(only(classifiers()), "learning")
    assert (epochs.x.heading, seconds.x.heading) == ("Epoch", "Training time (s)")
    assert {line.label for line in epochs.lines} == {"logistic", "mlp-shallow", "mlp-deep", "lenet", "resnet"}
    assert all(
        low <= mean <= high
        for figure in (epochs, seconds)
        for line in figure.lines
        for low, mean, high in zip(line.low, line.y, line.high, strict=True)
    )


def test_bands_of_learning_curves_stay_inside_what_is_possible() -> None:
    """Two seeds that end at 0.99 and 0.999 have a band that Student's t alone would carry far above 1."""
    runs = bounded([record(plan(seed=seed), curve=curve(final, 2.0)) for seed, final in enumerate((0.99, 0.9999))])
    for figure in lines(only(runs), "learning"):
        (line,) = figure.lines
        assert (figure.y.low, figure.y.high) == (0.0, 1.0)
        assert max(line.high) == 1.0
        assert min(line.low) >= 0.0


def test_epochs_are_averaged_over_devices_and_seconds_are_not() -> None:
    runs = [
        record(plan(seed=seed, device=device), curve=curve(0.9, seconds))
        for seed in range(3)
        for device, seconds in (("cpu", 4.0), ("cuda", 1.0))
    ]
    epochs, seconds = lines(only(runs), "learning")
    assert [line.condition for line in epochs.lines] == [""]
    assert [line.condition for line in seconds.lines] == ["CPU", "CUDA"]


def test_what_a_clock_ended_is_averaged_on_one_machine_only() -> None:
    timed = {"protocol": {**SETTINGS["protocol"], "seconds": 5.0}, "task": {}}
    runs = [
        record(plan(seed=seed, device=device, settings=timed), curve=curve(0.9, 5.0))
        for seed in range(3)
        for device in ("cpu", "cuda")
    ]
    epochs, _ = lines(only(runs), "learning")
    assert [line.condition for line in epochs.lines] == ["CPU", "CUDA"]


def climbing(label: str, seed: int, slope: float) -> RunRecord:
    """Return a run whose validation accuracy rises to the end of its budget, with a little noise."""
    points = tuple(
        CurvePoint(epoch=n, step=n, train_seconds=n / 10, validation={"accuracy": 0.5 + slope * n + draw(n, seed) / 10})
        for n in range(1, 21)
    )
    return record(plan(label, seed=seed), curve=points)


def warnings(records: list[RunRecord]) -> list[str]:
    prose = [block for block in only(records).blocks if isinstance(block, Prose) and block.kind == "warning"]
    return [sentence for block in prose for sentence in block.sentences]


def test_models_that_were_still_improving_are_named() -> None:
    flat = [climbing("flat", seed, 0.0) for seed in range(3)]
    rising = {label: [climbing(label, seed, 0.02) for seed in range(3)] for label in ("gru", "lstm")}
    assert warnings(flat) == []
    assert warnings([*flat, *rising["gru"]]) == [
        "gru was still improving when its budget ended: its place may be a matter of budget."
    ]
    (told,) = warnings([*flat, *rising["gru"], *rising["lstm"]])
    assert told.endswith(" were still improving when their budget ended: their order may be a matter of budget.")
    assert {"gru", "lstm"} < {*told.split()}


def test_one_rising_run_of_three_is_no_warning() -> None:
    assert warnings([climbing("gru", 0, 0.02), climbing("gru", 1, 0.0), climbing("gru", 2, 0.0)]) == []


def test_seed_that_stopped_early_keeps_its_last_value() -> None:
    runs = [record(plan(seed=0), curve=curve(0.9, 2.0)), record(plan(seed=1), curve=curve(0.9, 2.0)[:10])]
    line = lines(only(runs), "learning")[0].lines[0]
    assert line.x[-1] == 20
    stopped, whole = curve(0.9, 2.0)[9], curve(0.9, 2.0)[-1]
    expected = (stopped.validation["accuracy"] + whole.validation["accuracy"]) / 2
    assert line.y[-1] == pytest.approx(expected)


def test_bands_over_splits_are_wider_than_over_seeds() -> None:
    """Splits share samples: their band counts the overlap of training parts, as the comparisons do."""

    def width(runs: list[RunRecord]) -> float:
        line = lines(only(runs), "learning")[0].lines[0]
        return line.high[-1] - line.low[-1]

    finals = (0.90, 0.92, 0.91, 0.93)
    seeds = [record(plan(seed=n), curve=curve(final, 2.0)) for n, final in enumerate(finals)]
    splits = [
        record(plan(seed=n, split=SplitPlan(scheme="holdout", number=n)), curve=curve(final, 2.0))
        for n, final in enumerate(finals)
    ]
    assert width(splits) == pytest.approx(width(seeds) * ((1 / 4 + 0.25) / (1 / 4)) ** 0.5)


def test_numeric_variant_is_drawn_and_compared_within_itself() -> None:
    runs = [
        record(
            plan(label, variant={"training_size": size}, seed=seed, protocol="strange"),
            accuracy=value + draw(label, size, seed),
        )
        for label, values in (("lenet", (0.5, 0.99)), ("logistic", (0.8, 0.85)))
        for size, value in zip((10, 1000), values, strict=True)
        for seed in range(6)
    ]
    (figure,) = lines(only(runs), "variant-training_size")
    assert {line.label: line.x for line in figure.lines} == {"lenet": (10.0, 1000.0), "logistic": (10.0, 1000.0)}
    assert figure.x.is_log
    section = data(runs)
    assert [row.variant["training_size"] for row in section.rows if row.label == "lenet"] == [10, 1000]
    assert section.main is not None
    best = {
        (row.label, row.variant["training_size"])
        for row in section.rows
        if row.values[section.main.key].standing == "best"
    }
    assert best == {("logistic", 10), ("lenet", 1000)}


def test_variant_that_is_no_number_is_a_row_of_its_own() -> None:
    runs = [record(plan(variant={"control": name}, seed=seed)) for name in ("none", "shuffled") for seed in range(2)]
    section = data(runs)
    assert [dict(row.variant) for row in section.rows] == [{"control": "none"}, {"control": "shuffled"}]
    assert general_blocks(section) == ()


def test_unknown_protocol_gets_the_general_figures() -> None:
    runs = [
        each.model_copy(update={"run": plan(each.run.label, seed=each.run.seed, protocol="strange")})
        for each in classifiers()
    ]
    assert [getattr(block, "key", "") for block in general_blocks(data(runs))] == ["pareto", "learning"]
