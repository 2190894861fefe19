"""What stands behind a classifier's scores: its confusions, its calibration bin by bin, and its ROC curve.

Definitions are those of `bench.metrics.classification`: the calibration error is what the bins sum to, and the AUROC is
the area under the mean curve. Probabilities are (n, classes), labels (n,) of integers below `classes`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.metrics.classification import BIN_EDGES

__all__ = ["Bins", "calibration_bins", "confusion", "curve_at", "mean_roc_curve", "roc_curve"]

Floats = NDArray[np.float64]
Array = NDArray[Any]


class Bins(NamedTuple):
    """Sums over the samples of each calibration bin; the last holds the confidences of exactly 1.

    counts: samples; right: how many of them are rightly predicted; confidence: the sum of their confidences. (bins,)
    """

    counts: Floats
    right: Floats
    confidence: Floats

    def plus(self, other: Bins) -> Bins:
        """Return the bins of both sets of samples."""
        return Bins(*(mine + its for mine, its in zip(self, other, strict=True)))

    @property
    def error(self) -> float:
        """The expected calibration error of these samples, in [0, 1]."""
        return float(np.abs(self.right - self.confidence).sum() / self.counts.sum())


def confusion(probabilities: Array, labels: Array) -> NDArray[np.int64]:
    """Return (classes, classes): how many samples of each true class (row) are predicted as each class (column)."""
    classes = probabilities.shape[1]
    pairs = labels.astype(np.int64) * classes + probabilities.argmax(1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def calibration_bins(probabilities: Array, labels: Array) -> Bins:
    """Return the bins that `bench.metrics.classification.calibration_error` sums over."""
    predicted = probabilities.argmax(1)
    confidence = probabilities[np.arange(len(labels)), predicted].astype(np.float64).clip(0.0, 1.0)
    bins = np.searchsorted(BIN_EDGES, confidence.astype(np.float32), "right")
    # Below the first edge, 0, lies nothing.
    size = len(BIN_EDGES) + 1
    sums = (np.bincount(bins, weights, size)[1:] for weights in (None, predicted == labels, confidence))
    return Bins(*(each.astype(np.float64) for each in sums))


def roc_curve(scores: Array, is_positive: Array) -> tuple[Floats, Floats]:
    """Return the false and the true positive rate at every threshold, from (0, 0) to (1, 1).

    scores: (n,), higher for positive; is_positive: (n,) booleans of both kinds. Equal scores are one threshold, so that
    the area under straight lines between the points counts ties by half, as the Mann-Whitney statistic does.
    """
    order = np.argsort(-scores)
    hits = np.cumsum(is_positive[order])
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true, false = hits[ends], ends + 1 - hits[ends]
    return np.append(0.0, false / false[-1]), np.append(0.0, true / true[-1])


def curve_at(rates: Array, curve: tuple[Floats, Floats]) -> Floats:
    """Return the true positive rates of a ROC curve at ascending false positive rates, its upper end where it rises."""
    false, true = curve
    left = np.clip(np.searchsorted(false, rates, "right") - 1, 0, len(false) - 2)
    width = false[left + 1] - false[left]
    share = np.divide(rates - false[left], width, out=np.ones(len(rates)), where=width > 0)
    return np.asarray(true[left] + share * (true[left + 1] - true[left]), np.float64)


def mean_roc_curve(probabilities: Array, labels: Array, rates: Array) -> Floats:
    """Return the mean over classes of the ROC curve of each class against the rest, at false positive rates.

    The mean is over the classes that occur. Of two classes both have the same area, but not the same curve: that of
    class 1 is returned. NaN where all labels are equal.
    """
    present = np.unique(labels)
    if len(present) < 2:
        return np.full(len(rates), np.nan)
    chosen = present[1:] if probabilities.shape[1] == 2 else present
    curves = [curve_at(rates, roc_curve(probabilities[:, label], labels == label)) for label in chosen]
    return np.asarray(np.mean(curves, axis=0), np.float64)
