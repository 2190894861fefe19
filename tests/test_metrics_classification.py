"""Classification metrics against torchmetrics, against scikit-learn and against hand-made cases."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
import torchmetrics.functional.classification as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from bench.errors import NotEnoughSamples
from bench.metrics import classification as metrics

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="needs the shallow extra")

ALL = ("accuracy", "precision", "recall", "f1", "auroc", "log_loss", "calibration_error")
Answer = tuple[NDArray[np.float64], NDArray[np.int64]]


def draw(seed: int, n: int = 60, classes: int = 4) -> Answer:
    generator = np.random.default_rng(seed)
    logits = 2 * generator.normal(size=(n, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return probabilities, generator.integers(classes, size=n)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Probabilities in tenths, so that ranks, classes and the edges of bins tie, with labels that may lack classes."""
    n, classes = draw(st.integers(1, 40)), draw(st.integers(2, 6))
    shares = draw(arrays.arrays(np.int64, (n, classes), elements=st.integers(0, 5)))
    shares[:, 0] += shares.sum(1) == 0
    labels = draw(arrays.arrays(np.int64, n, elements=st.integers(0, classes - 1)))
    tenths = draw(st.booleans())
    return (np.round(shares / shares.sum(1, keepdims=True), 1) if tenths else shares / shares.sum(1, keepdims=True)), (
        labels
    )


def by_torchmetrics(name: str, probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    p, y, classes = torch.from_numpy(probabilities), torch.from_numpy(labels), probabilities.shape[1]
    if name == "accuracy":
        return float(oracle.multiclass_accuracy(p, y, classes, average="micro"))
    if name == "calibration_error":
        return float(oracle.multiclass_calibration_error(p, y, classes, n_bins=15, norm="l1"))
    if name == "auroc":
        # torchmetrics counts a class without a true sample as an area of 0; ours is left out.
        present, relabelled = torch.unique(y, return_inverse=True)
        return float(oracle.multiclass_auroc(p[:, present], relabelled, len(present), average="macro"))
    kind = {"precision": "multiclass_precision", "recall": "multiclass_recall", "f1": "multiclass_f1_score"}[name]
    return float(getattr(oracle, kind)(p, y, classes, average="macro"))


@pytest.mark.parametrize("name", [name for name in ALL if name != "log_loss"])
@settings(deadline=None)
@given(answer=answers())
def test_equal_to_torchmetrics_ties_and_missing_classes_included(name: str, answer: Answer) -> None:
    if name == "auroc" and len(np.unique(answer[1])) < 2:
        return
    assert getattr(metrics, name)(*answer) == pytest.approx(by_torchmetrics(name, *answer), rel=2e-6, abs=2e-6)


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_scikit_learn_in_float64(seed: int) -> None:
    p, y = draw(seed, n=500)
    predicted = p.argmax(1)
    close = pytest.approx
    assert metrics.accuracy(p, y) == sklearn_metrics.accuracy_score(y, predicted)
    for ours, theirs in (("precision", "precision_score"), ("recall", "recall_score"), ("f1", "f1_score")):
        expected = getattr(sklearn_metrics, theirs)(y, predicted, average="macro")
        assert getattr(metrics, ours)(p, y) == close(expected, rel=1e-14)
    expected = sklearn_metrics.roc_auc_score(y, p, multi_class="ovr", average="macro")
    assert metrics.auroc(p, y) == close(expected, rel=1e-14)
    assert metrics.log_loss(p, y) == close(sklearn_metrics.log_loss(y, p), rel=1e-14)


@settings(deadline=None)
@given(answer=answers())
def test_the_area_with_ties_equals_scikit_learns(answer: Answer) -> None:
    p, y = answer
    present = np.unique(y)
    if len(present) == 1:
        assert math.isnan(metrics.auroc(p, y))
        return
    expected = np.mean([sklearn_metrics.roc_auc_score(y == label, p[:, label]) for label in present])
    assert metrics.auroc(p, y) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.9, 0.9, 0.6, 0.6])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    # Two bins of two samples: accuracy 1 at confidence 0.9, accuracy 0.5 at confidence 0.6.
    assert metrics.calibration_error(probabilities, np.array([0, 0, 0, 1])) == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)


def test_the_edges_of_the_bins_are_torchs() -> None:
    assert (torch.linspace(0, 1, metrics.CALIBRATION_BINS + 1).numpy() == metrics.BIN_EDGES).all()


def test_a_perfect_answer() -> None:
    labels = np.arange(10) % 3
    probabilities = np.eye(3)[labels]
    for name in ("accuracy", "precision", "recall", "f1", "auroc"):
        assert getattr(metrics, name)(probabilities, labels) == 1.0
    assert metrics.log_loss(probabilities, labels) == 0.0
    assert math.copysign(1, metrics.log_loss(probabilities, labels)) == 1
    assert metrics.calibration_error(probabilities, labels) == 0.0


def test_a_certain_and_wrong_answer_has_a_finite_loss() -> None:
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert metrics.log_loss(probabilities, np.array([1, 1])) == pytest.approx(-math.log(1e-15))


def test_one_class_only_gives_no_area_and_no_warning() -> None:
    probabilities, _ = draw(0)
    labels = np.zeros(60, dtype=np.int64)
    assert math.isnan(metrics.auroc(probabilities, labels))
    assert all(math.isfinite(getattr(metrics, name)(probabilities, labels)) for name in ALL if name != "auroc")


def test_of_equal_probabilities_the_first_class_is_the_prediction() -> None:
    probabilities = np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
    assert metrics.accuracy(probabilities, np.array([0, 1])) == 1.0
    assert metrics.accuracy(probabilities, np.array([1, 2])) == 0.0


def test_a_row_that_sums_to_a_little_more_than_one_is_not_taken_for_logits() -> None:
    probabilities = np.array([[1.0 + 1e-7, 0.0], [0.4, 0.6]])
    assert metrics.calibration_error(probabilities, np.array([0, 1])) == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_answers_as_they_are_kept_give_the_score_of_their_numbers(name: str) -> None:
    """Whatever the floating type, its numbers are raised to float64 before any arithmetic."""
    probabilities, labels = draw(1)
    kept = probabilities.astype(np.float32)
    function = getattr(metrics, name)
    assert function(kept, labels) == function(kept.astype(np.float64), labels)
    assert function(kept, labels.astype(np.uint16)) == function(kept, labels)


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 30), classes=st.integers(2, 6))
def test_every_metric_stays_in_its_range_and_ignores_order(seed: int, n: int, classes: int) -> None:
    probabilities, labels = draw(seed, n, classes)
    order = np.random.default_rng(seed).permutation(n)
    for name in ALL:
        value = getattr(metrics, name)(probabilities, labels)
        upper = 34.6 if name == "log_loss" else 1.0 + 1e-9
        assert math.isnan(value) or 0.0 <= value <= upper
        assert getattr(metrics, name)(probabilities[order], labels[order]) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    ("probabilities", "labels", "complaint"),
    [
        (np.ones(3), np.zeros(3, int), r"got shapes \(3,\) and \(3,\)"),
        (np.ones((3, 2)) / 2, np.zeros(2, int), r"got shapes \(3, 2\) and \(2,\)"),
        (np.ones((3, 2)) / 2, np.array([0, 1, 2]), r"must lie in 0 … 1, got 0 to 2"),
        (np.ones((3, 2)) / 2, np.zeros(3), "must be integers, got float64"),
        (np.array([[np.nan, 1.0], [0.5, 0.5]]), np.zeros(2, int), "1 of 2 answers are not finite"),
    ],
)
@pytest.mark.parametrize("name", ALL)
def test_what_cannot_be_scored_is_refused(
    name: str, probabilities: NDArray[np.float64], labels: NDArray[np.int64], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        getattr(metrics, name)(probabilities, labels)


@pytest.mark.parametrize("name", ALL)
def test_no_samples_have_no_score(name: str) -> None:
    with pytest.raises(NotEnoughSamples, match="at least 1 sample"):
        getattr(metrics, name)(np.ones((0, 2)), np.zeros(0, int))


def test_scores_need_no_torch_and_come_out_equal_in_another_process() -> None:
    code = (
        "import sys, numpy as np; from bench.metrics import classification as m; r = np.random.default_rng(3);"
        "p = r.dirichlet(np.ones(5), 700).astype(np.float32); y = r.integers(5, size=700);"
        "print(*[getattr(m, name)(p, y).hex() for name in m.__all__]);"
        "assert not {'torch', 'torchmetrics', 'sklearn', 'scipy', 'pandas'} & set(sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    r = np.random.default_rng(3)
    p, y = r.dirichlet(np.ones(5), 700).astype(np.float32), r.integers(5, size=700)
    assert found == [getattr(metrics, name)(p, y).hex() for name in metrics.__all__]
