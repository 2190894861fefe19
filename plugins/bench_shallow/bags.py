"""Texts as bags of words: how often each token occurs, in whatever order."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import Pipeline

from bench.columns import on_flat_rows
from bench.spaces import Space

__all__ = ["Bag", "on_rows_or_bags", "on_weighted_bags"]


class Bag(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    """Turn n token sequences into counts, (n, tokens) sparse."""

    def __init__(self, size: int) -> None:
        self.size = size

    def fit(self, x: Any, y: Any = None) -> Bag:
        """Learn nothing: the vocabulary is the task's."""
        return self

    def transform(self, x: Any) -> csr_matrix:
        """Return (n, size) float32; x: (n, length) int64, or n arrays of int64 of varying length."""
        rows = [np.asarray(row, np.int64) for row in x]
        ends = np.cumsum([0, *map(len, rows)])
        counts = csr_matrix(
            (np.ones(ends[-1], np.float32), np.concatenate(rows), ends), shape=(len(rows), self.size), dtype=np.float32
        )
        counts.sum_duplicates()
        return counts

    def __sklearn_is_fitted__(self) -> bool:
        """Nothing is learnt, so there is nothing to wait for."""
        return True


def on_weighted_bags(space: Space, estimator: Any) -> Any:
    """Return the estimator behind bags whose frequent tokens weigh less (1 + log tf, idf, rows of length one)."""
    weigh = TfidfTransformer(sublinear_tf=True)
    return Pipeline([("bag", Bag(space.size or 0)), ("weigh", weigh), ("model", estimator)])


def on_rows_or_bags(space: Space, estimator: Any) -> Any:
    """Return the estimator behind whatever turns this space into rows of numbers."""
    return on_weighted_bags(space, estimator) if space.kind == "index" else on_flat_rows(space, estimator)
