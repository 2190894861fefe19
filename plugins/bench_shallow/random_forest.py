"""A random forest, on as many threads as the run was given."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from bench.model import Problem
from bench_shallow.many_values import as_rows
from bench_shallow.rows import rows_of

__all__ = ["random_forest"]


def random_forest(problem: Problem, *, n_estimators: int, max_features: str | float, min_samples_leaf: int) -> Any:
    """Return scikit-learn's model; it draws from numpy's global state, which the harness seeds.

    Categories and gaps are taken as they are, categories in the order of their numbers.
    """
    kind = RandomForestClassifier if problem.wanted.kind == "index" else RandomForestRegressor
    model = kind(
        n_estimators=n_estimators,
        max_features=max_features,
        min_samples_leaf=min_samples_leaf,
        # scikit-learn would use one; the networks beside it use what the run was given.
        n_jobs=torch.get_num_threads(),
    )
    return as_rows(problem.wanted, rows_of(problem.given, model))
