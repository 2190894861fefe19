"""Classification metrics against scikit-learn and against hand-made cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.metrics import classification as metrics

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="needs the shallow extra")

ALL = ("accuracy", "precision", "recall", "f1", "auroc", "log_loss", "calibration_error")


def draw(seed: int, n: int = 60, classes: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    probabilities = torch.softmax(2 * torch.randn(n, classes, generator=generator, dtype=torch.float64), dim=1)
    return probabilities, torch.randint(classes, (n,), generator=generator)


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_scikit_learn(seed):
    probabilities, labels = draw(seed)
    p, y = probabilities.numpy(), labels.numpy()
    predicted = p.argmax(1)
    assert metrics.accuracy(probabilities, labels) == pytest.approx(sklearn_metrics.accuracy_score(y, predicted))
    for ours, theirs in (("precision", "precision_score"), ("recall", "recall_score"), ("f1", "f1_score")):
        expected = getattr(sklearn_metrics, theirs)(y, predicted, average="macro")
        assert getattr(metrics, ours)(probabilities, labels) == pytest.approx(expected)
    expected = sklearn_metrics.roc_auc_score(y, p, multi_class="ovr", average="macro")
    assert metrics.auroc(probabilities, labels) == pytest.approx(expected)
    assert metrics.log_loss(probabilities, labels) == pytest.approx(sklearn_metrics.log_loss(y, p))


def test_calibration_error_by_hand():
    confidence = torch.tensor([0.9, 0.9, 0.6, 0.6], dtype=torch.float64)
    probabilities = torch.stack([confidence, 1 - confidence], dim=1)
    labels = torch.tensor([0, 0, 0, 1])
    # Two bins of two samples: accuracy 1 at confidence 0.9, accuracy 0.5 at confidence 0.6.
    assert metrics.calibration_error(probabilities, labels) == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)


def test_a_perfect_answer():
    labels = torch.arange(10) % 3
    probabilities = torch.nn.functional.one_hot(labels, 3).double()
    for name in ("accuracy", "precision", "recall", "f1", "auroc"):
        assert getattr(metrics, name)(probabilities, labels) == 1.0
    assert metrics.log_loss(probabilities, labels) == 0.0
    assert metrics.calibration_error(probabilities, labels) == 0.0


def test_a_certain_and_wrong_answer_has_a_finite_loss():
    probabilities = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    assert metrics.log_loss(probabilities, torch.tensor([1, 1])) == pytest.approx(-math.log(1e-15))


def test_a_class_missing_from_the_labels_is_left_out_of_the_area():
    probabilities, _ = draw(0, classes=4)
    labels = torch.arange(60) % 3
    expected = np.mean(
        [sklearn_metrics.roc_auc_score((labels == k).numpy(), probabilities[:, k].numpy()) for k in range(3)]
    )
    assert metrics.auroc(probabilities, labels) == pytest.approx(expected)


def test_one_class_only_gives_no_area_and_no_warning():
    probabilities, _ = draw(0)
    labels = torch.zeros(60, dtype=torch.int64)
    assert math.isnan(metrics.auroc(probabilities, labels))
    assert all(math.isfinite(getattr(metrics, name)(probabilities, labels)) for name in ALL if name != "auroc")


def test_a_row_that_sums_to_a_little_more_than_one_is_not_taken_for_logits():
    probabilities = torch.tensor([[1.0 + 1e-7, 0.0], [0.4, 0.6]], dtype=torch.float64)
    labels = torch.tensor([0, 1])
    assert metrics.calibration_error(probabilities, labels) == pytest.approx(0.2, abs=1e-6)


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 30), classes=st.integers(2, 6))
def test_every_metric_stays_in_its_range_and_ignores_order(seed, n, classes):
    probabilities, labels = draw(seed, n, classes)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    for name in ALL:
        value = getattr(metrics, name)(probabilities, labels)
        upper = 34.6 if name == "log_loss" else 1.0 + 1e-9
        assert math.isnan(value) or 0.0 <= value <= upper
        assert getattr(metrics, name)(probabilities[order], labels[order]) == pytest.approx(value, nan_ok=True)
