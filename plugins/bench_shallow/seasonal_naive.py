"""The seasonal naive forecast: as one season ago."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.model import Problem

__all__ = ["SeasonalNaive"]

Array = npt.NDArray[Any]


class SeasonalNaive:
    """Say the last season again; the last value where a window is shorter than a season."""

    def __init__(self, problem: Problem) -> None:
        look_back, horizon, period = problem.input_shape[0], problem.output_shape[0], problem.given.period
        season = period if period <= look_back else 1
        self._places = look_back - season + np.arange(horizon) % season

    def fit(self, x: Array, y: Array) -> SeasonalNaive:
        """Learn nothing."""
        return self

    def predict(self, x: Array) -> Array:
        """Map (n, look-back, series) to (n, horizon, series)."""
        return x[:, self._places]
