"""The local outlier factor: how much thinner a sample's surroundings are than those of its neighbours."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.neighbors import LocalOutlierFactor

from bench.columns import on_flat_rows
from bench.model import Problem

__all__ = ["local_outlier_factor"]


def local_outlier_factor(problem: Problem, *, n_neighbors: int) -> Any:
    """Return scikit-learn's model, which is asked about samples as if they were new, those of the training part too.

    Where more rows are equal than there are neighbours, their surroundings are infinitely dense, and scores are of
    little use: real data with many equal rows want more neighbours.
    """
    count = min(n_neighbors, max(1, problem.training_size - 1))
    model = LocalOutlierFactor(n_neighbors=count, novelty=True, n_jobs=torch.get_num_threads())
    return on_flat_rows(problem.given, model)
