"""Scores of anomalies are scikit-learn's, whatever is tied, and each sample's own add up to them or are not claimed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import NotEnoughSamples
from bench.evidence import jackknife, sample_scores
from bench.metrics.anomalies import anomaly_auroc, average_precision, best_f1

METRICS = {"anomaly_auroc": anomaly_auroc, "average_precision": average_precision, "best_f1": best_f1}


def answers(seed: int, n: int, anomalies: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of few levels, so that many are equal, and labels in another order."""
    random = np.random.RandomState(seed)
    labels = random.permutation(np.arange(n) < anomalies).astype(np.int64)
    scores = random.randint(0, levels, n) + labels * random.randint(0, 2, n)
    return scores.astype(np.float32) / 7, labels


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 60), levels=st.integers(1, 40), share=st.floats(0, 1))
def test_scores_are_those_of_scikit_learn(seed: int, n: int, levels: int, share: float) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    scores, labels = answers(seed, n, min(n - 1, 1 + int(share * n)), levels)
    assert anomaly_auroc(scores, labels) == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(scores, labels) == pytest.approx(
        metrics.average_precision_score(labels, scores), abs=1e-12
    )
    thresholds = np.unique(scores)
    by_threshold = [metrics.f1_score(labels, scores >= threshold) for threshold in thresholds]
    assert best_f1(scores, labels) == pytest.approx(max(by_threshold), abs=1e-12)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 40))
def test_only_the_order_of_scores_counts(seed: int, n: int) -> None:
    scores, labels = answers(seed, n, 1 + n // 3, 9)
    order = np.random.RandomState(seed).permutation(n)
    for metric in METRICS.values():
        # An increasing function of each, and another order of all.
        assert metric(np.exp(scores[order].astype(np.float64)), labels[order]) == pytest.approx(metric(scores, labels))
    assert anomaly_auroc(-scores, labels) == pytest.approx(1 - anomaly_auroc(scores, labels))


def test_what_says_nothing_scores_as_chance() -> None:
    labels = (np.arange(50) < 5).astype(np.int64)
    alike = np.zeros(50, np.float32)
    assert anomaly_auroc(alike, labels) == 0.5
    assert average_precision(alike, labels) == pytest.approx(0.1)
    assert best_f1(alike, labels) == pytest.approx(2 * 0.1 / 1.1)
    for metric in METRICS.values():
        assert metric(labels.astype(np.float32), labels) == 1


@pytest.mark.parametrize("kind", [0, 1])
def test_of_one_kind_alone_nothing_can_be_ranked(kind: int) -> None:
    for metric in METRICS.values():
        assert math.isnan(metric(np.arange(4.0), np.full(4, kind)))


def test_what_is_no_answer_is_refused() -> None:
    for metric in METRICS.values():
        with pytest.raises(ValueError, match=r"scores \(n,\) and labels \(n,\), got shapes \(3, 1\) and \(3,\)"):
            metric(np.zeros((3, 1)), np.zeros(3, int))
        with pytest.raises(ValueError, match=r"1 for an anomaly and 0 for a normal sample, got \[0, 2\]"):
            metric(np.zeros(2), np.array([0, 2]))
        with pytest.raises(ValueError, match="1 of 2 scores are not finite"):
            metric(np.array([0, math.inf]), np.array([0, 1]))
        with pytest.raises(NotEnoughSamples, match="at least 1 sample"):
            metric(np.zeros(0), np.zeros(0, int))


@given(seed=st.integers(0, 10_000), n=st.integers(6, 40), anomalies=st.integers(2, 4), levels=st.integers(1, 30))
def test_values_of_samples_are_those_of_the_brute_force_jackknife(
    seed: int, n: int, anomalies: int, levels: int
) -> None:
    given_answers = answers(seed, n, anomalies, levels)
    for name, metric in METRICS.items():
        found = sample_scores(name, metric, given_answers)
        np.testing.assert_allclose(found, jackknife(metric, given_answers), atol=1e-9)
        assert found.mean() == pytest.approx(metric(*given_answers), abs=1e-9)


def test_a_single_anomaly_cannot_be_left_out_so_that_runs_count_as_one_value() -> None:
    given_answers = answers(0, 30, 1, 9)
    for name, metric in METRICS.items():
        assert sample_scores(name, metric, given_answers).shape == ()


def test_values_of_samples_say_how_far_another_test_part_would_be() -> None:
    """The standard error from one test part is the spread over many, as it must be for comparisons to hold."""
    random = np.random.RandomState(0)

    def part() -> tuple[np.ndarray, np.ndarray]:
        labels = (random.uniform(size=400) < 0.1).astype(np.int64)
        return random.normal(size=400) + 1.5 * labels, labels

    parts = [part() for _ in range(300)]
    spread = np.std([anomaly_auroc(*each) for each in parts], ddof=1)
    values = [sample_scores("anomaly_auroc", anomaly_auroc, each) for each in parts[:50]]
    told = np.mean([each.std(ddof=1) / math.sqrt(len(each)) for each in values])
    assert told == pytest.approx(spread, rel=0.15)
