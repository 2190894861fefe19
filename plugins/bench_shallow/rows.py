"""Rows for trees, which take categories and gaps as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from bench.spaces import Space

__all__ = ["rows_of"]


def rows_of(space: Space, model: Any) -> Any:
    """Return the model, behind a step that flattens images and series where samples are no rows yet."""
    if space.axes == "c":
        return model
    return Pipeline([("flat", FunctionTransformer(_flattened)), ("model", model)])


def _flattened(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x).reshape(len(x), -1)
