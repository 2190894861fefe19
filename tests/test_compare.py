"""`bench compare`: verdicts on runs whose truth is known, and what it refuses to compare."""

from __future__ import annotations

import json
import math
import random

import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from bench.compare import Margin, Side, compare, plain
from bench.record import Environment, Latency, Memory, RunRecord, Score, Work
from tests.comparisons import accuracies, change, compared, run, shown, side
from tests.report_records import ENVIRONMENT, failed


def test_a_worse_score_is_worse_and_a_better_one_better() -> None:
    found = compared(accuracies(0.95), accuracies(0.90))
    assert change(found, "accuracy").outcome == "worse"
    assert found.is_regression
    found = compared(accuracies(0.90), accuracies(0.95))
    assert change(found, "accuracy").outcome == "better"
    assert not found.is_regression


def test_direction_of_the_metric_is_respected() -> None:
    def loss(value: float, seed: int) -> RunRecord:
        return run(seed, scores=(Score(name="loss", value=value + seed**2 / 1e3, higher_is_better=False),))

    found = compared([loss(0.5, seed) for seed in range(6)], [loss(0.7 + seed / 1e3, seed) for seed in range(6)])
    assert change(found, "loss").outcome == "worse"
    assert change(found, "loss").difference == pytest.approx(0.2025)


def test_numbers_are_those_of_the_paired_t_test_corrected_together() -> None:
    a, b = accuracies(0.93), accuracies(0.926, seconds=2.03)
    found = compared(a, b)
    values = [[each.scores[0].value for each in side] for side in (b, a)]
    expected = stats.ttest_rel(*values)
    got = change(found, "accuracy").evidence
    assert got is not None
    assert got.p_value == pytest.approx(expected.pvalue)
    assert (got.low, got.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert change(found, "accuracy").difference == pytest.approx(sum(values[0]) / 6 - sum(values[1]) / 6)
    tested = [each.evidence for each in found.changes if each.evidence]
    assert len(tested) == 2
    corrected = multipletests([each.p_value for each in tested], method="holm")[1]
    assert [each.p_adjusted for each in tested] == pytest.approx(list(corrected))
    assert change(found, "accuracy").count == 6


def test_more_cells_need_more_evidence() -> None:
    a, b = (
        accuracies(0.93),
        [run(seed, accuracy) for seed, accuracy in enumerate((0.936, 0.94, 0.926, 0.935, 0.94, 0.933))],
    )
    alone = change(compared(a, b), "accuracy").evidence
    others = [run(seed, 0.5 + random.Random(f"{seed}{name}{which}").random() / 10, dataset=name)
              for name in "wxyz" for seed in range(6) for which in "a"]  # fmt: skip
    again = [
        run(each.run.seed, 0.5 + random.Random(f"{each.run.run_id}").random() / 10, dataset=each.run.dataset)
        for each in others
    ]
    beside = [each for each in compared([*a, *others], [*b, *again]).changes if each.place.dataset == "digits"]
    among = next(each.evidence for each in beside if each.measure.name == "accuracy")
    assert alone is not None
    assert among is not None
    assert alone.p_value == pytest.approx(among.p_value)
    assert among.p_adjusted > alone.p_adjusted


def test_noise_is_noise() -> None:
    values = [0.90, 0.95, 0.91, 0.94, 0.92, 0.93]
    found = compared([run(s, v) for s, v in enumerate(values)], [run(s, v) for s, v in enumerate(reversed(values))])
    assert {each.measure.name: each.outcome for each in found.changes} == {
        "accuracy": "open",
        "train_seconds": "unchanged",
    }


def test_equal_results_are_unchanged_even_for_one_run() -> None:
    got = change(compared([run(0, 0.9)], [run(0, 0.9)]), "accuracy")
    assert (got.outcome, got.count) == ("unchanged", 1)
    assert compared([run(0, 0.9)], [run(0, 0.9)]).is_compared


def test_one_run_decides_nothing_and_says_so() -> None:
    found = compared([run(0, 0.9)], [run(0, 0.1, seconds=9)])
    assert {each.outcome for each in found.changes} == {"open"}
    assert {each.remedy for each in found.changes} == {"at least 2 runs of each"}
    assert "needs at least 2 runs of each" in shown(found)
    assert not found.is_compared


def test_three_seeds_that_move_by_the_same_step_are_not_certain() -> None:
    found = compared([run(seed, 0.9) for seed in range(3)], [run(seed, 0.8) for seed in range(3)])
    got = change(found, "accuracy")
    assert (got.outcome, got.scope) == ("open", "Says nothing of other runs: all are identical and count as one.")


def test_times_have_a_margin_that_can_be_set() -> None:
    a, b = [run(seed, seconds=2.0) for seed in range(6)], [run(seed, seconds=2.1) for seed in range(6)]
    assert change(compared(a, b), "train_seconds").outcome == "equivalent"
    for name in ("time", "train_seconds"):
        strict = compared(a, b, margins={name: Margin(0.01, is_relative=True)})
        assert change(strict, "train_seconds").outcome == "worse"


def test_a_difference_within_the_margin_is_no_regression_and_none_beyond_it_is_hidden() -> None:
    rng = random.Random(1)
    a, b = ([run(seed, base + rng.gauss(0, 0.004)) for seed in range(6)] for base in (0.9, 0.88))

    def judged(margin: float) -> tuple[str, str, str]:
        got = change(compared(a, b, margins={"accuracy": Margin(margin)}), "accuracy")
        assert got.evidence is not None
        return got.outcome, got.evidence.verdict, got.reason

    lost = abs(change(compared(a, b), "accuracy").difference or 0.0)
    assert judged(0.9 * lost) == ("worse", "different", "")
    assert judged(1.05 * lost) == ("open", "different", "different, but not by more than the margin")
    assert judged(3 * lost) == ("equivalent", "equivalent", "")


def test_an_open_pair_says_what_would_decide_it() -> None:
    rng = random.Random(0)
    a, b = ([run(seed, base + rng.gauss(0, 0.01)) for seed in range(4)] for base in (0.9, 0.89))
    found = compared(a, b)
    got = change(found, "accuracy")
    assert got.outcome == "open"
    assert got.evidence is not None
    assert got.evidence.remedy is not None
    assert (got.evidence.remedy.seeds or 0) > 4
    assert f"needs {got.evidence.remedy.seeds} runs" in shown(found)
    assert plain(found)["changes"][1]["remedy"] == {
        "seeds": got.evidence.remedy.seeds,
        "samples": None,
        "splits": None,
        "datasets": None,
    }


def test_memory_below_the_resolution_is_no_difference() -> None:
    def runs(size: int) -> list[RunRecord]:
        draws = [random.Random(f"{size}{seed}").randrange(9000) for seed in range(6)]
        return [run(seed, memory=Memory(peak_memory_bytes=size + draw)) for seed, draw in enumerate(draws)]

    assert change(compared(runs(5_000_000), runs(5_400_000)), "peak_memory").outcome == "equivalent"
    assert change(compared(runs(500_000), runs(5_400)), "peak_memory").outcome == "unchanged"
    assert change(compared(runs(5_000_000), runs(8_000_000)), "peak_memory").outcome == "worse"


def test_latency_is_compared() -> None:
    def runs(p50: float) -> list[RunRecord]:
        each = {"p95_seconds": p50, "p99_seconds": p50, "repeats": 9, "throughput_per_second": 1.0, "batch_size": 1}
        return [run(seed, latency=Latency(p50_seconds=p50 * (1 + seed / 99), **each)) for seed in range(6)]

    assert change(compared(runs(1e-3), runs(3e-3)), "latency_p50").outcome == "worse"


def test_new_failures_are_worse_however_few() -> None:
    a = [run(seed, 0.9) for seed in range(3)]
    b = [*a[:2], failed(a[2].run, reason="ValueError: boom")]
    found = compared(a, b)
    failures = change(found, "failed_runs")
    assert (failures.outcome, failures.a_mean, failures.b_mean, failures.count) == ("worse", 0, 1, 3)
    assert "ValueError: boom" in failures.reason
    assert "not tested" in failures.scope
    got = change(found, "accuracy")
    assert (got.outcome, got.count) == ("open", 2)
    assert got.reason == (
        "1 of 3 runs of B failed; those that ended can tell against it, not in its favour; 2 runs of 3 shared by both"
    )
    assert change(found, "train_seconds").count == 2
    assert change(compared(b, a), "failed_runs").outcome == "better"


def test_failed_runs_tell_against_a_side_and_never_for_it() -> None:
    a, b = accuracies(0.90, 8), accuracies(0.95, 8)
    assert change(compared(a, b), "accuracy").outcome == "better"
    lost = [failed(each.run) if each.run.seed == 7 else each for each in b]
    got = change(compared(a, lost), "accuracy")
    assert (got.outcome, got.count) == ("open", 7)
    assert "1 of 8 runs of B failed" in got.reason
    worse = [failed(each.run) if each.run.seed == 7 else each for each in a]
    assert change(compared(worse, b), "accuracy").outcome == "better"


def test_a_side_that_fails_is_not_called_faster() -> None:
    a, b = ([run(seed, seconds=seconds) for seed in range(6)] for seconds in (9.0, 2.0))
    assert change(compared(a, b), "train_seconds").outcome == "better"
    lost = [failed(each.run, environment_id="env-a") if each.run.seed == 5 else each for each in b]
    assert change(compared(a, lost), "train_seconds").outcome == "open"
    slow = [failed(each.run, environment_id="env-a") if each.run.seed == 5 else each for each in a]
    assert change(compared(b, slow), "train_seconds").outcome == "worse"


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
    found = compared(a, b)
    assert change(found, "accuracy_missed").outcome == "worse"
    assert "8 of 8 runs of B failed" in change(found, "accuracy").reason
    some = [*accuracies(0.99, 6), run(6, math.nan)]
    assert change(compared(accuracies(0.9, 7), some), "accuracy").outcome == "open"


def test_target_that_is_missed_is_a_time_without_end() -> None:
    def runs(value: float) -> list[RunRecord]:
        detail = {"target": 0.9, "objective": "accuracy", "is_reached": math.isfinite(value)}
        time = Score(name="time_to_target", value=value, higher_is_better=False, unit="s", detail=detail)
        quality = Score(name="accuracy", value=0.9, higher_is_better=True)
        return [run(seed, scores=(quality, time)) for seed in range(8)]

    found = compared(runs(1.0), runs(math.inf))
    got = change(found, "time_to_target")
    assert (got.outcome, got.a_mean, got.b_mean, got.difference) == ("open", 1.0, None, None)
    assert change(found, "time_to_target_missed").outcome == "worse"
    apart = [each.model_copy(update={"environment_id": "env-b"}) for each in runs(2.0)]
    assert change(compared(runs(1.0), apart), "time_to_target").outcome == "other environment"


def test_metric_with_other_settings_is_not_compared() -> None:
    def runs(count: int) -> list[RunRecord]:
        score = Score(name="fid", value=9.0, higher_is_better=False, detail={"samples": count, "floor": 1.0})
        return [run(seed, scores=(score,)) for seed in range(3)]

    got = change(compared(runs(1000), runs(10_000)), "fid")
    assert (got.outcome, got.reason) == ("not comparable", "measured with other settings: samples 1000 → 10000")


def test_only_the_main_score_unless_all_are_wanted() -> None:
    scores = tuple(Score(name=name, value=0.5, higher_is_better=True) for name in ("accuracy", "f1"))
    a = [run(seed, scores=scores) for seed in range(3)]
    assert [each.measure.name for each in compared(a, a).changes] == ["accuracy", "train_seconds"]
    assert "f1" in [each.measure.name for each in compared(a, a, every_score=True).changes]


def test_a_busy_machine_is_a_warning() -> None:
    facts = ENVIRONMENT.facts | {"start": {"busy_share": 0.8}}
    busy = Side("b", "results file", (run(0),), {"env-a": Environment(environment_id="env-a", facts=facts)})
    (warning,) = compare(side("a", [run(0)]), busy).warnings
    assert warning.startswith("B: The machine was busy at the start: 80%")


def test_document_is_json_without_nan_or_infinity() -> None:
    a = [run(seed, 0.9) for seed in range(8)]
    found = compared(a, [failed(each.run) for each in a])
    document = json.loads(json.dumps(plain(found), allow_nan=False))
    accuracy = next(each for each in document["changes"] if each["measure"] == "accuracy")
    assert accuracy["difference"] is None
    assert accuracy["b_mean"] is None
    assert (accuracy["outcome"], accuracy["verdict"], accuracy["basis"]) == ("open", "open", "nothing")
    assert (accuracy["p_adjusted"], accuracy["low"], accuracy["remedy"]) == (1.0, None, None)
    assert "too few to compare" in accuracy["scope"]
    assert document["is_regression"] is True
    assert document["counts"] == {"worse": 1, "open": 1}


def test_a_measure_without_direction_gets_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.compare.readings.SHOWN", ("share_of_peak",))
    a, b = ([run(seed, work=Work(share_of_peak=share + seed / 1e3)) for seed in range(6)] for share in (0.1, 0.9))
    got = change(compared(a, b), "share_of_peak")
    assert (got.outcome, got.evidence) == ("not comparable", None)


def test_latency_without_tails_is_no_zero() -> None:
    latency = Latency(p50_seconds=0.002, repeats=9, throughput_per_second=64.0, batch_size=64)
    runs = [run(seed, latency=latency) for seed in range(3)]
    assert compared(runs, runs).counts == {"unchanged": 3}
