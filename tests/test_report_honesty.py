"""The report claims no more than its runs allow: failures, machines and judges are never passed over in silence."""

from __future__ import annotations

import csv as csv_module
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.record import CurvePoint, Latency, RunRecord, Score, Times
from bench.report import LineFigure, ScatterFigure
from bench_reports import csv, latex, markdown
from tests.report_records import failed, only, plan, record, report


def models(values: dict[str, float], lost: Iterable[tuple[str, int]] = (), **planned: Any) -> list[RunRecord]:
    """Return six seeds of each model; lost: the label and seed of runs that failed."""
    runs = []
    for label, value in values.items():
        for seed in range(6):
            run = plan(label, seed=seed, **planned)
            made = record(run, accuracy=value + random.Random(f"{label}{seed}{planned}").gauss(0, 0.002))
            runs.append(failed(run, data=made.data) if (label, seed) in set(lost) else made)
    return runs


def judged(label: str, seed: int, machine: str, value: float = 5.0) -> RunRecord:
    score = Score(name="fid", value=value + seed / 10, higher_is_better=False, detail={"judge": f"of {machine}"})
    return record(plan(label, seed=seed), scores=(score,), environment_id=machine)


def test_judges_of_two_machines_share_no_column() -> None:
    section = only(judged("gan", seed, "env-a" if seed < 3 else "env-b") for seed in range(6))
    scores = [column for column in section.columns if column.measure.name == "fid"]
    assert [column.condition for column in scores] == ["judge of env-a", "judge of env-b"]
    assert [section.rows[0].cells[column.key].count for column in scores] == [3, 3]


def test_a_score_of_another_judge_is_no_failure_in_the_ranks() -> None:
    runs = []
    for dataset in ("digits", "iris", "wine"):
        for number, label in enumerate("abc"):
            for seed in range(3):
                own = Score(name="fd:one", value=number + 1.0, higher_is_better=False)
                other = own.model_copy(update={"name": "fd:other"})
                is_other = label == "a" and seed == 2
                runs.append(record(plan(label, dataset=dataset, seed=seed), scores=(other if is_other else own,)))
    (ranks,) = report(runs).ranks
    assert [(row.label, row.values[0]) for row in ranks.rows] == [("a", -1.0), ("b", -2.0), ("c", -3.0)]


def test_a_model_that_another_judge_scored_is_not_ranked() -> None:
    runs = []
    for dataset in ("digits", "iris", "wine"):
        for number, label in enumerate("abcd"):
            name = "fd:other" if label == "d" else "fd:one"
            score = Score(name=name, value=number + 1.0, higher_is_better=False)
            runs.append(record(plan(label, dataset=dataset), scores=(score,)))
    (ranks,) = report(runs).ranks
    assert [row.label for row in ranks.rows] == ["a", "b", "c"]


def test_models_left_out_for_failures_are_named() -> None:
    finding = only(models({"best": 0.99, "good": 0.9, "poor": 0.5}, lost=[("best", 2)])).findings[0]
    assert "good has the best mean of those without failures and can be told apart from poor" in finding
    assert finding.endswith("left out for failed runs or missed targets: best).")
    whole = only(models({"good": 0.9, "poor": 0.5})).findings[0]
    assert "good has the best mean and can be told apart from poor" in whole
    assert "left out" not in whole
    alone = only(models({"best": 0.99, "good": 0.9}, lost=[("best", 2)])).findings[0]
    assert alone.endswith("so nothing is compared (left out for failed runs or missed targets: best).")


def test_a_model_that_was_only_skipped_is_not_said_to_have_failed() -> None:
    skipped = failed(plan("boosted", seed=0), "skipped", "xgboost is not installed", data={})
    assert "left out" not in only([*models({"good": 0.9, "poor": 0.5}), skipped]).findings[0]


def test_good_runs_of_a_cell_are_counted_by_seed() -> None:
    section = only(record(plan(seed=seed, threads=threads)) for threads in (1, 2) for seed in range(3))
    cell = section.rows[0].cells[section.columns[0].key]
    assert (cell.count, cell.run_count) == (3, 3)


def test_csv_counts_the_runs_on_the_device_of_the_column(tmp_path: Path) -> None:
    runs = models({"mlp": 0.9})
    cuda = [record(plan("mlp", device="cuda", seed=seed)) for seed in range(2)]
    cuda.append(failed(plan("mlp", device="cuda", seed=2)))
    with csv.render(report([*runs, *cuda]), tmp_path).open(newline="", encoding="utf-8") as file:
        found = {line["device"]: line for line in csv_module.DictReader(file) if line["measure"] == "accuracy"}
    assert {device: (line["ok_runs"], line["runs"]) for device, line in found.items()} == {
        "cpu": ("6", "6"), "cuda": ("2", "3"),
    }  # fmt: skip


def test_a_model_with_failed_runs_is_drawn_but_not_on_the_front() -> None:
    section = only(models({"lucky": 0.99, "steady": 0.9}, lost=[("lucky", 0)]))
    (figure,) = (each for each in section.figures if isinstance(each, ScatterFigure))
    assert {point.label: point.is_on_front for point in figure.points} == {"lucky": False, "steady": True}


def scaled(lost: Iterable[tuple[str, int]] = ()) -> list[RunRecord]:
    small, large = (
        models({"mlp": value}, lost if width == 64 else (), protocol="scaling", variant={"width": width})
        for width, value in ((4, 0.5), (64, 0.9))
    )
    return [*small, *large]


def test_an_effect_with_failed_runs_is_told_but_not_called_real() -> None:
    assert "not judged" not in only(scaled()).findings[0]
    assert "within noise" not in only(scaled()).findings[0]
    finding = only(scaled(lost=[("mlp", 1), ("mlp", 4)])).findings[0]
    assert "mlp from width 4 to 64: +0.4" in finding
    assert "not judged: 2 runs without a value" in finding


def test_curves_with_failed_runs_do_not_cross() -> None:
    values = {30: {"lenet": 0.5, "logistic": 0.8}, 1000: {"lenet": 0.99, "logistic": 0.9}}

    def runs(lost: Iterable[tuple[str, int]]) -> list[RunRecord]:
        return [
            run
            for size, each in values.items()
            for run in models(
                each, lost if size == 30 else (), protocol="learning-curve", variant={"training_size": size}
            )
        ]

    assert only(runs([])).findings[0].startswith("Curves that cross")
    finding = only(runs([("lenet", 0)])).findings[0]
    assert "1 of 2 points not judged for runs without a value" in finding


def watched(seed: int, seconds: float, **changes: Any) -> RunRecord:
    points = tuple(
        CurvePoint(epoch=epoch, step=epoch, train_seconds=seconds * epoch, train_loss=1.0, validation={"accuracy": 0.5})
        for epoch in (1, 2, 3)
    )
    return record(plan(seed=seed), curve=points, times=Times(train_seconds=3 * seconds), **changes)


def test_seconds_of_two_machines_are_not_averaged_in_learning_curves() -> None:
    section = only([watched(0, 1.0), watched(1, 50.0, environment_id="env-b"), watched(2, 9.0, is_alone=False)])
    drawn = {
        figure.axis: [(line.condition, line.run_count) for line in figure.lines]
        for figure in section.figures
        if isinstance(figure, LineFigure) and figure.name == "learning"
    }
    assert drawn["epochs"] == [("", 3)]
    assert sorted(drawn["seconds"]) == [
        ("environment A", 1), ("environment A, in company", 1), ("environment B", 1),
    ]  # fmt: skip


def test_costs_of_two_machines_are_not_averaged() -> None:
    def tuned(seed: int, seconds: float, machine: str) -> RunRecord:
        cost = Score(name="tuning_seconds", value=seconds, higher_is_better=False, unit="s")
        scores = (Score(name="accuracy", value=0.9, higher_is_better=True), cost)
        return record(plan("mlp", protocol="tuned", seed=seed), scores=scores, environment_id=machine)

    def transferred(seed: int, seconds: float, machine: str) -> RunRecord:
        run = plan("mlp", protocol="transfer", variant={"training_size": 9, "start": "pre-trained"}, seed=seed)
        return record(run, details={"pre_training_seconds": seconds}, environment_id=machine)

    for make in (tuned, transferred):
        told = only([make(0, 20.0, "env-a"), make(1, 80.0, "env-b")]).findings
        costs = [finding for finding in told if "cost (wall time, set-up" in finding]
        assert ["environment A: mlp 20 s" in costs[0], "environment B: mlp 80 s" in costs[1]] == [True, True]


def test_latex_takes_no_label_for_the_option_of_the_row_before(tmp_path: Path) -> None:
    assert latex.escape("[wide]*") == "{[}wide{]}{*}"
    source = latex.render(report([*models({"a": 0.9}), *models({"[wide]": 0.8})]), tmp_path).read_text(encoding="utf-8")
    assert "    {[}wide{]} &" in source


def test_markdown_tells_failures_of_two_protocols_apart(tmp_path: Path) -> None:
    runs = [failed(plan("mlp", protocol="scaling", variant={"width": width})) for width in (4, 64)]
    source = markdown.render(report(runs), tmp_path).read_text(encoding="utf-8")
    assert "| mlp | digits | classification | scaling | width = 64 | cpu | 0 | failed |" in source


def test_untuned_runs_that_failed_are_said_to_have_failed() -> None:
    runs = models({"mlp": 0.9}, protocol="tuned")
    lost = [(label, seed) for label in ("mlp",) for seed in range(6)]

    def told(lost: list[tuple[str, int]]) -> str:
        made = report([*runs, *models({"mlp": 0.8}, lost)]).sections
        return next(section.findings[0] for section in made if section.protocol == "tuned")

    assert told(lost) == "Tuned is compared with nothing: no fixed-budget run of these models ended well."
    assert "from untuned to tuned: mlp: +0.1" in told(lost[:2])
    assert "not judged: 2 runs without a value" in told(lost[:2])


def test_the_table_names_what_a_search_found_and_not_what_it_began_with() -> None:
    def tuned(label: str, widths: list[int]) -> list[RunRecord]:
        runs = [plan(label, protocol="tuned", hyperparameters={"width": 4, "depth": 2}, seed=s) for s in range(3)]
        pairs = zip(runs, widths, strict=True)
        return [record(run, accuracy=0.9 + run.seed / 99, details={"best": {"width": width}}) for run, width in pairs]

    rows = {row.label: row.hyperparameters for row in only([*tuned("a", [8, 16, 8]), *tuned("b", [8, 8, 8])]).rows}
    assert rows == {"a": {"width": "searched", "depth": 2}, "b": {"width": 8, "depth": 2}}
    (row,) = only([failed(plan(protocol="tuned"))]).rows
    assert row.hyperparameters == {}


def test_latency_without_tails_is_no_zero() -> None:
    latency = Latency(
        p50_seconds=0.002, p95_seconds=None, p99_seconds=None, repeats=9, throughput_per_second=64.0, batch_size=64
    )
    runs = [record(plan(seed=seed), latency=latency) for seed in range(3)]
    section = only(runs)
    assert "latency_p50" in {column.measure.name for column in section.columns}
    assert not {"latency_p95", "latency_p99"} & {column.measure.name for column in section.columns}
