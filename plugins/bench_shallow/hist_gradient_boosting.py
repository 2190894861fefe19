"""Histogram gradient boosting: the strongest shallow model on tables."""

from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingClassifier

from bench.model import Problem

__all__ = ["hist_gradient_boosting"]


def hist_gradient_boosting(
    problem: Problem,
    *,
    max_iter: int,
    learning_rate: float,
    max_leaf_nodes: int,
    min_samples_leaf: int,
    l2_regularization: float,
) -> HistGradientBoostingClassifier:
    """Return scikit-learn's model; it takes its threads from OpenMP, as torch does.

    No early stopping: that would cut another validation part out of the training part.
    """
    return HistGradientBoostingClassifier(
        max_iter=max_iter,
        learning_rate=learning_rate,
        max_leaf_nodes=max_leaf_nodes,
        min_samples_leaf=min_samples_leaf,
        l2_regularization=l2_regularization,
        early_stopping=False,
    )
