"""What a run's answers become: values per sample, for every kind of score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import NotEnoughSamples
from bench.evidence import Observations, RunKey, jackknife, sample_scores
from bench.metrics import classification

METRICS = {
    name: getattr(classification, name)
    for name in ("accuracy", "auroc", "calibration_error", "f1", "log_loss", "precision", "recall")
}


def answers(random: np.random.Generator, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    # Probabilities in tenths, so that ranks are shared and confidences lie on the edges of bins.
    labels = random.integers(0, k, n)
    counts = random.multinomial(10, np.ones(k) / k, n) + 5 * np.eye(k, dtype=int)[labels]
    return (counts / counts.sum(1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_pseudo_values_are_those_of_the_brute_force_jackknife(name: str, classes: int) -> None:
    given_answers = answers(np.random.default_rng(classes), 40, classes)
    fast = sample_scores(name, METRICS[name], given_answers)
    slow = jackknife(METRICS[name], given_answers)
    np.testing.assert_allclose(fast, slow, atol=1e-9)
    assert fast.mean() == pytest.approx(METRICS[name](*given_answers), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(6, 25), classes=st.integers(2, 6))
def test_pseudo_values_hold_where_classes_are_rare(seed: int, n: int, classes: int) -> None:
    given_answers = answers(np.random.default_rng(seed), n, classes)
    for name in ("auroc", "f1", "precision", "recall"):
        found = sample_scores(name, METRICS[name], given_answers)
        if found.ndim:
            np.testing.assert_allclose(found, jackknife(METRICS[name], given_answers), atol=1e-9)


def test_scores_that_are_means_are_their_samples() -> None:
    predictions, targets = np.arange(12.0).reshape(6, 2), np.zeros((6, 2))

    def mse(predictions: np.ndarray, targets: np.ndarray) -> float:
        return float(((predictions - targets) ** 2).mean())

    expected = (predictions**2).mean(1)
    np.testing.assert_allclose(sample_scores("mse", mse, (predictions, targets)), expected)
    np.testing.assert_allclose(sample_scores("of a stranger", mse, (predictions, targets)), expected)


def test_a_stranger_may_use_a_known_name_for_another_score() -> None:
    probabilities, labels = answers(np.random.default_rng(0), 30, 3)

    def top_two(probabilities: np.ndarray, labels: np.ndarray) -> float:
        return float((probabilities.argsort(1)[:, -2:] == labels[:, None]).any(1).mean())

    found = sample_scores("accuracy", top_two, (probabilities, labels))
    assert found.mean() == pytest.approx(top_two(probabilities, labels))


def test_the_jackknife_of_many_samples_leaves_out_groups() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    found = jackknife(lambda x: float(x.mean()), (values,), evaluations=50)
    assert found.shape == (50,)
    assert found.std(ddof=1) / math.sqrt(50) == pytest.approx(values.std(ddof=1) / math.sqrt(1000), rel=0.3)
    with pytest.raises(NotEnoughSamples, match="at least 2 samples, got 1"):
        jackknife(lambda x: float(x.mean()), (values[:1],))


def test_a_score_that_no_sample_can_be_left_out_of_comes_alone() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    labels = np.array([0, 0, 1])
    found = sample_scores("auroc", classification.auroc, (probabilities, labels))
    assert found.shape == ()
    assert found == 1.0
    assert np.isnan(sample_scores("auroc", classification.auroc, (probabilities, np.zeros(3, dtype=int))))


def test_observations_refuse_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        Observations({"a": {RunKey(0): np.zeros((2, 2))}})
    with pytest.raises(ValueError, match="b has scores of 3 samples, a of 2"):
        Observations({"a": {RunKey(0): np.zeros(2)}, "b": {RunKey(0): np.zeros(3)}})
    with pytest.raises(ValueError, match="4 groups for 2 samples"):
        Observations({"a": {RunKey(0): np.zeros(2)}}, groups={"official": np.zeros(4, dtype=np.int64)})
