"""Score class probabilities against labels, in NumPy alone, so that kept answers can be scored anywhere.

Every function takes probabilities (n, classes) of any floating type, whose rows sum to one, and labels (n,) of
integers below `classes`, and returns a float. All arithmetic is in float64. Classes that occur in neither labels nor
predictions are left out of means over classes; of classes that are equally probable the first is the prediction.
Definitions are those of torchmetrics, which tests compare with. Raises ValueError on other shapes, on labels out of
range and on values that are not finite, NotEnoughSamples where there are none.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["accuracy", "auroc", "calibration_error", "f1", "log_loss", "precision", "recall"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

CALIBRATION_BINS = 15
SMALLEST_PROBABILITY = 1e-15


def _bin_edges() -> NDArray[np.float32]:
    """Return the edges of the calibration bins, counted from the nearer end in steps rounded to float32.

    These are bit by bit the edges that torchmetrics has: ensembles answer in tenths and fifths, so that many a
    confidence lies on an edge, and an edge correctly rounded would move it to the next bin.
    """
    place, step = np.arange(CALIBRATION_BINS + 1), float(np.float32(1 / CALIBRATION_BINS))
    from_below, from_above = place * step, 1 - (CALIBRATION_BINS - place) * step
    return np.where(2 * place <= CALIBRATION_BINS, from_below, from_above).astype(np.float32)


BIN_EDGES = _bin_edges()


def accuracy(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Share of samples whose most probable class is the true one, in [0, 1]."""
    p, y = _checked(probabilities, labels)
    return float((p.argmax(1) == y).mean())


def precision(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Precision, mean over classes, in [0, 1]; a class that is never predicted counts as 0."""
    hits, predicted, true = _counts(probabilities, labels)
    return _mean_over_classes(hits, predicted, predicted + true)


def recall(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Recall, mean over classes, in [0, 1]; a class that is predicted but never true counts as 0."""
    hits, predicted, true = _counts(probabilities, labels)
    return _mean_over_classes(hits, true, predicted + true)


def f1(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Harmonic mean of precision and recall, mean over classes, in [0, 1]."""
    hits, predicted, true = _counts(probabilities, labels)
    return _mean_over_classes(2 * hits, predicted + true, predicted + true)


def auroc(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Area under the ROC curve, each class against the rest, mean over the classes that occur in `labels`.

    In [0, 1]; nan where all labels are equal, because then there is nothing to rank. Equal probabilities share their
    mean rank. The area is the Mann-Whitney statistic over its largest value (Hanley and McNeil, 1982).
    """
    p, y = _checked(probabilities, labels)
    present = np.unique(y)
    if len(present) < 2:
        return math.nan
    ordered = np.sort(p, axis=0)
    return float(np.mean([_area(np.ascontiguousarray(ordered[:, label]), p[y == label, label]) for label in present]))


def log_loss(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean negative log-probability of the true class, in nats; at most 34.5, as 0 is read as 1e-15."""
    p, y = _checked(probabilities, labels)
    true = p[np.arange(len(y)), y]
    # Of a certain and right answer the loss is 0, not the -0 that its negative logarithm is.
    return abs(float(np.log(true.clip(SMALLEST_PROBABILITY, 1.0)).mean()))


def calibration_error(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Expected calibration error of the most probable class, in [0, 1]: 15 bins of equal width, L1 norm.

    A confidence on the edge of two bins, both in float32, counts in the upper one, and those of 1 are a bin of their
    own, as in torchmetrics. Source: Guo et al., 2017, eq. 3.
    """
    p, y = _checked(probabilities, labels)
    predicted = p.argmax(1)
    # A row summed in float32 may end at 1 + 1e-7.
    confidence = p[np.arange(len(y)), predicted].clip(0.0, 1.0)
    bins = np.searchsorted(BIN_EDGES, confidence.astype(np.float32), "right")
    right, expected = np.bincount(bins, predicted == y), np.bincount(bins, confidence)
    return float(np.abs(right - expected).sum() / len(y))


def _area(ordered: Floats, of_class: Floats) -> float:
    """Area under one class's ROC curve. ordered: (n,) its probabilities, ascending; of_class: those of its samples."""
    below, up_to = np.searchsorted(ordered, of_class, "left"), np.searchsorted(ordered, of_class, "right")
    inside, outside = len(of_class), len(ordered) - len(of_class)
    # Twice the ranks are whole numbers, so that their sum depends on no order.
    doubled = int((below + up_to + 1).sum()) - inside * (inside + 1)
    return doubled / (2 * inside * outside)


def _counts(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Labels, Labels, Labels]:
    """Return for each class how many samples are rightly predicted, predicted, and true."""
    p, y = _checked(probabilities, labels)
    predicted, classes = p.argmax(1), p.shape[1]
    hits = predicted[predicted == y]
    counted = [np.bincount(found, minlength=classes).astype(np.int64) for found in (hits, predicted, y)]
    return counted[0], counted[1], counted[2]


def _mean_over_classes(parts: Labels, wholes: Labels, occurrences: Labels) -> float:
    shares = np.divide(parts, wholes, out=np.zeros(len(parts)), where=wholes > 0)
    return float(shares[occurrences > 0].mean())


def _checked(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Floats, Labels]:
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(labels)
    if p.ndim != 2 or y.shape != p.shape[:1]:
        raise ValueError(f"scores need probabilities (n, classes) and labels (n,), got shapes {p.shape} and {y.shape}")
    if not len(y):
        raise NotEnoughSamples("a score needs at least 1 sample, got 0")
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"labels must be integers, got {y.dtype}")
    if y.min() < 0 or y.max() >= p.shape[1]:
        raise ValueError(f"labels must lie in 0 … {p.shape[1] - 1}, got {y.min()} to {y.max()}")
    if not np.isfinite(p).all():
        raise ValueError(f"{int((~np.isfinite(p)).any(1).sum())} of {len(p)} answers are not finite")
    return p, y.astype(np.int64, copy=False)
