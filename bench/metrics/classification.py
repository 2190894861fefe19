"""Score class probabilities against labels; torchmetrics does the counting.

Every function takes probabilities (n, classes) float64 whose rows sum to one and labels (n,) int64, and
returns a float. Classes that occur in neither labels nor predictions are left out of means over classes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_auroc,
    multiclass_calibration_error,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

__all__ = ["accuracy", "auroc", "calibration_error", "f1", "log_loss", "precision", "recall"]

CALIBRATION_BINS = 15
SMALLEST_PROBABILITY = 1e-15


def accuracy(probabilities: Tensor, labels: Tensor) -> float:
    """Share of samples whose most probable class is the true one, in [0, 1]."""
    return float(multiclass_accuracy(_bounded(probabilities), labels, probabilities.shape[1], average="micro"))


def precision(probabilities: Tensor, labels: Tensor) -> float:
    """Precision, mean over classes, in [0, 1]; a class that is never predicted counts as 0."""
    return float(multiclass_precision(_bounded(probabilities), labels, probabilities.shape[1], average="macro"))


def recall(probabilities: Tensor, labels: Tensor) -> float:
    """Recall, mean over classes, in [0, 1]; a class that is predicted but never true counts as 0."""
    return float(multiclass_recall(_bounded(probabilities), labels, probabilities.shape[1], average="macro"))


def f1(probabilities: Tensor, labels: Tensor) -> float:
    """Harmonic mean of precision and recall, mean over classes, in [0, 1]."""
    return float(multiclass_f1_score(_bounded(probabilities), labels, probabilities.shape[1], average="macro"))


def auroc(probabilities: Tensor, labels: Tensor) -> float:
    """Area under the ROC curve, each class against the rest, mean over the classes that occur in `labels`.

    In [0, 1]; nan where all labels are equal, because then there is nothing to rank.
    """
    present, relabelled = torch.unique(labels, return_inverse=True)
    if len(present) < 2:
        return math.nan
    # A class without a true sample has no curve, and torchmetrics would count it as an area of 0. The areas
    # are one against the rest, so leaving its column out changes no other class.
    columns = _bounded(probabilities)[:, present]
    return float(multiclass_auroc(columns, relabelled, len(present), average="macro"))


def log_loss(probabilities: Tensor, labels: Tensor) -> float:
    """Mean negative log-probability of the true class, in nats; at most 34.5, as 0 is read as 1e-15.

    torchmetrics has no log loss of probabilities.
    """
    true = probabilities.double().gather(1, labels[:, None]).squeeze(1)
    return float(-true.clamp(SMALLEST_PROBABILITY, 1.0).log().mean())


def calibration_error(probabilities: Tensor, labels: Tensor) -> float:
    """Expected calibration error of the most probable class, in [0, 1]: 15 bins of equal width, L1 norm.

    Source: Guo et al., 2017, eq. 3.
    """
    return float(
        multiclass_calibration_error(
            _bounded(probabilities), labels, probabilities.shape[1], n_bins=CALIBRATION_BINS, norm="l1"
        )
    )


def _bounded(probabilities: Tensor) -> Tensor:
    # torchmetrics takes anything outside [0, 1] for logits, and a row summed in float32 may end at 1 + 1e-7.
    return probabilities.double().clamp(0.0, 1.0)
