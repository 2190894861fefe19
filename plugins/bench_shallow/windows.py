"""What models of a whole series need where they are given windows: the series, and one linear map for all windows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import NotApplicable
from bench.model import Problem

__all__ = ["PerSeries", "series_of"]

Array = npt.NDArray[Any]


def series_of(x: Array, y: Array) -> Array:
    """Return the series, (steps, c), that windows (n, look-back, c) and the steps after them were cut from.

    Raises NotApplicable where they do not follow each other step by step.
    """
    if not np.array_equal(x[1:, :-1], x[:-1, 1:]):
        raise NotApplicable(f"models of a whole series need windows that follow step by step; got {len(x)} that do not")
    return np.concatenate([x[0], x[1:, -1], y[-1]]).astype(np.float64)


class PerSeries(ABC):
    """A model of a single series, fitted to each by itself, whose forecast is a linear map of the window.

    coefficients_: (c, coefficients), what was fitted. Parameters are estimated once, on the last `steps` steps of
    training; a window is filtered with them from its own first step on, so that the model knows what all others know.
    """

    def __init__(self, problem: Problem, *, steps: int) -> None:
        self.look_back, self.horizon = problem.input_shape[0], problem.output_shape[0]
        self.steps, period = steps, problem.given.period
        # Of a season that a window does not hold twice, nothing can be said from the window.
        self.period = period if period > 1 and self.look_back >= 2 * period else 1
        self.coefficients_: Array = np.zeros((0, 0))
        self._maps: Array = np.zeros((0, self.horizon, self.look_back))

    @abstractmethod
    def estimated(self, series: Array) -> Array:
        """Return the coefficients, (k,), of one series, (steps,)."""

    @abstractmethod
    def linear_map(self, coefficients: Array) -> Array:
        """Return the matrix, (horizon, look-back), that forecasts any window with these coefficients."""

    def fit(self, x: Array, y: Array) -> PerSeries:
        """Estimate, for each of (n, look-back, c)."""
        series = series_of(x, y)[-self.steps :]
        self.coefficients_ = np.stack([self.estimated(one) for one in series.T])
        self._maps = np.stack([self.linear_map(each) for each in self.coefficients_])
        return self

    def predict(self, x: Array) -> Array:
        """Map (n, look-back, c) to (n, horizon, c)."""
        return np.asarray(np.einsum("chl,nlc->nhc", self._maps, x.astype(np.float64), optimize=True), np.float32)
