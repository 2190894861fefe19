"""Flat rows for models that want numbers alone: follows from the space, so nothing is fitted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline

from bench.spaces import Space

__all__ = ["Flat", "flat_width", "on_flat_rows"]

Array = npt.NDArray[Any]


class Flat(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    """Turn (n, *shape) into (n, width): every axis flattened, categories as one-hot columns, gaps as 0 and a flag.

    A gap in a categorical column is a row of zeros, which needs no flag.
    """

    def __init__(self, space: Space) -> None:
        self.space = space

    def fit(self, x: Any, y: Any = None) -> Flat:
        """Learn nothing: the space says it all."""
        return self

    def transform(self, x: Any) -> Array:
        """Return (n, width) float32."""
        rows = np.asarray(x, np.float32).reshape(len(x), -1)
        if not any(self.space.levels):
            return _with_flags(rows) if self.space.missing else rows
        numeric = rows[:, [column for column, level in enumerate(self.space.levels) if not level]]
        blocks = [_with_flags(numeric) if self.space.missing else numeric]
        for column, level in enumerate(self.space.levels):
            if level:
                blocks.append((rows[:, column, None] == np.arange(level)).astype(np.float32))
        return np.concatenate(blocks, 1)

    def __sklearn_is_fitted__(self) -> bool:
        """Nothing is learnt, so there is nothing to wait for."""
        return True


def _with_flags(rows: Array) -> Array:
    gaps = np.isnan(rows)
    return np.concatenate([np.where(gaps, np.float32(0), rows), gaps.astype(np.float32)], 1)


def flat_width(space: Space) -> int:
    """Return how many columns `Flat` makes of a space."""
    numeric = math.prod(space.sizes) - space.categorical_count
    return numeric * (2 if space.missing else 1) + sum(space.levels)


def on_flat_rows(space: Space, estimator: Any) -> Any:
    """Return the estimator behind `Flat`, or the estimator itself where samples are rows of numbers already."""
    if space.axes == "c" and not space.missing and not any(space.levels):
        return estimator
    return Pipeline([("flat", Flat(space)), ("model", estimator)])
