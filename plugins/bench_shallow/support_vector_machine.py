"""Support vector machine: the widest margin between classes, or a tube around numbers, in the space of a kernel."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC, SVR

from bench.model import Problem
from bench_shallow.bags import on_rows_or_bags

__all__ = ["support_vector_machine"]

FOLDS = 3
CACHE_MEGABYTES = 500


def support_vector_machine(
    problem: Problem,
    *,
    kernel: str,
    C: float,  # noqa: N803 - scikit-learn's own name
    gamma: str | float,
) -> Any:
    """Return scikit-learn's model; training time grows with the square of the number of samples.

    Probabilities are Platt's: a sigmoid of the margins, fitted to those of three folds, so that training is done four
    times over. Each class needs three samples.
    """
    settings = {"kernel": kernel, "C": C, "gamma": gamma, "cache_size": CACHE_MEGABYTES}
    if problem.wanted.kind != "index":
        return on_rows_or_bags(problem.given, SVR(**settings))
    calibrated = CalibratedClassifierCV(SVC(**settings), cv=FOLDS, ensemble=False, n_jobs=torch.get_num_threads())
    return on_rows_or_bags(problem.given, calibrated)
