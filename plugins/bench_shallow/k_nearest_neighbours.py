"""k nearest neighbours: what those samples of the training part say that look most alike."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from bench.columns import on_flat_rows
from bench.model import Problem
from bench_shallow.many_values import as_rows

__all__ = ["k_nearest_neighbours"]


def k_nearest_neighbours(problem: Problem, *, n_neighbors: int, weights: str) -> Any:
    """Return scikit-learn's model, Euclidean on flat rows; two categories that differ are √2 apart."""
    kind = KNeighborsClassifier if problem.wanted.kind == "index" else KNeighborsRegressor
    # A learning curve may begin with fewer samples than neighbours.
    count = min(n_neighbors, problem.training_size)
    model = kind(n_neighbors=count, weights=weights, n_jobs=torch.get_num_threads())
    return as_rows(problem.wanted, on_flat_rows(problem.given, model))
