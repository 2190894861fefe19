"""An isolation forest, on as many threads as the run was given."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.ensemble import IsolationForest

from bench.columns import on_flat_rows
from bench.model import Problem

__all__ = ["isolation_forest"]


def isolation_forest(problem: Problem, *, n_estimators: int, max_samples: int) -> Any:
    """Return scikit-learn's model; it draws from numpy's global state, which the harness seeds."""
    model = IsolationForest(
        n_estimators=n_estimators,
        max_samples=min(max_samples, problem.training_size),
        n_jobs=torch.get_num_threads(),
    )
    return on_flat_rows(problem.given, model)
