"""Naive Bayes: each column, or each token of a text, as if it were independent of the others given the class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

from bench.model import Problem
from bench.spaces import Space
from bench_shallow.bags import Bag

__all__ = ["ColumnwiseBayes", "naive_bayes"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def naive_bayes(problem: Problem, *, alpha: float, var_smoothing: float) -> Any:
    """Return a multinomial model of the words of a text, or one of columns: normal numbers, counted categories.

    alpha: what is added to every count, of a word or a category. var_smoothing: share of the largest variance of a
    column that is added to all variances.
    """
    if problem.given.kind == "index":
        bag = Bag(problem.given.size or 0)
        return Pipeline([("bag", bag), ("model", MultinomialNB(alpha=alpha))])
    return ColumnwiseBayes(problem.given, problem.classes, alpha, var_smoothing)


class ColumnwiseBayes:
    """Numeric columns are normal in each class, categories have their shares, and a gap says nothing.

    scikit-learn has one model for numbers, another for categories, and none for gaps.
    """

    def __init__(self, space: Space, classes: int, alpha: float, var_smoothing: float) -> None:
        self.space, self.classes, self.alpha, self.var_smoothing = space, classes, alpha, var_smoothing
        self.levels = {column: level for column, level in enumerate(space.levels) if level}

    def fit(self, x: Array, y: Array) -> ColumnwiseBayes:
        """Learn from x, (n, *shape), NaN where something is missing, and y, (n,) classes."""
        numbers = self._numbers(x)
        counts = np.bincount(y, minlength=self.classes)
        # A class without samples keeps a little of the prior and looks like all samples together.
        self.log_prior_ = np.log((counts + self.alpha) / (len(y) + self.alpha * self.classes))
        groups = [numbers[y == label] if count else numbers for label, count in enumerate(counts)]
        self.means_, variances = (np.stack(each) for each in zip(*map(_moments, groups), strict=True))
        largest = float(_moments(numbers)[1].max(initial=0.0)) or 1.0
        self.variances_ = variances + self.var_smoothing * largest
        shares = [self._log_shares(x[:, column], y, level) for column, level in self.levels.items()]
        # One array, so that whoever counts parameters finds them: the categories of all columns side by side.
        self.log_shares_ = np.concatenate(shares, 1) if shares else np.zeros((self.classes, 0))
        return self

    def predict_proba(self, x: Array) -> Floats:
        """Return (n, classes)."""
        numbers = self._numbers(x)
        joint = np.tile(self.log_prior_, (len(x), 1))
        for label, (mean, variance) in enumerate(zip(self.means_, self.variances_, strict=True)):
            densities = -0.5 * (np.log(2 * np.pi * variance) + (numbers - mean) ** 2 / variance)
            joint[:, label] += np.nansum(densities, 1)
        start = 0
        for column, level in self.levels.items():
            codes = x[:, column]
            is_known = ~np.isnan(codes)
            joint[is_known] += self.log_shares_[:, start + codes[is_known].astype(np.int64)].T
            start += level
        joint -= joint.max(1, keepdims=True)
        likelihoods = np.exp(joint)
        return np.asarray(likelihoods / likelihoods.sum(1, keepdims=True))

    def _numbers(self, x: Array) -> Floats:
        rows = np.asarray(x, np.float64).reshape(len(x), -1)
        return np.delete(rows, list(self.levels), axis=1)

    def _log_shares(self, codes: Array, y: Array, level: int) -> Floats:
        """Return (classes, level): how probable each category of a column is in each class."""
        is_known = ~np.isnan(codes)
        places = y[is_known] * level + codes[is_known].astype(np.int64)
        counts = np.bincount(places, minlength=self.classes * level).reshape(self.classes, level) + self.alpha
        return np.asarray(np.log(counts / counts.sum(1, keepdims=True)))


def _moments(rows: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of each column, gaps left out; 0 and 1 where nothing else is there."""
    is_known = ~np.isnan(rows)
    counts = is_known.sum(0)
    mean = np.where(is_known, rows, 0.0).sum(0) / np.maximum(counts, 1)
    variance = np.where(is_known, (rows - mean) ** 2, 0.0).sum(0) / np.maximum(counts, 1)
    return mean, np.where(counts > 0, variance, 1.0)
