"""`bench compare`: which runs are a pair, under which conditions, and what is said of those that have no partner."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench.compare import compare, plain
from bench.errors import UsageError
from bench.record import RunRecord, Score, SplitPlan
from tests.comparisons import accuracies, change, compared, run, shown, side
from tests.report_records import SETTINGS, failed, plan, record


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


def test_only_seeds_timed_alike_are_paired_for_times() -> None:
    b = [run(seed, seconds=2.001, environment_id="env-a" if seed < 4 else "env-b") for seed in range(6)]
    time = change(compared([run(seed) for seed in range(6)], b), "train_seconds")
    assert time.count == 4
    assert "2 pairs left out: measured in other environments" in time.reason


def test_environment_that_is_not_described_is_no_match() -> None:
    a, b = ([run(seed, environment_id="") for seed in range(3)] for _ in range(2))
    assert change(compared(a, b), "train_seconds").outcome == "other environment"
    assert "not described" in change(compared(a, b), "train_seconds").reason


def test_alone_and_concurrent_are_not_compared() -> None:
    a, b = [run(seed) for seed in range(3)], [run(seed, is_alone=False) for seed in range(3)]
    time = change(compared(a, b), "train_seconds")
    assert (time.outcome, time.reason) == ("other environment", "A ran alone, B concurrent with others")
    both = [run(seed, is_alone=False) for seed in range(3)]
    assert change(compared(both, b), "train_seconds").outcome == "unchanged"


def test_other_environment_compares_quality_but_no_time_and_says_both() -> None:
    a = accuracies(0.95)
    b = [each.model_copy(update={"environment_id": "env-b"}) for each in accuracies(0.90)]
    found = compared(a, b)
    assert change(found, "accuracy").outcome == "worse"
    assert change(found, "accuracy").is_across_environments
    time = change(found, "train_seconds")
    assert time.outcome == "other environment"
    assert time.evidence is None
    for words in (time.reason, found.environments[0]):
        assert "cpu.model AMD EPYC 7B13 → Other" in words
        assert "threads 1 → 2" in words


def cut(seed: int, number: int, accuracy: float) -> RunRecord:
    """Return a run on one holdout split, whose test part has a hash of its own."""
    split = SplitPlan(scheme="holdout", number=number)
    data = {"test": f"hash-{number}"}
    return run(seed, accuracy, split=split, run_id=f"{seed}-{number}", data=data)


def test_runs_are_paired_by_seed_and_split() -> None:
    drawn = np.random.default_rng(0).normal(0.9, 0.01, (2, 2, 6))
    a = [cut(seed, number, drawn[0, seed, number]) for seed in range(2) for number in range(5)]
    b = [cut(seed, number, drawn[1, seed, number]) for seed in range(2) for number in range(6)]
    found = compared(a, b[::-1])
    got = change(found, "accuracy")
    assert got.count == 10
    assert got.evidence is not None
    expected = stats.ttest_rel(drawn[1, :, :5].ravel(), drawn[0, :, :5].ravel())
    assert got.evidence.p_value == pytest.approx(expected.pvalue)
    (alone,) = found.unpaired
    assert alone.reason == "seed 0, split 5; seed 1, split 5 only in B"
    document = json.loads(json.dumps(plain(found)))["unpaired"][0]
    assert (document["seeds"], document["splits"]) == ([0, 1], ["holdout 5", "holdout 5"])


def test_pairs_whose_test_data_differ_are_left_out() -> None:
    a = [cut(seed, seed, 0.9) for seed in range(4)]
    b = [each.model_copy(update={"data": {"test": "other"}}) if each.run.seed < 2 else each for each in a]
    found = compared(a, b)
    (alone,) = found.unpaired
    assert alone.reason == "2 runs whose test data differ"
    assert {each.count for each in found.changes} == {2}


def test_what_seconds_of_training_reach_is_compared_within_one_environment() -> None:
    def outcome(settings: dict[str, Any]) -> str:
        a, b = (
            [run(seed, 0.9 + seed**2 / 99, settings=settings, environment_id=each) for seed in range(6)]
            for each in ("env-a", "env-b")
        )
        return change(compared(a, b), "accuracy").outcome

    assert outcome({"protocol": {"seconds": 5.0, "batch_size": 64}, "task": {}}) == "other environment"
    assert outcome(SETTINGS) == "unchanged"


def test_a_model_that_does_not_apply_is_no_regression() -> None:
    good = [run(seed) for seed in range(3)]
    unfit = [record(each.run, accuracy=None, status="not-applicable", reason="too small", data={}) for each in good]
    found = compared(good, unfit)
    assert found.changes == ()
    assert [each.reason for each in found.unpaired] == ["3 runs of B not-applicable: too small"]


def test_killed_runs_are_compared_with_nothing() -> None:
    a = accuracies(0.9)
    assert compared(a, [failed(each.run, "killed", data=each.data) for each in a]).changes == ()


def test_nothing_in_common_is_not_unchanged() -> None:
    named = [Score(name=name, value=1.0, higher_is_better=True) for name in ("x", "y")]
    a, b = ([run(seed, scores=(score,)) for seed in range(3)] for score in named)
    found = [each for each in compared(a, b, every_score=True).changes if each.measure.kind == "score"]
    assert [each.reason for each in found] == ["3 pairs left out: no such score on one side"] * 2
    assert {each.outcome for each in found} == {"open"}


def test_it_does_not_matter_when_a_score_was_computed() -> None:
    def later(detail: dict[str, Any]) -> list[RunRecord]:
        scores = tuple(
            Score(name=name, value=0.1, higher_is_better=False, detail=detail) for name in ("accuracy", "brier")
        )
        return [run(seed, scores=scores, objective="accuracy") for seed in range(3)]

    found = compared(later({}), later({"rescored": True}), every_score=True)
    assert change(found, "brier").outcome == "unchanged"


def test_the_objective_is_compared_though_another_score_was_recorded_first() -> None:
    names = ("abstention", "accuracy")
    scores = tuple(Score(name=name, value=0.5, higher_is_better=True) for name in names)
    a = [run(seed, scores=scores, objective="accuracy") for seed in range(3)]
    assert [each.measure.name for each in compared(a, a).changes if each.measure.kind == "score"] == ["accuracy"]
