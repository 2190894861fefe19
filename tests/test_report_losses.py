"""Models and seeds that failed stay in the report's sentences and figures; machines that differ share no mean."""

from __future__ import annotations

from typing import Any

import pytest

from bench.record import RunRecord
from bench.report import DotFigure, LineFigure, Section
from bench.report.compare import Side, compare
from bench_reports.charts import chart
from tests.report_records import SETTINGS, curve, draw, failed, lines, only, plan, record, report

TIMED = {"protocol": {"seconds": 5.0, "batch_size": 64}, "task": {}}


def noise(**planned: Any) -> list[RunRecord]:
    """Return four seeds of two models with clean and wrong labels; lenet fails on all of the wrong ones."""
    runs = []
    for label in ("mlp", "lenet"):
        for seed in range(4):
            for level in (0.0, 0.4):
                variant = {"label_noise": level, "inputs": "in order"}
                run = plan(label, seed=seed, protocol="noise", variant=variant, **planned)
                good = record(run, accuracy=0.95 - level / 5 + draw(label, seed, level))
                runs.append(failed(run, "diverged", data=good.data) if (label, level) == ("lenet", 0.4) else good)
    return runs


def test_a_model_that_failed_completely_is_in_the_finding() -> None:
    finding = only(noise()).findings[0]
    assert finding.startswith("Accuracy from 0% to 40% wrong labels:")
    assert "lenet: no pairs, not judged: 4 runs without a value" in finding
    assert "mlp: -0.0" in finding


def test_the_largest_size_is_the_one_that_was_asked_for() -> None:
    runs = []
    for width in (4, 64, 256):
        for seed in range(4):
            run = plan("mlp", protocol="scaling", variant={"width": width}, seed=seed)
            good = record(run, accuracy=0.8 + width / 1e4 + draw(width, seed))
            runs.append(failed(run, "out-of-memory", data=good.data) if width == 256 else good)
    assert "mlp from width 4 to 256: no pairs, not judged: 4 runs without a value" in only(runs).findings[0]


def on_two_machines(**planned: Any) -> list[RunRecord]:
    return [
        record(
            plan("mlp", seed=seed, **planned),
            accuracy=(0.9 if seed < 3 else 0.97) + draw(seed),
            environment_id="env-a" if seed < 3 else "env-b",
            curve=curve(0.9, 5.0),
        )
        for seed in range(6)
    ]


def accuracies(section: Section) -> list[tuple[str, int, int]]:
    (row,) = section.rows
    columns = [column for column in section.columns if column.measure.name == "accuracy"]
    return [(c.condition, row.cells[c.key].count, row.cells[c.key].tried) for c in columns]


def test_what_seconds_of_training_reach_is_no_mean_of_two_machines() -> None:
    timed = only(on_two_machines(settings=TIMED))
    assert accuracies(timed) == [("environment A", 3, 3), ("environment B", 3, 3)]
    by_epoch = next(each for each in lines(timed, "learning") if each.axis == "epochs")
    assert [line.seed_count for line in by_epoch.lines] == [3, 3]
    assert accuracies(only(on_two_machines())) == [("", 6, 6)]


def test_what_seconds_of_training_reach_is_compared_within_one_environment() -> None:
    def verdict(settings: dict[str, Any]) -> str:
        a, b = (
            [record(plan(seed=s, settings=settings), accuracy=0.9 + s**2 / 99, environment_id=env) for s in range(6)]
            for env in ("env-a", "env-b")
        )
        found = compare(*(Side(name, "results file", tuple(runs), {}) for name, runs in (("a", a), ("b", b))))
        return next(each.verdict for each in found.changes if each.measure.name == "accuracy")

    assert verdict(TIMED) == "other environment"
    assert verdict(SETTINGS) == "within noise"


def test_findings_of_two_machines_are_told_apart_under_a_budget_in_seconds() -> None:
    runs = noise(settings=TIMED)
    moved = [each.model_copy(update={"environment_id": "env-b"}) if each.run.seed > 1 else each for each in runs]
    told = [finding for finding in only(moved).findings if "wrong labels" in finding]
    assert ["environment A" in told[0], "environment B" in told[1]] == [True, True]
    assert all("2 runs without a value" in finding for finding in told)
