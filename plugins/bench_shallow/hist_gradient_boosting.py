"""Histogram gradient boosting: the strongest shallow model on tables."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from bench.model import Problem
from bench_shallow.many_values import one_by_one
from bench_shallow.rows import rows_of

__all__ = ["hist_gradient_boosting"]

# As many as a column has bins; one of more categories is taken for numbers.
MOST_CATEGORIES = 255


def hist_gradient_boosting(
    problem: Problem,
    *,
    max_iter: int,
    learning_rate: float,
    max_leaf_nodes: int,
    min_samples_leaf: int,
    l2_regularization: float,
) -> Any:
    """Return scikit-learn's model, which takes categories and gaps as they are, and its threads from OpenMP, as torch.

    No early stopping: that would cut another validation part out of the training part.
    """
    is_category = [0 < level <= MOST_CATEGORIES for level in problem.given.levels]
    kind = HistGradientBoostingClassifier if problem.wanted.kind == "index" else HistGradientBoostingRegressor
    model = kind(
        max_iter=max_iter,
        learning_rate=learning_rate,
        max_leaf_nodes=max_leaf_nodes,
        min_samples_leaf=min_samples_leaf,
        l2_regularization=l2_regularization,
        early_stopping=False,
        categorical_features=is_category if any(is_category) else None,
    )
    return one_by_one(problem.wanted, rows_of(problem.given, model))
