"""Observations read from records and the answers they kept."""

from __future__ import annotations

import math
from zlib import crc32

import numpy as np
import pytest

from bench.arrays import pack
from bench.evidence import SampleScores, compare, default_margin, observe, repeated, run_key, score_interval
from bench.metrics import classification
from bench.model import Problem
from bench.record import RunRecord, Score, SplitPlan
from bench.specs import MetricSpec
from tests.report_records import failed, plan, record

N = 200
ACCURACY = MetricSpec(
    name="accuracy",
    target="bench.metrics.classification:accuracy",
    arrays=("probabilities", "labels"),
    higher_is_better=True,
    low=0.0,
    high=1.0,
)


class Kept:
    """Answers of made-up classifiers of known accuracy, as a store would return them."""

    def __init__(self) -> None:
        self.labels = np.arange(N) % 2
        self.truths = {"t": pack({"labels": self.labels})}
        self.answers: dict[str, bytes] = {}

    def run(self, label: str, wrong: int, seed: int = 0, **changes: object) -> RunRecord:
        """Return a run that names the wrong class for that many samples, others for every seed."""
        answer = self.labels.copy()
        places = np.random.RandomState(crc32(f"{label}{seed}".encode())).permutation(N)[:wrong]
        answer[places] = 1 - answer[places]
        probabilities = np.eye(2, dtype=np.float32)[answer]
        made = plan(label, seed=seed, **changes)
        self.answers[made.run_id] = pack({"probabilities": probabilities})
        value = classification.accuracy(probabilities, self.labels)
        return record(
            made,
            scores=(Score(name="accuracy", value=value, higher_is_better=True, source="s", detail={"n": N}),),
            objective="accuracy",
            kept=("labels", "probabilities"),
            truth="t",
            problem=Problem("classification", "digits", 800),
        )

    @property
    def samples(self) -> SampleScores:
        return SampleScores(
            lambda each: self.answers.get(each.run.run_id), self.truths.__getitem__, {"accuracy": ACCURACY}
        )


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_kept_answers_give_a_score_for_every_test_sample(kept: Kept) -> None:
    runs = [kept.run("a", 10), kept.run("b", 60)]
    found = observe(runs, "accuracy", kept.samples)
    assert found.models["a"][run_key(runs[0].run)].shape == (N,)
    assert score_interval(found, "a").score == pytest.approx(0.95)
    assert (found.low, found.high) == (0.0, 1.0)
    assert found.test_to_train == pytest.approx(0.25)
    assert compare(found).pairs[0].better == "a"
    assert compare(found).pairs[0].basis == "samples"


def test_without_answers_a_run_is_one_value(kept: Kept) -> None:
    found = observe([kept.run("a", 10, seed) for seed in range(3)], "accuracy")
    assert {scores.ndim for scores in found.models["a"].values()} == {0}


def test_one_run_without_answers_makes_all_of_them_values(kept: Kept) -> None:
    runs = [kept.run("a", 10), kept.run("b", 20)]
    del kept.answers[runs[1].run.run_id]
    found = observe(runs, "accuracy", kept.samples)
    assert {scores.ndim for each in found.models.values() for scores in each.values()} == {0}


def test_the_rule_for_failed_missing_and_not_applicable(kept: Kept) -> None:
    runs = [
        kept.run("a", 10),
        failed(plan("a", seed=1)),
        failed(plan("a", seed=2), "killed"),
        failed(plan("a", seed=3), "skipped"),
        failed(plan("b", seed=0), "timeout"),
        failed(plan("c", seed=0), "not-applicable"),
    ]
    found = observe(runs, "accuracy", kept.samples)
    assert found.failures("a") == 1
    assert found.failures("b") == 1
    assert "c" not in found.models


def test_a_score_is_one_score_on_every_device(kept: Kept) -> None:
    runs = [kept.run("a", 10), kept.run("a", 30, device="cuda"), kept.run("b", 20)]
    found = observe(runs, "accuracy", kept.samples)
    assert len(found.models["a"]) == 1
    assert score_interval(found, "a").score == pytest.approx(0.9)


def test_splits_are_kept_apart(kept: Kept) -> None:
    splits = [SplitPlan(scheme="holdout", number=number) for number in range(4)]
    found = observe(
        [kept.run("a", 10 + seed, seed, split=each) for seed, each in enumerate(splits)], "accuracy", kept.samples
    )
    assert score_interval(found, "a").basis == "splits"


def test_scores_of_a_task_enter_by_leaving_samples_out(kept: Kept) -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(size=50)
    predictions = targets + rng.normal(size=50)
    error = float(np.sqrt(((predictions - targets) ** 2).mean()))
    made = plan("a", task="regression")
    run = record(
        made,
        scores=(Score(name="rmse", value=error, higher_is_better=False, low=0.0),),
        kept=("predictions", "targets", "bounds"),
        truth="t",
    )
    truth = pack({"targets": targets, "bounds": np.array([0.0, 1.0])})

    def own(answer: dict[str, np.ndarray], truth: dict[str, np.ndarray]) -> dict[str, float]:
        assert truth["bounds"].shape == (2,)
        return {"rmse": float(np.sqrt(((answer["predictions"] - truth["targets"]) ** 2).mean()))}

    samples = SampleScores(lambda _: pack({"predictions": predictions}), lambda _: truth, {}, {"regression": own})
    scores = samples.read(run, ["rmse"])["rmse"]
    assert scores.shape == (50,)
    assert scores.mean() == pytest.approx(error)
    found = score_interval(observe([run], "rmse", samples), "a")
    assert 0 < found.low < error < found.high


def test_series_and_groups_are_read_from_the_truth(kept: Kept) -> None:
    groups = np.arange(N) // 10
    kept.truths["t"] = pack({"labels": kept.labels, "groups": groups, "ordered": np.array(True)})
    run = kept.run("a", 30).model_copy(update={"kept": ("groups", "labels", "ordered", "probabilities")})
    found = observe([run], "accuracy", kept.samples)
    assert found.is_series
    assert (found.groups["official"] == groups).all()


def test_costs_are_repetitions_whatever_their_split() -> None:
    found = repeated({"slow": [2.0, 2.1, 1.9, 2.05], "fast": [1.0, 1.1, 0.9, 1.0]})
    assert compare(found).pairs[0].better == "fast"
    assert compare(found).pairs[0].basis == "seeds"


def test_a_margin_stands_where_the_score_has_two_ends() -> None:
    assert default_margin(0.0, 1.0) == pytest.approx(0.01)
    assert default_margin(0.0, math.inf) is None
