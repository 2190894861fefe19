"""ARIMA: a value from the values and errors before it, of the series or of its differences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from statsmodels.tsa.statespace.sarimax import SARIMAX

from bench.model import Problem
from bench_shallow.windows import PerSeries

__all__ = ["Arima"]

Array = npt.NDArray[Any]


class Arima(PerSeries):
    """ARIMA(p, d, q), seasonally (0, 1, 1) where a window holds two seasons (Box & Jenkins, 1970); by statsmodels."""

    def __init__(self, problem: Problem, *, p: int, d: int, q: int, seasonal: bool, steps: int) -> None:
        super().__init__(problem, steps=steps)
        self.order = (p, d, q)
        self.seasonal_order = (0, 1, 1, self.period) if seasonal and self.period > 1 else (0, 0, 0, 0)

    def model(self, series: Array) -> SARIMAX:
        """Return statsmodels' model of a series."""
        return SARIMAX(series, order=self.order, seasonal_order=self.seasonal_order, simple_differencing=True)

    def estimated(self, series: Array) -> Array:
        """Return the coefficients of maximum likelihood, the variance of the errors last."""
        with warnings.catch_warnings():
            # A search that ends early has found coefficients all the same; what they are worth, the scores tell.
            warnings.simplefilter("ignore")
            return np.asarray(self.model(series).fit(disp=False).params)

    def differencing(self) -> Array:
        """Return the weights of the values before, the newest first, that a difference takes from a value."""
        _, seasons, _, period = self.seasonal_order
        polynomial = np.ones(1)
        for lag in (*[1] * self.order[1], *[period] * seasons):
            polynomial = np.convolve(polynomial, [1, *[0] * (lag - 1), -1])
        return -polynomial[1:]

    def linear_map(self, coefficients: Array) -> Array:
        """Difference a window, filter it, go on without errors, and add the differences up again."""
        weights, steps = self.differencing(), self.look_back
        lags = len(weights)
        differences = np.eye(steps)[lags:]
        for lag, weight in enumerate(weights, 1):
            differences -= weight * np.eye(steps)[lags - lag : steps - lag]
        ahead = self._filtered(coefficients, steps - lags) @ differences
        values = np.concatenate([np.eye(steps), np.zeros((self.horizon, steps))])
        for step in range(steps, steps + self.horizon):
            values[step] = ahead[step - steps] + weights @ values[step - lags : step][::-1]
        return values[steps:]

    def _filtered(self, coefficients: Array, steps: int) -> Array:
        """Return the matrix, (horizon, steps), of the Kalman filter: its gains are the same whatever it is given."""
        lags = len(self.differencing())
        found = self.model(np.zeros(steps + lags)).filter(coefficients).filter_results
        onward, seen, gains = found.transition[:, :, 0], found.design[0, :, 0], found.kalman_gain[:, 0]
        state = np.zeros((len(seen), steps))
        for step in range(steps):
            state = (onward - np.outer(gains[:, step], seen)) @ state
            state[:, step] += gains[:, step]
        rows = []
        for _ in range(self.horizon):
            rows.append(seen @ state)
            state = onward @ state
        return np.stack(rows)
