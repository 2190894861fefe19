"""What the report draws and says for each protocol."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from bench.cli.common import finite
from bench.record import ModelSize, RunRecord, Score, Times
from bench.report import DotFigure, Prose, ScatterFigure, Section, Table
from tests.report_records import blocks, data, draw, failed, lines, only, plan, record, report, results, table, timed

BUDGET = {"epochs": 10, "steps": None, "batch_size": 32, "learning_rate": 0.003}


def findings(section: Section) -> list[str]:
    """Return what the protocol says of its section: after the answer, or in its place."""
    told = [each for each in section.blocks if isinstance(each, Prose) and each.kind in ("answer", "text")]
    return list(told[-1].sentences)


def effect(section: Section, key: str) -> dict[str, tuple[str, str]]:
    """Return model, with the circumstances → verdict and pairs, of a table of changes."""
    found = {}
    for row in table(section, key).rows:
        detail = row.cells.get("detail")
        name = f"{row.label}, {detail.text}" if detail is not None else row.label
        found[name] = (row.cells["verdict"].text, row.cells["runs"].text)
    return found


def learning_curve(values: dict[str, dict[int, float]], seeds: int = 6) -> list[RunRecord]:
    return [
        record(
            plan(label, protocol="learning-curve", variant={"training_size": size}, seed=seed),
            accuracy=value + draw(label, size, seed),
        )
        for label, sizes in values.items()
        for size, value in sizes.items()
        for seed in range(seeds)
    ]


CROSSING = {"lenet": {30: 0.5, 1000: 0.99}, "logistic": {30: 0.8, 1000: 0.9}}


def test_learning_curves_that_cross_are_named() -> None:
    section = only(learning_curve(CROSSING))
    quality, cost = lines(section, "training-size")
    assert [line.x for line in quality.lines] == [(30.0, 1000.0)] * 2
    assert cost.y.heading == "Training time (s)"
    assert findings(section) == [
        "Curves that cross: logistic is better than lenet with 30 samples, lenet is better with 1,000.",
        "Best with 30 samples: logistic; with 1,000: lenet.",
    ]


def test_what_a_protocol_found_stands_among_the_answers_on_top() -> None:
    """Where the protocol varies what is asked, no model is best: what it found is the answer."""
    (answers,) = (section for section in report(learning_curve(CROSSING)).sections if section.kind == "answers")
    (told,) = (block for block in answers.blocks if isinstance(block, Prose))
    assert told.sentences[0].startswith("Curves that cross: logistic is better than lenet with 30 samples")


def test_learning_curves_that_do_not_cross_are_said_not_to() -> None:
    section = only(learning_curve({"lenet": {30: 0.8, 1000: 0.99}, "logistic": {30: 0.5, 1000: 0.9}}))
    assert findings(section) == [
        "No two of 2 curves are shown to cross (2 of 2 comparisons at one size are decided).",
        "Best with 30 as with 1,000 samples: lenet.",
    ]
    one_seed = only(learning_curve({"a": {30: 0.8, 1000: 0.9}, "b": {30: 0.5, 1000: 0.99}}, seeds=1))
    assert findings(one_seed) == [
        "No two of 2 curves are shown to cross (0 of 2 comparisons at one size are decided).",
        "Best with 30 as with 1,000 samples: a or b (not decided).",
    ]


def test_the_best_of_a_size_are_those_that_none_is_shown_to_beat() -> None:
    curves = {name: {30: 0.6, 1000: 0.9} for name in ("a", "b", "c", "d", "e", "f")}
    told = findings(only(learning_curve(curves | {"lenet": {30: 0.5, 1000: 0.99}})))[-1]
    assert told == "Best with 30 samples: a, b, c, d or 2 more (not decided); with 1,000: lenet."


def test_curves_of_a_loss_cross_the_other_way_round() -> None:
    runs = [
        each.model_copy(
            update={
                "scores": (replace(each.scores[0], name="loss", higher_is_better=False),),
                "objective": "loss",
            }
        )
        for each in learning_curve(CROSSING)
    ]
    assert "lenet is better than logistic with 30 samples, logistic is better with 1,000" in findings(only(runs))[0]


def test_a_crossing_is_corrected_for_every_pair_and_size() -> None:
    """Two differences that one test each would call real are not, among the comparisons of eight models."""
    near = {"a": {30: 0.9, 1000: 0.9}, "b": {30: 0.9055, 1000: 0.8945}}
    alone = findings(only(learning_curve(near)))
    others = {name: {30: 0.9, 1000: 0.9} for name in "cdefgh"}
    among = findings(only(learning_curve(near | others)))
    assert "cross:" in alone[0]
    assert "are shown to cross" in among[0]


def test_a_baseline_far_below_all_curves_is_named_and_not_drawn() -> None:
    """Its time is drawn: on a logarithmic axis it takes nothing from the others."""
    models = learning_curve({"lenet": {30: 0.75, 1000: 0.99}, "logistic": {30: 0.8, 1000: 0.9}})
    low = learning_curve({"baseline": {30: 0.1, 1000: 0.12}})
    quality, cost = lines(only([*models, *low]), "training-size")
    assert {line.label for line in quality.lines} == {"lenet", "logistic"}
    assert re.search(r"baseline \(0\.\d+ to 0\.\d+\) lies outside the figure\.", quality.caption)
    assert {line.label for line in cost.lines} == {"lenet", "logistic", "baseline"}
    near = learning_curve({"baseline": {30: 0.6, 1000: 0.6}})
    quality, _ = lines(only([*models, *near]), "training-size")
    assert {line.label for line in quality.lines} == {"lenet", "logistic", "baseline"}


def noise() -> list[RunRecord]:
    levels = ((0.0, "in order", 0.95), (0.2, "in order", 0.9), (0.4, "in order", 0.7), (0.0, "shuffled", 0.6))
    return [
        record(
            plan(label, protocol="noise", variant={"label_noise": level, "inputs": inputs}, seed=seed),
            accuracy=value + draw(label, level, inputs, seed),
        )
        for label in ("lenet", "mlp")
        for level, inputs, value in levels
        for seed in range(6)
    ]


def test_noise_has_lines_and_its_control_stands_apart() -> None:
    section = only(noise())
    (figure,) = lines(section, "label-noise")
    assert (figure.x.is_share, figure.x.low, figure.x.high) == (True, 0.0, 1.0)
    assert [(line.label, line.condition, line.x) for line in figure.lines] == [
        ("lenet", "", (0.0, 0.2, 0.4)), ("mlp", "", (0.0, 0.2, 0.4)),
    ]  # fmt: skip
    (control,) = (each for each in blocks(section) if isinstance(each, DotFigure))
    assert [(dot.label, dot.series) for dot in control.dots] == [
        ("lenet", "in order"), ("lenet", "shuffled"), ("mlp", "in order"), ("mlp", "shuffled"),
    ]  # fmt: skip
    wrong, shuffled = findings(section)
    assert re.fullmatch(
        r"Accuracy from 0% to 40% wrong labels: falls for lenet \(−0\.2\d\) and mlp \(−0\.2\d\)\.", wrong
    )
    assert shuffled.startswith("Accuracy from inputs in order to shuffled: falls for lenet (−0.3")
    assert effect(section, "-noise") == {"lenet": ("worse", "6"), "mlp": ("worse", "6")}
    row = table(section, "-shuffling").rows[0]
    cell = row.cells["difference"]
    assert cell.low is not None
    assert cell.high is not None
    assert cell.low < (cell.value or 0.0) < cell.high < -0.3


def test_noise_without_its_control() -> None:
    section = only(each for each in noise() if each.run.variant["inputs"] == "in order")
    assert not any(isinstance(each, DotFigure) for each in blocks(section))
    assert len(findings(section)) == 1


def test_a_change_within_the_margin_is_equivalent() -> None:
    runs = []
    for each in noise():
        score = replace(each.scores[0], value=0.9 + draw(each.run.run_id) / 10, low=0.0, high=1.0)
        runs.append(each.model_copy(update={"scores": (score,)}))
    section = only(runs)
    assert findings(section)[0] == "Accuracy from 0% to 40% wrong labels: the same within ±0.010 for mlp and lenet."
    assert effect(section, "-noise") == {"lenet": ("equivalent", "6"), "mlp": ("equivalent", "6")}
    assert "equivalent means within ±0.010" in table(section, "-noise").caption


def test_scaling_over_the_hyperparameter_and_over_parameters() -> None:
    runs = [
        record(
            plan(label, protocol="scaling", variant={"width": width}, hyperparameters={"width": width}, seed=seed),
            accuracy=0.5 + width / 1000 + draw(label, width, seed),
            size=ModelSize(parameter_count=width * 100),
            times=Times(train_seconds=width * 0.1),
        )
        for label in ("mlp", "mlp-1")
        for width in (4, 64, 256)
        for seed in range(6)
    ]
    section = only(runs)
    quality, count, cost, cost_count = lines(section, "scaling")
    assert [(figure.x.title, figure.lines[0].x) for figure in (quality, count)] == [
        ("Width", (4.0, 64.0, 256.0)), ("Parameters", (400.0, 6400.0, 25600.0)),
    ]  # fmt: skip
    assert [figure.x.title for figure in (cost, cost_count)] == ["Width", "Parameters"]
    assert cost.x.is_log
    assert cost.y.is_log
    assert not quality.y.is_log
    assert all(value > 0 for line in cost.lines for value in (*line.y, *line.low))
    assert "rises for mlp, width 4 to 256 (+0.25)" in findings(section)[0]


def targets() -> list[RunRecord]:
    values = {"mlp": (1.0, 2.0, 3.0), "lenet": (4.0, math.inf, 5.0), "logistic": (math.inf,) * 3}
    return [timed(label, seed, value) for label, each in values.items() for seed, value in enumerate(each)]


def test_misses_are_misses_in_the_table() -> None:
    section = data(targets())
    main = section.main
    assert main is not None
    assert (main.measure.name, main.measure.is_target) == ("time_to_target", True)
    assert [each.measure.name for each in section.variables].count("time_to_target") == 1
    found = {row.label: row.values[main.key] for row in section.rows}
    assert list(found) == ["mlp", "lenet", "logistic"]
    assert (found["mlp"].mean, found["mlp"].infinite) == (2.0, 0)
    assert (found["lenet"].mean, found["lenet"].low, found["lenet"].infinite) == (4.5, None, 1)
    assert (found["logistic"].mean, found["logistic"].infinite) == (math.inf, 3)
    (told,) = findings(only(targets()))
    assert told == (
        "Runs that reached accuracy 0.9: mlp 3 of 3 in 1.0 s to 3.0 s; lenet 2 of 3 in 4.0 s to 5.0 s; logistic 0 of 3."
    )


def test_a_model_some_of_whose_runs_missed_is_never_best() -> None:
    missing = [timed("missing", seed, 0.01 + seed / 1e4 if seed < 5 else math.inf) for seed in range(6)]
    steady = [timed("steady", seed, 1.0 + seed / 50) for seed in range(6)]
    slow = [timed("slow", seed, 3.0 + seed**2 / 50) for seed in range(6)]
    section = data([*missing, *steady, *slow])
    assert section.main is not None
    standings = {row.label: row.values[section.main.key].standing for row in section.rows}
    assert standings["missing"] != "best"
    assert standings["slow"] == "distinguishable"
    assert standings["steady"] != "distinguishable"


def test_share_of_runs_that_reached_the_target() -> None:
    crashed = failed(plan("mlp", protocol="time-to-target", seed=3), times=Times(train_seconds=2.5))
    (figure,) = lines(only([*targets(), crashed]), "time-to-target")
    mlp, lenet, logistic = figure.lines
    assert (figure.y.is_share, figure.y.low, figure.y.high, figure.is_step) == (True, 0.0, 1.0, True)
    assert mlp.note == "3 of 4 reached"
    assert mlp.y == (0.0, 0.25, 0.5, 0.75, 0.75)
    assert (mlp.x, mlp.misses) == ((0.0, 1.0, 2.0, 3.0, 3.0), (2.5,))
    assert (lenet.x, lenet.misses) == ((0.0, 4.0, 5.0, 9.0), (9.0,))
    assert (set(logistic.y), logistic.misses) == ({0.0}, (9.0,) * 3)


def test_runs_that_were_never_made_count_for_nothing() -> None:
    """A run that was skipped, or ended with its session, was not tried: it missed no target."""
    lost = [
        failed(plan("mlp", protocol="time-to-target", seed=3 + number), status)
        for number, status in enumerate(("skipped", "killed"))
    ]
    (figure,) = lines(only([*targets(), *lost]), "time-to-target")
    assert figure.lines[0].note == "3 of 3 reached"


def test_a_logarithmic_share_begins_before_the_first_run_not_at_zero() -> None:
    (figure,) = lines(only([timed("mlp", 0, 0.01), timed("mlp", 1, 5.0)]), "time-to-target")
    assert figure.x.is_log
    assert 0 < figure.lines[0].x[0] < 0.01


def test_times_to_target_of_two_machines_never_share_a_column() -> None:
    runs = [*targets(), *(timed("mlp", seed, 9.0, environment_id="env-b") for seed in range(3, 6))]
    assert len(data(runs).mains) == 2
    made = only(runs)
    columns = [column.condition for column in table(made).columns if column.measure == "time_to_target"]
    assert columns == ["environment A", "environment B"]
    (figure,) = lines(made, "time-to-target")
    assert [(line.label, line.condition, line.note) for line in figure.lines] == [
        ("mlp", "environment A", "3 of 3 reached"),
        ("lenet", "environment A", "2 of 3 reached"),
        ("logistic", "environment A", "0 of 3 reached"),
        ("mlp", "environment B", "3 of 3 reached"),
    ]
    assert [", environment A: " in findings(made)[0], ", environment B: " in findings(made)[1]] == [True, True]


def test_json_of_the_command_line_knows_no_infinity() -> None:
    assert finite({"a": [math.inf, -math.inf, math.nan, 1.5, 2, "x"], "b": ({"c": math.nan},)}) == {
        "a": [None, None, None, 1.5, 2, "x"], "b": [{"c": None}],
    }  # fmt: skip


def transfer(sizes: dict[int, tuple[float, float]]) -> list[RunRecord]:
    return [
        record(
            plan("mlp", protocol="transfer", variant={"training_size": size, "start": start}, seed=seed),
            accuracy=value + draw(size, start, seed),
            details={"pre_training_seconds": 3.0} if start == "pre-trained" else {},
        )
        for size, values in sizes.items()
        for start, value in zip(("pre-trained", "from scratch"), values, strict=True)
        for seed in range(6)
    ]


def test_transfer_has_two_lines_for_each_model_and_says_its_cost() -> None:
    section = only(transfer({20: (0.9, 0.6), 1000: (0.97, 0.97)}))
    (figure,) = lines(section, "transfer")
    assert [(line.label, line.condition, line.x) for line in figure.lines] == [
        ("mlp", "from scratch", (20.0, 1000.0)), ("mlp", "pre-trained", (20.0, 1000.0)),
    ]  # fmt: skip
    gain, cost = findings(section)
    assert gain == (
        "Accuracy from scratch to pre-trained: rises for mlp, 20 samples (+0.30); not decided for mlp, 1,000 samples."
    )
    assert "mlp 3.0 s before 2.0 s of fine-tuning" in cost
    assert effect(section, "-pre-training") == {
        "mlp, 20 samples": ("better", "6"), "mlp, 1,000 samples": ("not decided", "6"),
    }  # fmt: skip
    undecided = table(section, "-pre-training").rows[1]
    assert re.search(r"\d+ seeds", undecided.cells["remedy"].text)
    assert "Holds for other seeds (6) on this very test part" in table(section, "-pre-training").caption


def test_many_undecided_effects_are_counted_and_the_table_has_them() -> None:
    sizes = {size: (0.95 if size == 20 else 0.9, 0.9) for size in (20, 50, 100, 200, 500, 1000, 2000)}
    section = only(transfer(sizes))
    told = findings(section)[0]
    ends = re.search(r"mlp, 20 samples \(\+0\.05\d*\); not decided for 6 of 7 \((\S+) to (\S+)\)\.", told)
    assert ends is not None
    low, high = (float(end.replace("−", "-")) for end in ends.groups())
    assert low < high
    assert [verdict for verdict, _ in effect(section, "-pre-training").values()].count("not decided") == 6


def tuned(label: str, seed: int, value: float, **settings: Any) -> RunRecord:
    trials = [
        {"setting": {"width": width}, "objective": objective, "state": "complete"}
        for width, objective in ((8, 0.8), (64, 0.7), (32, 0.9), (16, None))
    ]
    cost = Score(name="tuning_seconds", value=20.0, higher_is_better=False, unit="s", detail={"trials": 4})
    return record(
        plan(label, protocol="tuned", seed=seed, settings={"protocol": {**BUDGET, **settings, "trials": 4}}),
        scores=(Score(name="accuracy", value=value, higher_is_better=True), cost),
        details={"best": {"width": 32, "depth": 2}, "trials": trials},
    )


def untuned(label: str, seed: int, value: float, **settings: Any) -> RunRecord:
    return record(plan(label, seed=seed, settings={"protocol": {**BUDGET, **settings}}), accuracy=value)


def tuned_section(records: Iterable[RunRecord]) -> Section:
    return next(section for section in results(report(records)) if section.protocol == "tuned")


def kinds(section: Section, kind: type) -> list[Any]:
    return [block for block in blocks(section) if isinstance(block, kind)]


def both() -> list[RunRecord]:
    return [
        make(label, seed, value + draw(label, value, seed))
        for label, before, after in (("mlp", 0.90, 0.95), ("lenet", 0.97, 0.97001))
        for seed in range(6)
        for make, value in ((untuned, before), (tuned, after))
    ]


def test_tuned_against_untuned_with_its_cost() -> None:
    section = tuned_section(both())
    gain, cost = findings(section)
    assert gain == "Accuracy from untuned to tuned: rises for mlp (+0.050); not decided for lenet."
    cost_words = "wall time, set-up and evaluation on the validation part included"
    assert cost.startswith(f"Tuning cost ({cost_words}), not in the training times: ")
    assert cost.endswith("mlp 20 s for 4 trials.")
    difference = next(row for row in table(section, "-tuning").rows if row.label == "mlp").cells["difference"]
    assert difference.text == "+0.0499"
    assert difference.interval == "+0.0488 to +0.0511"
    (dots,) = kinds(section, DotFigure)
    assert [(dot.label, dot.series) for dot in dots.dots] == [
        ("lenet", "untuned"), ("lenet", "tuned"), ("mlp", "untuned"), ("mlp", "tuned"),
    ]  # fmt: skip
    assert all(dot.ends is not None and dot.ends[0] < dot.value < dot.ends[1] for dot in dots.dots)
    (spent,) = kinds(section, ScatterFigure)
    seconds = {(point.label, point.condition): point.x for point in spent.points}
    assert (seconds["mlp", "untuned"], seconds["mlp", "tuned"]) == (2.0, 22.0)
    assert {(point.label, point.condition) for point in spent.points if point.is_on_front} >= {("lenet", "untuned")}
    (search,) = lines(section, "search")
    assert search.lines[0].y == pytest.approx((0.8, 0.8, 0.9, 0.9))


def test_settings_that_a_search_found_are_listed_once() -> None:
    found = next(
        block for block in blocks(tuned_section(both())) if isinstance(block, Table) and "settings" in block.key
    )
    assert [(row.label, row.cells["setting"].text, row.cells["runs"].text) for row in found.rows] == [
        ("lenet", "width 32, depth 2", "6"), ("mlp", "width 32, depth 2", "6"),
    ]  # fmt: skip


def test_search_for_a_low_objective_falls() -> None:
    run = tuned("gan", 0, 0.5)
    low = run.model_copy(update={"details": {**run.details, "best": {"width": 64}}})
    (search,) = lines(only([low]), "search")
    assert search.lines[0].y == pytest.approx((0.8, 0.7, 0.7, 0.7))
    assert search.y.better == "lower"


def test_tuned_is_not_compared_under_another_budget() -> None:
    runs = [tuned("mlp", seed, 0.9) for seed in range(3)]
    assert "no fixed-budget runs of this data set" in findings(tuned_section(runs))[0]
    longer = [untuned("mlp", seed, 0.9, epochs=99) for seed in range(3)]
    section = tuned_section([*runs, *longer])
    assert "had another budget" in findings(section)[0]
    assert not kinds(section, DotFigure)
    assert not kinds(section, ScatterFigure)


def test_tuned_beside_untuned_runs_that_all_failed() -> None:
    runs = [tuned("mlp", seed, 0.9) for seed in range(3)]
    lost = [failed(untuned("mlp", seed, 0.9).run) for seed in range(3)]
    section = tuned_section([*runs, *lost])
    assert "no fixed-budget run of these models ended well" in findings(section)[0]
    assert not kinds(section, DotFigure)


def test_a_tuned_model_some_of_whose_runs_failed_stands_on_no_front() -> None:
    runs = [each for each in both() if each.run.label == "mlp"]
    lost = [failed(each.run) if (each.run.protocol, each.run.seed) == ("tuned", 0) else each for each in runs]
    (spent,) = kinds(tuned_section(lost), ScatterFigure)
    assert {(point.condition, point.is_on_front, point.note) for point in spent.points} == {
        ("untuned", True, ""), ("tuned", False, "5 of 6 runs"),
    }  # fmt: skip


def test_cost_of_tuning_is_not_drawn_across_machines() -> None:
    runs = [*(tuned("mlp", seed, 0.9) for seed in range(3)), *(untuned("mlp", seed, 0.8) for seed in range(3))]
    apart = [
        each.model_copy(update={"environment_id": "env-b"}) if each.run.protocol == "tuned" else each for each in runs
    ]
    assert kinds(tuned_section(runs), ScatterFigure)
    assert not kinds(tuned_section(apart), ScatterFigure)
