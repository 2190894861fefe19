"""What the report draws and says for each protocol."""

from __future__ import annotations

import csv as csv_module
import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bench.cli.common import finite
from bench.record import ModelSize, RunRecord, Score, Times
from bench.report import DotFigure, Report, ScatterFigure, Section
from bench_reports import csv, html, latex, markdown
from bench_reports.charts import chart
from tests.report_records import draw, failed, lines, only, plan, record, report, terminal_text, timed

BUDGET = {"epochs": 10, "steps": None, "batch_size": 32, "learning_rate": 0.003}


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


def test_learning_curves_that_cross_are_named() -> None:
    section = only(learning_curve({"lenet": {30: 0.5, 1000: 0.99}, "logistic": {30: 0.8, 1000: 0.9}}))
    (quality,) = lines(section, "training-size")
    assert [line.x for line in quality.lines] == [(30.0, 1000.0)] * 2
    assert lines(section, "training-size-cost")[0].y_title == "Training time (s)"
    assert section.findings[0] == (
        "Curves that cross: logistic is better than lenet with 30 samples, lenet is better with 1,000."
    )


def test_learning_curves_that_do_not_cross_are_said_not_to() -> None:
    section = only(learning_curve({"lenet": {30: 0.8, 1000: 0.99}, "logistic": {30: 0.5, 1000: 0.9}}))
    assert section.findings[0].startswith("No two of 2 curves cross beyond noise (2 paired t tests")
    one_seed = only(learning_curve({"a": {30: 0.8, 1000: 0.9}, "b": {30: 0.5, 1000: 0.99}}, seeds=1))
    assert one_seed.findings[0] == "No two of 2 curves cross beyond noise (too few shared seeds)."


def test_curves_of_a_loss_cross_the_other_way_round() -> None:
    runs = [
        each.model_copy(
            update={
                "scores": (each.scores[0].model_copy(update={"name": "loss", "higher_is_better": False}),),
                "objective": "loss",
            }
        )
        for each in learning_curve({"lenet": {30: 0.5, 1000: 0.99}, "logistic": {30: 0.8, 1000: 0.9}})
    ]
    assert "lenet is better than logistic with 30 samples, logistic is better with 1,000" in only(runs).findings[0]


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
    assert [(line.label, line.condition, line.x) for line in figure.lines] == [
        ("lenet", "", (0.0, 0.2, 0.4)), ("mlp", "", (0.0, 0.2, 0.4)),
    ]  # fmt: skip
    (control,) = (each for each in section.figures if isinstance(each, DotFigure))
    assert [(dot.label, dot.series) for dot in control.dots] == [
        ("lenet", "in order"), ("lenet", "shuffled"), ("mlp", "in order"), ("mlp", "shuffled"),
    ]  # fmt: skip
    assert re.match(r"Accuracy from 0% to 40% wrong labels: lenet: -0\.2\d+ \(", section.findings[0])
    assert "within noise" not in section.findings[0]
    assert "from inputs in order to shuffled: lenet: -0.3" in section.findings[1]


def test_noise_without_its_control() -> None:
    section = only(each for each in noise() if each.run.variant["inputs"] == "in order")
    assert not any(isinstance(each, DotFigure) for each in section.figures)


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
    assert [(figure.axis, figure.lines[0].x) for figure in lines(section, "scaling")] == [
        ("width", (4.0, 64.0, 256.0)), ("parameters", (400.0, 6400.0, 25600.0)),
    ]  # fmt: skip
    cost = lines(section, "scaling-cost")
    assert [figure.axis for figure in cost] == ["width", "parameters"]
    assert cost[0].is_log_x
    assert cost[0].is_log_y
    assert "mlp from width 4 to 256: +0.25" in section.findings[0]
    drawn = chart(cost[0], ["mlp", "mlp-1"])
    assert drawn["y"]["type"] == "log"
    assert all(value > 0 for trace in drawn["traces"] for value in trace["y"])


def targets() -> list[RunRecord]:
    values = {"mlp": (1.0, 2.0, 3.0), "lenet": (4.0, math.inf, 5.0), "logistic": (math.inf,) * 3}
    return [timed(label, seed, value) for label, each in values.items() for seed, value in enumerate(each)]


def test_misses_are_misses_in_the_table() -> None:
    section = only(targets())
    main = section.columns[0]
    assert (main.measure.name, main.measure.is_target) == ("time_to_target", True)
    assert [column.measure.name for column in section.columns].count("time_to_target") == 1
    cells = {row.label: row.cells[main.key] for row in section.rows}
    assert [row.label for row in section.rows] == ["mlp", "lenet", "logistic"]
    assert (cells["mlp"].mean, cells["mlp"].infinite) == (2.0, 0)
    assert (cells["lenet"].mean, cells["lenet"].low, cells["lenet"].infinite) == (4.5, None, 1)
    assert (cells["logistic"].mean, cells["logistic"].infinite) == (math.inf, 3)
    assert (
        "Runs that reached accuracy 0.9: mlp 3 of 3 in 1 to 3 s; lenet 2 of 3 in 4 to 5 s; logistic 0 of 3."
        in (section.findings[0])
    )


def test_a_model_with_lucky_seeds_only_is_never_best() -> None:
    lucky = [timed("lucky", seed, 0.01 + seed / 1e4 if seed < 5 else math.inf) for seed in range(6)]
    steady = [timed("steady", seed, 1.0 + seed / 50) for seed in range(6)]
    slow = [timed("slow", seed, 3.0 + seed**2 / 50) for seed in range(6)]
    section = only([*lucky, *steady, *slow])
    best = {row.label for row in section.rows if row.cells[section.columns[0].key].is_best}
    assert best == {"steady"}


def test_share_of_runs_that_reached_the_target() -> None:
    crashed = failed(plan("mlp", protocol="time-to-target", seed=3), times=Times(train_seconds=2.5))
    (figure,) = lines(only([*targets(), crashed]), "time-to-target")
    mlp, lenet, logistic = figure.lines
    assert figure.is_share
    assert mlp.note == "3 of 4 reached"
    assert mlp.mean == (0.0, 0.25, 0.5, 0.75, 0.75)
    assert (mlp.x, mlp.misses) == ((0.0, 1.0, 2.0, 3.0, 3.0), (2.5,))
    assert (lenet.x, lenet.misses) == ((0.0, 4.0, 5.0, 9.0), (9.0,))
    assert (set(logistic.mean), logistic.misses) == ({0.0}, (9.0,) * 3)
    traces = chart(figure, ["mlp", "lenet", "logistic"])["traces"]
    crosses = [trace for trace in traces if trace.get("marker", {}).get("symbol") == "x-thin"]
    assert [trace["y"] for trace in crosses] == [[0.5], [0.66667], [0.0, 0.0, 0.0]]
    assert {trace["line"].get("shape") for trace in traces if trace["mode"] == "lines"} == {"hv"}


def test_a_logarithmic_share_begins_before_the_first_run_not_at_zero() -> None:
    (figure,) = lines(only([timed("mlp", 0, 0.01), timed("mlp", 1, 5.0)]), "time-to-target")
    assert figure.is_log_x
    assert 0 < figure.lines[0].x[0] < 0.01


def test_times_to_target_of_two_machines_never_share_a_column() -> None:
    runs = [*targets(), *(timed("mlp", seed, 9.0, environment_id="env-b") for seed in range(3, 6))]
    section = only(runs)
    columns = [column.condition for column in section.columns if column.measure.name == "time_to_target"]
    assert columns == ["environment A", "environment B"]
    (figure,) = lines(section, "time-to-target")
    assert [(line.label, line.condition, line.note) for line in figure.lines] == [
        ("mlp", "environment A", "3 of 3 reached"),
        ("lenet", "environment A", "2 of 3 reached"),
        ("logistic", "environment A", "0 of 3 reached"),
        ("mlp", "environment B", "3 of 3 reached"),
    ]


@pytest.fixture
def missed() -> Report:
    worse = (Score(name="log_loss", value=math.inf, higher_is_better=False),)
    odd = (Score(name="margin", value=math.inf, higher_is_better=True),)
    return report(
        [
            *targets(),
            record(plan("infinite", dataset="wine"), scores=worse),
            record(plan("good", dataset="iris"), scores=odd),
        ]
    )


def test_no_format_breaks_on_what_is_infinite(missed: Report, tmp_path: Path) -> None:
    source = html.render(missed, tmp_path).read_text(encoding="utf-8")
    assert ">missed<" in source
    assert 'data-value="Infinity"' in source
    assert "2 of 3 reached" in source
    assert ">∞<" in source
    for data in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', source, flags=re.S):
        json.loads(data, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    text = markdown.render(missed, tmp_path).read_text(encoding="utf-8")
    assert "missed (0 of 3 reached)" in text
    assert "4.5 (2 of 3 reached)" in text
    tex = latex.render(missed, tmp_path).read_text(encoding="utf-8")
    assert "& missed (0 of 3 reached) &" in tex
    assert r"& $\infty$ (1 of 1 infinite)" in tex
    assert not re.search(r"\binf\b|\bnan\b", tex)


def test_csv_leaves_a_mean_that_is_none_empty_and_counts_the_misses(missed: Report, tmp_path: Path) -> None:
    with csv.render(missed, tmp_path).open(newline="", encoding="utf-8") as file:
        found = {(line["model"], line["measure"]): line for line in csv_module.DictReader(file)}
    assert [found["logistic", "time_to_target"][name] for name in ("mean", "n", "infinite")] == ["", "0", "3"]
    assert [found["lenet", "time_to_target"][name] for name in ("mean", "n", "infinite")] == ["4.5", "2", "1"]
    assert ("good", "margin") not in found


def test_terminal_says_missed(missed: Report) -> None:
    text = terminal_text(missed, 100)
    assert "missed, 0 of 3 reached" in text
    assert "4.5, 2 of 3 reached" in text


def test_json_of_the_command_line_knows_no_infinity() -> None:
    assert finite({"a": [math.inf, -math.inf, math.nan, 1.5, 2, "x"], "b": ({"c": math.nan},)}) == {
        "a": [None, None, None, 1.5, 2, "x"], "b": [{"c": None}],
    }  # fmt: skip


def test_transfer_has_two_lines_for_each_model_and_says_its_cost() -> None:
    runs = [
        record(
            plan("mlp", protocol="transfer", variant={"training_size": size, "start": start}, seed=seed),
            accuracy=value + draw(size, start, seed),
            details={"pre_training_seconds": 3.0} if start == "pre-trained" else {},
        )
        for size, values in ((20, (0.9, 0.6)), (1000, (0.97, 0.97)))
        for start, value in zip(("pre-trained", "from scratch"), values, strict=True)
        for seed in range(6)
    ]
    section = only(runs)
    (figure,) = lines(section, "transfer")
    assert [(line.label, line.condition, line.x) for line in figure.lines] == [
        ("mlp", "from scratch", (20.0, 1000.0)), ("mlp", "pre-trained", (20.0, 1000.0)),
    ]  # fmt: skip
    assert re.search(
        r"mlp, 20 samples: \+0\.\d+ \([^)]*[^e]\); mlp, 1,000 samples: .*within noise", section.findings[0]
    )
    assert "mlp 3 s before 2 s of fine-tuning" in section.findings[1]


def test_many_effects_within_noise_are_told_by_their_range() -> None:
    runs = [
        record(
            plan("mlp", protocol="transfer", variant={"training_size": size, "start": start}, seed=seed),
            accuracy=0.9 + (size == 20 and start == "pre-trained") / 20 + draw(size, start, seed),
        )
        for size in (20, 50, 100, 200, 500, 1000)
        for start in ("pre-trained", "from scratch")
        for seed in range(6)
    ]
    (told,) = (each for each in only(runs).findings if "from scratch to pre-trained" in each)
    assert re.search(r": mlp, 20 samples: \+0\.05\S* \([^)]*\); 5 of 6 within noise, from ", told)
    ends = re.search(
        r"from mlp, \S+ samples: (\S+) \(.+ to .+\) up to mlp, \S+ samples: (\S+) \(.+ to .+\) \(6 pairs", told
    )
    assert ends is not None
    assert float(ends[1]) < float(ends[2])


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
    return next(section for section in report(records).sections if section.protocol == "tuned")


def test_tuned_against_untuned_with_its_cost() -> None:
    runs = [
        make(label, seed, value + draw(label, value, seed))
        for label, before, after in (("mlp", 0.90, 0.95), ("lenet", 0.97, 0.97001))
        for seed in range(6)
        for make, value in ((untuned, before), (tuned, after))
    ]
    section = tuned_section(runs)
    lenet, mlp = section.findings[0].split("; mlp: ")
    assert lenet.startswith("Accuracy from untuned to tuned: lenet: +0.000")
    assert "within noise" in lenet
    assert mlp.startswith("+0.0499 (+0.0488 to +0.0511) (6 pairs each")
    cost_words = "wall time, set-up and looks at the validation part included"
    assert section.findings[1].startswith(f"Tuning cost ({cost_words}), not in the training times: ")
    assert section.findings[1].endswith("mlp 20 s for 4 trials.")
    assert "Best settings of mlp: width 32, depth 2 (seed 0, 1, 2, 3, 4, 5)." in section.findings
    (dots,) = (each for each in section.figures if isinstance(each, DotFigure))
    assert [(dot.label, dot.series) for dot in dots.dots] == [
        ("lenet", "untuned"), ("lenet", "tuned"), ("mlp", "untuned"), ("mlp", "tuned"),
    ]  # fmt: skip
    (cost,) = (each for each in section.figures if isinstance(each, ScatterFigure))
    spent = {(point.label, point.condition): point.x.mean for point in cost.points}
    assert (spent["mlp", "untuned"], spent["mlp", "tuned"]) == (2.0, 22.0)
    (search,) = lines(section, "search")
    assert search.lines[0].mean == pytest.approx((0.8, 0.8, 0.9, 0.9))


def test_search_for_a_low_objective_falls() -> None:
    run = tuned("gan", 0, 0.5)
    low = run.model_copy(update={"details": {**run.details, "best": {"width": 64}}})
    (search,) = lines(only([low]), "search")
    assert search.lines[0].mean == pytest.approx((0.8, 0.7, 0.7, 0.7))


def test_tuned_is_not_compared_under_another_budget() -> None:
    runs = [make("mlp", seed, 0.9) for seed in range(3) for make in (tuned,)]
    assert "no fixed-budget runs of this data set" in tuned_section(runs).findings[0]
    longer = [untuned("mlp", seed, 0.9, epochs=99) for seed in range(3)]
    section = tuned_section([*runs, *longer])
    assert "had another budget" in section.findings[0]
    assert not any(isinstance(each, DotFigure | ScatterFigure) for each in section.figures)


def test_cost_of_tuning_is_not_drawn_across_machines() -> None:
    runs = [*(tuned("mlp", seed, 0.9) for seed in range(3)), *(untuned("mlp", seed, 0.8) for seed in range(3))]
    apart = [
        each.model_copy(update={"environment_id": "env-b"}) if each.run.protocol == "tuned" else each for each in runs
    ]
    assert any(isinstance(each, ScatterFigure) for each in tuned_section(runs).figures)
    assert not any(isinstance(each, ScatterFigure) for each in tuned_section(apart).figures)
