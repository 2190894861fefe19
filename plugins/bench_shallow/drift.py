"""The drift forecast: on along the line from the first to the last step of the window."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.model import Problem

__all__ = ["Drift"]

Array = npt.NDArray[Any]


class Drift:
    """The last value, and for each step ahead the window's mean change from step to step."""

    def __init__(self, problem: Problem) -> None:
        self.horizon = problem.output_shape[0]

    def fit(self, x: Array, y: Array) -> Drift:
        """Learn nothing."""
        return self

    def predict(self, x: Array) -> Array:
        """Map (n, look-back, series) to (n, horizon, series)."""
        change = (x[:, -1:] - x[:, :1]) / max(1, x.shape[1] - 1)
        ahead = np.arange(1, self.horizon + 1, dtype=x.dtype)[:, None]
        return np.asarray(x[:, -1:] + ahead * change)
