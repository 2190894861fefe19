"""Score how unusual samples were said to be against which of them are anomalies, in NumPy alone.

anomaly_scores: (n,) of any floating type, higher is less normal; labels: (n,) whole numbers, 1 for an anomaly, else 0.
All arithmetic is in float64. Samples of equal score enter every threshold together. Definitions are those of
scikit-learn, which tests compare with. Raises ValueError on other shapes, on other labels and on scores that are not
finite, NotEnoughSamples where there are no samples. Where all samples are of one kind, there is nothing to rank: nan.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["anomaly_auroc", "average_precision", "best_f1"]

Floats = NDArray[np.float64]


def anomaly_auroc(anomaly_scores: ArrayLike, labels: ArrayLike) -> float:
    """Share of pairs of an anomaly and a normal sample that are in the right order, in [0, 1]; equal ones count half.

    It is the area under the ROC curve (Hanley & McNeil, 1982); 0.5 is chance, whatever the share of anomalies.
    """
    scores, is_anomaly = _checked(anomaly_scores, labels)
    inside, outside = int(is_anomaly.sum()), int((~is_anomaly).sum())
    if not inside or not outside:
        return math.nan
    normal = np.sort(scores[~is_anomaly])
    found = scores[is_anomaly]
    # Twice the number of pairs is whole, so that it depends on no order.
    doubled = int((np.searchsorted(normal, found, "left") + np.searchsorted(normal, found, "right")).sum())
    return doubled / (2 * inside * outside)


def average_precision(anomaly_scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean precision over thresholds, each weighted by the recall that it adds, in [0, 1].

    Chance is the share of anomalies. No interpolation (Manning, Raghavan & Schütze, 2008, section 8.4).
    """
    precision, recall = _curve(*_checked(anomaly_scores, labels))
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def best_f1(anomaly_scores: ArrayLike, labels: ArrayLike) -> float:
    """The largest F1 of all thresholds, in [0, 1]: what the right threshold would reach, chosen with the labels known.

    To call every sample an anomaly reaches 2 s / (1 + s), s being their share.
    """
    precision, recall = _curve(*_checked(anomaly_scores, labels))
    total = precision + recall
    return float(np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total != 0).max())


def _curve(scores: Floats, is_anomaly: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return precision and recall, (thresholds,) each, from the highest threshold to the lowest."""
    if is_anomaly.all() or not is_anomaly.any():
        return np.array([math.nan]), np.array([math.nan])
    order = np.argsort(-scores, kind="stable")
    # The last of those that share a score: only there does a threshold lie.
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.cumsum(is_anomaly[order])[ends]
    return hits / (ends + 1.0), hits / float(is_anomaly.sum())


def _checked(anomaly_scores: ArrayLike, labels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    scores, known = np.asarray(anomaly_scores, dtype=np.float64), np.asarray(labels)
    if scores.ndim != 1 or known.shape != scores.shape:
        raise ValueError(f"anomalies need scores (n,) and labels (n,), got shapes {scores.shape} and {known.shape}")
    if not len(scores):
        raise NotEnoughSamples("a score needs at least 1 sample, got 0")
    if not np.isin(known, (0, 1)).all():
        raise ValueError(
            f"labels must be 1 for an anomaly and 0 for a normal sample, got {sorted(set(known.tolist()))}"
        )
    if not np.isfinite(scores).all():
        raise ValueError(f"{int((~np.isfinite(scores)).sum())} of {len(scores)} scores are not finite")
    return scores, known == 1
