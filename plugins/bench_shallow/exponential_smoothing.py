"""Exponential smoothing: level, damped trend and season, each corrected by a share of every error."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from bench.model import Problem
from bench_shallow.windows import PerSeries

__all__ = ["ExponentialSmoothing"]

Array = npt.NDArray[Any]
# statsmodels' names, in the order of `coefficients_`.
NAMES = ("smoothing_level", "smoothing_trend", "smoothing_seasonal", "damping_trend")


class ExponentialSmoothing(PerSeries):
    """ETS(A, Ad, A), or without trend or season (Hyndman et al., 2008, chapter 2); statsmodels estimates it.

    Errors, trend and season add up, since models meet standardised values, which may be negative. The states that a
    window begins with are those of the least squared errors within it.
    """

    def __init__(self, problem: Problem, *, trend: bool, steps: int) -> None:
        super().__init__(problem, steps=steps)
        self.trend = trend

    def estimated(self, series: Array) -> Array:
        """Return the shares of level, trend and season that an error corrects, and the damping of the trend."""
        model = ETSModel(
            series,
            error="add",
            trend="add" if self.trend else None,
            damped_trend=self.trend,
            seasonal="add" if self.period > 1 else None,
            seasonal_periods=self.period if self.period > 1 else None,
            initialization_method="heuristic" if len(series) >= 2 * max(self.period, 5) else "estimated",
        )
        with warnings.catch_warnings():
            # A search that ends early has found coefficients all the same; what they are worth, the scores tell.
            warnings.simplefilter("ignore")
            found = model.fit(disp=False)
        given = dict(zip(model.param_names, found.params, strict=True))
        return np.array([given.get(name, 0.0) for name in NAMES])

    def states(self, coefficients: Array) -> tuple[Array, Array, Array]:
        """Return how states go on, (k, k), what is seen of them, (k,), and what an error changes, (k,).

        y_t = w' x_{t-1} + e_t and x_t = F x_{t-1} + g e_t, of x = (level, trend, the last season, newest first).
        """
        alpha, beta, gamma, phi = coefficients
        size = 2 + self.period
        onward, seen, gain = np.zeros((size, size)), np.zeros(size), np.zeros(size)
        onward[0, :2], onward[1, 1], seen[:2], gain[:2] = (1, phi), phi, (1, phi), (alpha, beta)
        if self.period > 1:
            onward[2, -1] = seen[-1] = 1
            onward[3:, 2:-1] = np.eye(self.period - 1)
            gain[2] = gamma
        return onward, seen, gain

    def linear_map(self, coefficients: Array) -> Array:
        """Filter a window from the states that fit it best, and go on without errors."""
        onward, seen, gain = self.states(coefficients)
        # With e_t = y_t - w' x_{t-1} a state is A x_0 + B y; so is every error.
        corrected = onward - np.outer(gain, seen)
        of_start, of_window = np.eye(len(seen)), np.zeros((len(seen), self.look_back))
        seen_of_start, seen_of_window = np.zeros((self.look_back, len(seen))), np.zeros((self.look_back,) * 2)
        for step in range(self.look_back):
            seen_of_start[step], seen_of_window[step] = seen @ of_start, seen @ of_window
            of_start, of_window = corrected @ of_start, corrected @ of_window
            of_window[:, step] += gain
        start = np.linalg.pinv(seen_of_start, rcond=1e-8) @ (np.eye(self.look_back) - seen_of_window)
        state = of_start @ start + of_window
        rows = []
        for _ in range(self.horizon):
            rows.append(seen @ state)
            state = onward @ state
        return np.stack(rows)
