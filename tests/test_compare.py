"""`bench compare`: verdicts on runs whose truth is known, and what it refuses to compare."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.cli import main
from bench.errors import UnknownName, UsageError
from bench.record import Environment, Latency, Memory, RunRecord, Score, SuitePlan, Times
from bench.report.compare import Change, Differences, Margin, Side, compare, find_side
from bench.report.compare.changes import plain
from bench.stats import holm, paired_difference
from bench.store import open_store
from bench_reports.comparison import comparison
from tests.report_records import ENVIRONMENT, SETTINGS, failed, plan, record

FACTS = {"cpu": {**ENVIRONMENT.facts["cpu"], "model": "Other"}, "threads": 2}
OTHER = Environment(environment_id="env-b", facts=ENVIRONMENT.facts | FACTS)


def run(
    seed: int, accuracy: float | None = 0.9, seconds: float = 2.0, label: str = "lenet", **changes: Any
) -> RunRecord:
    planned = {name: changes.pop(name) for name in list(changes) if name in ("dataset", "settings", "variant", "suite")}
    draw = random.Random(f"{label}{seed}{seconds}")
    exact = seconds * draw.uniform(0.99, 1.01)
    return record(
        plan(label, seed=seed, **planned),
        accuracy=accuracy,
        times=Times(train_seconds=exact, wall_seconds=exact + 1),
        **changes,
    )


def side(name: str, records: Iterable[RunRecord], kind: Any = "results file") -> Side:
    return Side(name, kind, tuple(records), {"env-a": ENVIRONMENT, "env-b": OTHER})


def compared(a: Iterable[RunRecord], b: Iterable[RunRecord], **options: Any) -> Differences:
    return compare(side("a", a), side("b", b), **options)


def change(found: Differences, measure: str) -> Change:
    (only,) = (each for each in found.changes if each.measure.name == measure)
    return only


def accuracies(base: float, seeds: int = 6) -> list[RunRecord]:
    return [run(seed, base + random.Random(seed * base).gauss(0, 0.002)) for seed in range(seeds)]


def test_a_worse_score_is_worse_and_a_better_one_better() -> None:
    found = compared(accuracies(0.95), accuracies(0.90))
    assert change(found, "accuracy").verdict == "worse"
    assert found.is_regression
    found = compared(accuracies(0.90), accuracies(0.95))
    assert change(found, "accuracy").verdict == "better"
    assert not found.is_regression


def test_direction_of_the_metric_is_respected() -> None:
    def loss(value: float, seed: int) -> RunRecord:
        return run(seed, scores=(Score(name="loss", value=value + seed**2 / 1e3, higher_is_better=False),))

    found = compared([loss(0.5, seed) for seed in range(6)], [loss(0.7 + seed / 1e3, seed) for seed in range(6)])
    assert change(found, "loss").verdict == "worse"
    assert change(found, "loss").difference == pytest.approx(0.2025)


def test_numbers_are_those_of_the_paired_test_corrected_after_holm() -> None:
    a, b = accuracies(0.93), accuracies(0.926)
    found = compared(a, b)
    values = [{each.run.seed: each.scores[0].value for each in side} for side in (a, b)]
    expected = paired_difference(values[1], values[0])
    got = change(found, "accuracy")
    assert (got.difference, got.low, got.high, got.p_value) == (
        expected.difference, expected.low, expected.high, expected.p_value,
    )  # fmt: skip
    tested = [each for each in found.changes if each.p_value is not None]
    assert len(tested) == 2
    assert [each.corrected_p_value for each in tested] == list(holm([each.p_value or 0.0 for each in tested]))
    assert got.count == 6


def test_noise_is_noise() -> None:
    values = [0.90, 0.95, 0.91, 0.94, 0.92, 0.93]
    found = compared([run(s, v) for s, v in enumerate(values)], [run(s, v) for s, v in enumerate(reversed(values))])
    assert {each.verdict for each in found.changes} == {"within noise"}


def test_equal_results_are_identical_even_for_one_run() -> None:
    got = change(compared([run(0, 0.9)], [run(0, 0.9)]), "accuracy")
    assert (got.verdict, got.reason, got.can_decide) == ("within noise", "identical", False)


def test_one_run_decides_nothing_and_says_so() -> None:
    found = compared([run(0, 0.9)], [run(0, 0.1, seconds=9)])
    assert {each.verdict for each in found.changes} == {"too few runs"}
    assert not found.is_decided


def test_three_seeds_that_move_by_the_same_step_are_not_certain() -> None:
    found = compared([run(seed, 0.9) for seed in range(3)], [run(seed, 0.8) for seed in range(3)])
    assert change(found, "accuracy").p_value == pytest.approx(0.25)
    assert change(found, "accuracy").verdict == "within noise"


def test_times_have_a_margin_that_can_be_set() -> None:
    a, b = [run(seed, seconds=2.0) for seed in range(6)], [run(seed, seconds=2.1) for seed in range(6)]
    assert change(compared(a, b), "train_seconds").verdict == "within noise"
    assert change(compared(a, b), "train_seconds").reason == "equivalent"
    for name in ("time", "train_seconds"):
        strict = compared(a, b, margins={name: Margin(0.01, is_relative=True)})
        assert change(strict, "train_seconds").verdict == "worse"


def test_memory_below_the_resolution_is_no_difference() -> None:
    def runs(size: int) -> list[RunRecord]:
        return [run(seed, memory=Memory(peak_memory_bytes=size + 300 * seed**2)) for seed in range(6)]

    assert change(compared(runs(5_000_000), runs(5_400_000)), "peak_memory").verdict == "within noise"
    assert change(compared(runs(5_000_000), runs(8_000_000)), "peak_memory").verdict == "worse"


def test_latency_is_compared() -> None:
    def runs(p50: float) -> list[RunRecord]:
        each = {"p95_seconds": p50, "p99_seconds": p50, "repeats": 9, "throughput_per_second": 1.0, "batch_size": 1}
        return [run(seed, latency=Latency(p50_seconds=p50 * (1 + seed / 99), **each)) for seed in range(6)]

    assert change(compared(runs(1e-3), runs(3e-3)), "latency_p50").verdict == "worse"


def test_other_environment_compares_quality_but_no_time_and_says_both() -> None:
    a = accuracies(0.95)
    b = [each.model_copy(update={"environment_id": "env-b"}) for each in accuracies(0.90)]
    found = compared(a, b)
    assert change(found, "accuracy").verdict == "worse"
    assert change(found, "accuracy").is_across_environments
    time = change(found, "train_seconds")
    assert time.verdict == "other environment"
    assert time.p_value is None
    for words in (time.reason, found.environments[0]):
        assert "cpu.model AMD EPYC 7B13 → Other" in words
        assert "threads 1 → 2" in words


def test_environment_that_is_not_described_is_no_match() -> None:
    a, b = ([run(seed, environment_id="") for seed in range(3)] for _ in range(2))
    assert change(compared(a, b), "train_seconds").verdict == "other environment"
    assert "not described" in change(compared(a, b), "train_seconds").reason


def test_alone_and_in_company_are_not_compared() -> None:
    a, b = [run(seed) for seed in range(3)], [run(seed, is_alone=False) for seed in range(3)]
    time = change(compared(a, b), "train_seconds")
    assert (time.verdict, time.reason) == ("other environment", "A ran alone, B in company")
    both = [run(seed, is_alone=False) for seed in range(3)]
    assert change(compared(both, b), "train_seconds").verdict == "within noise"


def test_only_seeds_timed_alike_are_paired_for_times() -> None:
    b = [run(seed, seconds=2.001, environment_id="env-a" if seed < 4 else "env-b") for seed in range(6)]
    time = change(compared([run(seed) for seed in range(6)], b), "train_seconds")
    assert time.count == 4
    assert "2 pairs left out: measured in other environments" in time.reason


def test_new_failures_are_worse_however_few() -> None:
    a = [run(seed, 0.9) for seed in range(3)]
    b = [*a[:2], failed(a[2].run, reason="ValueError: boom")]
    found = compared(a, b)
    failures = change(found, "failed_runs")
    assert (failures.verdict, failures.a_mean, failures.b_mean, failures.count) == ("worse", 0, 1, 3)
    assert "ValueError: boom" in failures.reason
    assert "by chance alone p = 1" in failures.reason
    assert change(found, "accuracy").verdict == "too few runs"
    assert change(found, "train_seconds").count == 2
    assert change(compared(b, a), "failed_runs").verdict == "better"


def test_failed_runs_enter_the_score_as_worse_than_any() -> None:
    a = [run(seed, 0.5 + seed / 100) for seed in range(8)]
    b = [failed(each.run) if each.run.seed < 7 else each for each in a]
    got = change(compared(a, b), "accuracy")
    assert got.difference == -math.inf
    assert got.verdict == "worse"
    assert "A 0, B 7 of 8" in got.reason


def test_everything_fails_now() -> None:
    a = [run(seed, 0.9) for seed in range(5)]
    found = compared(a, [failed(each.run, data={}) for each in a])
    assert found.is_regression
    assert change(found, "failed_runs").b_mean == 5


def test_skipped_runs_are_not_failures() -> None:
    a = [run(seed, 0.9) for seed in range(3)]
    found = compared(a, [failed(each.run, "skipped", "xgboost is not installed") for each in a])
    assert found.changes == ()


def test_score_that_is_not_a_number_counts_as_failed() -> None:
    a, b = [run(seed, 0.9) for seed in range(8)], [run(seed, math.nan) for seed in range(8)]
    assert change(compared(a, b), "accuracy").verdict == "worse"


def test_target_that_is_missed_is_a_time_without_end() -> None:
    def runs(value: float) -> list[RunRecord]:
        detail = {"target": 0.9, "objective": "accuracy", "is_reached": math.isfinite(value)}
        time = Score(name="time_to_target", value=value, higher_is_better=False, unit="s", detail=detail)
        quality = Score(name="accuracy", value=0.9, higher_is_better=True)
        return [run(seed, scores=(quality, time)) for seed in range(8)]

    got = change(compared(runs(1.0), runs(math.inf)), "time_to_target")
    assert (got.verdict, got.b_mean) == ("worse", None)
    apart = [each.model_copy(update={"environment_id": "env-b"}) for each in runs(2.0)]
    assert change(compared(runs(1.0), apart), "time_to_target").verdict == "other environment"


def test_metric_with_other_settings_is_not_compared() -> None:
    def runs(count: int) -> list[RunRecord]:
        score = Score(name="fid", value=9.0, higher_is_better=False, detail={"samples": count, "floor": 1.0})
        return [run(seed, scores=(score,)) for seed in range(3)]

    got = change(compared(runs(1000), runs(10_000)), "fid")
    assert (got.verdict, got.reason) == ("not comparable", "measured with other settings: samples 1000 → 10000")


def test_only_the_main_score_unless_all_are_wanted() -> None:
    scores = tuple(Score(name=name, value=0.5, higher_is_better=True) for name in ("accuracy", "f1"))
    a = [run(seed, scores=scores) for seed in range(3)]
    assert [each.measure.name for each in compared(a, a).changes] == ["accuracy", "train_seconds"]
    assert "f1" in [each.measure.name for each in compared(a, a, every_score=True).changes]


def test_cells_without_a_partner_say_why() -> None:
    longer = {"protocol": {**SETTINGS["protocol"], "epochs": 60}, "task": {}}
    a = [run(0), run(0, dataset="iris"), run(0, dataset="wine"), run(0, label="mlp")]
    b = [run(0, settings=longer), run(0, dataset="iris", data={"test": "ffff"}), run(1, dataset="wine")]
    reasons = {(each.place.dataset, each.place.label): each.reason for each in compared(a, b).unpaired}
    assert reasons == {
        ("digits", "lenet"): "settings differ: protocol.epochs 20 → 60",
        ("iris", "lenet"): "1 run whose test data differ",
        ("wine", "lenet"): "no seed in common (A has seed 0, B has seed 1)",
        ("digits", "mlp"): "only in A",
    }


def test_what_changed_in_the_model_is_named() -> None:
    old = [run(seed) for seed in range(3)]
    new = [
        each.model_copy(update={"run": each.run.model_copy(update={"identity": {"source": "new", "torch": "2.15.0"}})})
        for each in old
    ]
    assert compared(old, new).changed == ("source (1 of 1 cells)",)


def test_a_busy_machine_is_a_warning() -> None:
    facts = ENVIRONMENT.facts | {"start": {"busy_share": 0.8}}
    busy = Side("b", "results file", (run(0),), {"env-a": Environment(environment_id="env-a", facts=facts)})
    (warning,) = compare(side("a", [run(0)]), busy).warnings
    assert warning.startswith("B: The machine was busy at the start: 80%")


def test_two_labels_are_paired_without_the_label() -> None:
    a, b = (
        side(label, [run(seed, value + seed**2 / 1e4, label=label, seconds=2.0) for seed in range(6)], "label")
        for label, value in (("mlp", 0.8), ("lenet", 0.95))
    )
    found = compare(a, b)
    assert change(found, "accuracy").count == 6
    assert found.changed == ()
    with pytest.raises(UsageError, match="a label can be compared with a label only"):
        compare(a, side("b", accuracies(0.9)))


def test_a_label_of_two_suites_with_different_settings_is_ambiguous() -> None:
    def of(suite: str, width: int) -> RunRecord:
        planned = plan("lenet", suite=suite, hyperparameters={"width": width})
        return record(planned.model_copy(update={"identity": {"hyperparameters": str(width)}}))

    with pytest.raises(UsageError, match="different things in several suites"):
        compare(side("lenet", [of("s", 1), of("t", 2)], "label"), side("mlp", [run(0, label="mlp")], "label"))


def test_an_edited_model_counts_in_its_newest_version() -> None:
    old = run(0, 0.1, finished_at="2026-01-01T00:00:00+00:00")
    old = old.model_copy(update={"run": old.run.model_copy(update={"identity": {"source": "old"}, "run_id": "old"})})
    got = change(compared([old, run(0, 0.9)], [run(0, 0.9)]), "accuracy")
    assert got.a_mean == pytest.approx(0.9)


def test_document_is_json_without_nan_or_infinity() -> None:
    a = [run(seed, 0.9) for seed in range(8)]
    found = compared(a, [failed(each.run) for each in a])
    document = json.loads(json.dumps(plain(found), allow_nan=False))
    accuracy = next(each for each in document["changes"] if each["measure"] == "accuracy")
    assert accuracy["difference"] == "-infinite"
    assert accuracy["b_mean"] is None
    assert document["is_regression"] is True
    assert document["counts"] == {"worse": 2}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Two results files: in `after.sqlite` lenet is worse; `before.sqlite` holds two suites and two labels."""
    for name, base in (("before", 0.95), ("after", 0.85)):
        with open_store(tmp_path / f"{name}.sqlite", create=True) as store:
            store.add_environment(ENVIRONMENT)
            records = [
                *accuracies(base),
                *(run(seed, 0.9 + seed**2 / 1e4, label="mlp", suite="t") for seed in range(6)),
            ]
            for each in records:
                store.append(each)
            for suite in ("quickstart", "t"):
                runs = tuple(each.run for each in records if each.run.suite == suite)
                store.set_plan(SuitePlan(suite=suite, planned_at="", command="bench run", runs=runs))
    return tmp_path


def bench(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *words])
    return int(ended.value.code or 0)


def test_exit_codes(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = str(stores / "before.sqlite"), str(stores / "after.sqlite")
    assert bench(before, after) == 0
    assert "Worse" in capsys.readouterr().out
    assert bench(before, after, "--fail-on", "regression") == 1
    assert bench(after, before, "--fail-on", "regression") == 0
    assert bench(before, after, "--fail-on", "regression", "--margin", "accuracy=0.2") == 0
    assert bench(before, before) == 2
    assert bench(before, str(stores / "none.sqlite")) == 2
    assert "there is no results file" in capsys.readouterr().err
    assert bench(before, after, "--margin", "much") == 2
    assert bench(before, after, "--margin", "acuracy=1") == 2
    assert "no such measure" in capsys.readouterr().err


def test_nothing_comparable_is_exit_code_three(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(stores / "other.sqlite", create=True) as store:
        store.append(run(0, dataset="iris"))
    assert bench(str(stores / "before.sqlite"), str(stores / "other.sqlite"), "--fail-on", "regression") == 3
    captured = capsys.readouterr()
    assert "Nothing could be compared" in captured.err
    assert "only in B" in captured.out


def test_json_document(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(str(stores / "before.sqlite"), str(stores / "after.sqlite"), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {each["label"] for each in document["changes"] if each["verdict"] == "worse"} == {"lenet"}
    assert document["changes"][0]["settings"]["protocol.epochs"] == "20"


def test_names_are_looked_up_in_order(stores: Path) -> None:
    store = stores / "before.sqlite"
    assert find_side(str(store), store).kind == "results file"
    assert find_side("quickstart", store).kind == "suite"
    assert find_side("mlp", store).kind == "label"
    assert {each.run.label for each in find_side("suite:t", store).records} == {"mlp"}
    assert len(find_side("label:lenet", store).records) == 6
    with pytest.raises(UnknownName, match=r"unknown suite or label 'lent'.* Did you mean 'lenet'"):
        find_side("lent", store)
    with pytest.raises(UnknownName, match="unknown suite 'mlp'"):
        find_side("suite:mlp", store)
    with pytest.raises(UsageError, match=r"no store .* to look for"):
        find_side("mlp", stores / "none.sqlite")


def test_a_name_that_is_suite_and_label_is_refused(stores: Path) -> None:
    store = stores / "before.sqlite"
    with open_store(store, create=True) as opened:
        opened.set_plan(SuitePlan(suite="mlp", planned_at="", command="", runs=(plan("mlp"),)))
    with pytest.raises(UsageError, match="write suite:mlp or label:mlp"):
        find_side("mlp", store)
    assert find_side("label:mlp", store).kind == "label"


def test_hostile_names_stay_text(stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = stores / "x.sqlite"
    with open_store(store, create=True) as opened:
        for label in ("[bold]x[/bold]", "[/nothing]"):
            opened.append(run(0, label=label))
    assert bench("label:[bold]x[/bold]", "label:[/nothing]", "--store", str(store)) == 0
    assert "[bold]x[/bold] → [/nothing]" in capsys.readouterr().out


def shown(found: Differences) -> str:
    console = Console(width=160, force_terminal=False)
    with console.capture() as capture:
        console.print(comparison(found))
    return capture.get()


def test_no_cell_that_differs_in_settings_alone_is_dropped() -> None:
    def longer(epochs: int) -> dict[str, Any]:
        return {"protocol": {**SETTINGS["protocol"], "epochs": epochs}, "task": {}}

    found = compared([run(0)], [run(0), run(0, settings=longer(40)), run(0, settings=longer(60))])
    assert [each.reason for each in found.unpaired] == ["only in B"] * 2
    text = shown(found)
    assert "protocol.epochs 40" in text
    assert "protocol.epochs 60" in text
    mixed = compared([run(0, settings=longer(each)) for each in (10, 20)], [run(0, settings=longer(30))])
    assert len(mixed.unpaired) == 2


def test_cells_that_differ_in_settings_alone_are_listed_with_them() -> None:
    sides = [
        [run(seed, accuracy, settings={"protocol": {"epochs": epochs}}) for epochs in (5, 50) for seed in range(3)]
        for accuracy in (0.9, 0.8)
    ]
    text = shown(compared(*sides))
    assert "protocol.epochs 5\n" in text
    assert "protocol.epochs 50\n" in text
