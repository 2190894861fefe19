"""Let models that tell rows of numbers, or one number each, tell the steps of a series."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline

from bench.spaces import Space

__all__ = ["as_rows", "one_by_one"]


class _Rows(Pipeline):  # type: ignore[misc]  # scikit-learn is not typed
    """The steps of a pipeline, fitted to targets that are flattened: (n, horizon · series)."""

    def fit(self, x: Any, y: Any) -> _Rows:
        """Fit to (n, …) and (n, horizon, series); the harness gives the flat answers their shape."""
        super().fit(x, np.asarray(y).reshape(len(y), -1))
        return self


def as_rows(target: Space, model: Any) -> Any:
    """Return a model that tells several numbers at once, able to take targets of any shape."""
    if not target.axes:
        return model
    return _Rows(model.steps if isinstance(model, Pipeline) else [("model", model)])


def one_by_one(target: Space, model: Any) -> Any:
    """Return a model that tells one number, or where more are asked for, a copy of it for each."""
    return as_rows(target, MultiOutputRegressor(model)) if target.axes else model
