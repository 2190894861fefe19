"""The trivial model of a problem, which every other must beat; follows from what must be produced."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.model import Problem
from bench.spaces import Space

__all__ = ["LastValue", "baseline"]

Array = npt.NDArray[Any]


def baseline(problem: Problem) -> Any:
    """Return the trivial model: it ignores the input, or hands it on where input and target are images or series.

    predict: class shares, unigrams, the mean (the most frequent category of a column); images to larger images: the
             nearest pixels of the input, where both have the same bounds.  sample: each value drawn from its own
             column's training values.  score: one number for all.  assign: one cluster for all.
    """
    if problem.answer == "sample":
        return Marginals()
    if problem.answer == "score":
        return Constant()
    if problem.answer == "assign":
        return Constant()
    target = problem.wanted
    if target.kind == "index":
        return Shares(target)
    if problem.input is not None and problem.input.axes == target.axes == "chw" and _is_enlarged(problem.input, target):
        return Nearest(target)
    return Mean(target)


def _is_enlarged(given: Space, wanted: Space) -> bool:
    sides = zip(given.sizes, wanted.sizes, strict=True)
    is_whole = all(large % small == 0 for small, large in sides) and given.sizes[0] == wanted.sizes[0]
    # Standardised by their own deviations, a pixel handed on would come out brighter or darker than it went in.
    return is_whole and given.bounds is not None and given.bounds == wanted.bounds


class Shares:
    """The shares of classes or tokens in the training part, the same for every sample; add-one smoothed."""

    def __init__(self, target: Space) -> None:
        self.target, self.size = target, target.size or 0
        self.shares: Array = np.full(self.size, 1 / max(1, self.size))

    def fit(self, x: Any, y: Any) -> Shares:
        """Count."""
        flat = np.concatenate([np.asarray(row).ravel() for row in y]) if isinstance(y, list) else np.asarray(y).ravel()
        counts = np.bincount(flat[flat >= 0], minlength=self.size) + 1.0
        self.shares = counts / counts.sum()
        return self

    def predict_proba(self, x: Any) -> Array:
        """Return (n, classes), or one row per token of each sample."""
        if not self.target.axes:
            return np.tile(self.shares, (len(x), 1))
        if isinstance(x, list):
            return np.tile(self.shares, (sum(map(len, x)), 1))
        each = x.shape[1] if None in self.target.shape else math.prod(self.target.sizes)
        return np.tile(self.shares, (len(x) * each, 1))


class Mean:
    """The mean of each value over the training part; the most frequent category of a column that holds some."""

    def __init__(self, target: Space) -> None:
        self.target, self.levels = target, target.levels
        self.value: Array = np.zeros(0)

    def fit(self, *given: Any) -> Mean:
        """Average; gaps are left out."""
        y = np.asarray(np.concatenate(given[-1]) if self.target.ragged else given[-1], np.float64)
        known = ~np.isnan(y)
        self.value = np.where(known, y, 0).sum(0) / np.maximum(known.sum(0), 1)
        for column, level in enumerate(self.levels):
            if level:
                codes = y[known[:, column], column].astype(np.int64)
                self.value[column] = np.bincount(codes, minlength=level).argmax()
        return self

    def predict(self, x: Any) -> Array:
        """Return the same for each of (n, …), or for each step of each sample."""
        count = sum(map(len, x)) if self.target.ragged else len(x)
        return np.broadcast_to(self.value, (count, *self.value.shape)).astype(np.float32)


class Nearest:
    """Each pixel of a small image as a square of equal ones."""

    def __init__(self, target: Space) -> None:
        self.target = target.sizes

    def fit(self, *given: Any) -> Nearest:
        """Learn nothing."""
        return self

    def predict(self, x: Array) -> Array:
        """Map (n, channels, h, w) to (n, channels, k h, k w)."""
        _, height, width = self.target
        enlarged = np.repeat(np.repeat(x, height // x.shape[2], 2), width // x.shape[3], 3)
        return enlarged.astype(np.float32)


class LastValue:
    """The last value of each series, said again for every step ahead."""

    def __init__(self, target: Space) -> None:
        self.horizon = target.sizes[0]

    def fit(self, *given: Any) -> LastValue:
        """Learn nothing."""
        return self

    def predict(self, x: Array) -> Array:
        """Map (n, steps, series) to (n, horizon, series)."""
        return np.repeat(x[:, -1:], self.horizon, axis=1).astype(np.float32)


class Marginals:
    """Every value drawn by itself from the training samples: right columns, no relation among them."""

    def __init__(self) -> None:
        self.values: Array = np.zeros((0,))

    def fit(self, *given: Any) -> Marginals:
        """Keep the targets."""
        self.values = np.asarray(given[-1])
        return self

    def sample(self, n: int, x: Any = None) -> Array:
        """Return (n, …) from NumPy's global state, which the harness seeds."""
        flat = self.values.reshape(len(self.values), -1)
        rows = np.random.randint(0, len(flat), (n, flat.shape[1]))
        return flat[rows, np.arange(flat.shape[1])].reshape(n, *self.values.shape[1:])


class Constant:
    """Every sample alike: equally normal, in one cluster."""

    def fit(self, *given: Any) -> Constant:
        """Learn nothing."""
        return self

    def score_samples(self, x: Any) -> Array:
        """Return (n,) zeros."""
        return np.zeros(len(x))

    def predict(self, x: Any) -> Array:
        """Return (n,) zeros."""
        return np.zeros(len(x), np.int64)
