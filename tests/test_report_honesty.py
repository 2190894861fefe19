"""The report claims no more than its runs allow: failures, machines and devices are never passed over in silence."""

from __future__ import annotations

import csv as csv_module
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.record import CurvePoint, Latency, RunRecord, Score, Times
from bench.report import Log, Prose, Report, Table
from bench_reports import csv
from tests.report_records import data, failed, lines, only, plan, record, report, table


def models(values: dict[str, float], lost: Iterable[tuple[str, int]] = (), **planned: Any) -> list[RunRecord]:
    """Return six seeds of each model; lost: the label and seed of runs that failed."""
    runs = []
    for label, value in values.items():
        for seed in range(6):
            run = plan(label, seed=seed, **planned)
            made = record(run, accuracy=value + random.Random(f"{label}{seed}{planned}").gauss(0, 0.002))
            runs.append(failed(run, data=made.data) if (label, seed) in set(lost) else made)
    return runs


def said(made: Report) -> str:
    """Return every sentence of the answers."""
    prose = [block for section, block in made.blocks() if section.kind == "answers" and isinstance(block, Prose)]
    return " ".join(sentence for each in prose for sentence in each.sentences)


def test_a_model_with_failed_runs_leads_nobody_and_the_answer_says_why() -> None:
    values = {"best": 0.99, "good": 0.9, "poor": 0.5}
    told = said(report(models(values, lost=[("best", 2)])))
    assert "best has the best" not in told
    assert "Nothing is decided between best and good: 1 of 6 runs of best failed" in told
    assert "are needed" not in told
    shown = table(only(models(values, lost=[("best", 2)])))
    assert [row.cells["seeds"].text for row in shown.rows] == ["5/6 ok", "6", "6"]
    assert [row.cells["accuracy#0"].marks for row in shown.rows] == [("†",), (), ()]
    assert "successful runs only" in shown.notes["†"]
    assert "best has the best accuracy" in said(report(models(values)))


def test_the_mean_of_successful_runs_is_marked_beside_other_data_sets_too() -> None:
    whole = models({"best": 0.99, "good": 0.9}, dataset="wine")
    made = report([*models({"best": 0.99, "good": 0.9}, lost=[("best", 2)]), *whole])
    shown = next(block for section, block in made.blocks() if section.key == "overview" and isinstance(block, Table))
    marks = {row.label: [row.cell(column).marks for column in shown.columns[1:]] for row in shown.rows}
    assert marks == {"best": [("†",), ()], "good": [(), ()]}
    assert "†" in shown.notes


def test_a_model_that_was_only_skipped_is_not_said_to_have_failed() -> None:
    skipped = failed(plan("boosted", seed=0), "skipped", "xgboost is not installed", data={})
    runs = models({"good": 0.9, "poor": 0.5})
    assert said(report([*runs, skipped])) == said(report(runs))


def test_good_runs_of_a_cell_are_counted_by_seed() -> None:
    section = data(record(plan(seed=seed, threads=threads)) for threads in (1, 2) for seed in range(3))
    (main,) = section.mains
    summary = section.rows[0].values[main.key]
    assert (summary.count, summary.tried) == (3, 3)


def test_csv_counts_the_runs_on_the_device_of_the_column(tmp_path: Path) -> None:
    cuda = [record(plan("mlp", device="cuda", seed=seed)) for seed in range(2)]
    cuda.append(failed(plan("mlp", device="cuda", seed=2)))
    with csv.render(report([*models({"mlp": 0.9}), *cuda]), tmp_path).open(newline="", encoding="utf-8") as file:
        found = [line for line in csv_module.DictReader(file) if line["measure"] == "train_seconds"]
    assert {line["condition"]: (line["n"], line["note"]) for line in found} == {
        "CPU": ("6", ""), "CUDA": ("2", "2 of 3 runs"),
    }  # fmt: skip


def watched(seed: int, seconds: float, **changes: Any) -> RunRecord:
    points = tuple(
        CurvePoint(epoch=epoch, step=epoch, train_seconds=seconds * epoch, train_loss=1.0, validation={"accuracy": 0.5})
        for epoch in (1, 2, 3)
    )
    return record(plan(seed=seed), curve=points, times=Times(train_seconds=3 * seconds), **changes)


def test_seconds_of_two_machines_are_not_averaged_in_learning_curves() -> None:
    section = only([watched(0, 1.0), watched(1, 50.0, environment_id="env-b"), watched(2, 9.0, is_alone=False)])
    by_epoch, by_second = lines(section, "learning")
    assert [line.condition for line in by_epoch.lines] == [""]
    assert {line.condition: max(line.x) for line in by_second.lines} == {
        "environment A": 3.0, "environment A, concurrent": 27.0, "environment B": 150.0,
    }  # fmt: skip


def test_costs_of_two_machines_are_not_averaged() -> None:
    def tuned(seed: int, seconds: float, machine: str) -> RunRecord:
        cost = Score(name="tuning_seconds", value=seconds, higher_is_better=False, unit="s")
        scores = (Score(name="accuracy", value=0.9, higher_is_better=True), cost)
        return record(plan("mlp", protocol="tuned", seed=seed), scores=scores, environment_id=machine)

    def transferred(seed: int, seconds: float, machine: str) -> RunRecord:
        run = plan("mlp", protocol="transfer", variant={"training_size": 9, "start": "pre-trained"}, seed=seed)
        return record(run, details={"pre_training_seconds": seconds}, environment_id=machine)

    for make in (tuned, transferred):
        section = only([make(0, 20.0, "env-a"), make(1, 80.0, "env-b")])
        told = [sentence for each in section.blocks if isinstance(each, Prose) for sentence in each.sentences]
        costs = [sentence for sentence in told if "cost (wall time, set-up" in sentence]
        assert ["environment A: mlp 20 s" in costs[0], "environment B: mlp 80 s" in costs[1]] == [True, True]


def test_failures_of_two_variants_are_told_apart() -> None:
    runs = [failed(plan("mlp", protocol="scaling", variant={"width": width})) for width in (4, 64)]
    log = next(block for _, block in report(runs).blocks() if isinstance(block, Log) and block.key == "failures")
    assert [entry.title for entry in log.entries] == [
        "mlp on digits, width = 4, seed 0: failed", "mlp on digits, width = 64, seed 0: failed",
    ]  # fmt: skip
    assert {entry.facts["section"] for entry in log.entries} == {"digits · classification · scaling"}


def test_latency_without_tails_is_no_zero() -> None:
    latency = Latency(
        p50_seconds=0.002, p95_seconds=None, p99_seconds=None, repeats=9, throughput_per_second=64.0, batch_size=64
    )
    section = data(record(plan(seed=seed), latency=latency) for seed in range(3))
    names = {variable.measure.name for variable in section.variables}
    assert "latency_p50" in names
    assert not {"latency_p95", "latency_p99"} & names
