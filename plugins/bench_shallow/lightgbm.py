"""LightGBM: gradient boosting with trees that grow where the loss falls most."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import BaseEstimator

from bench.model import Problem
from bench_shallow.many_values import one_by_one
from bench_shallow.rows import rows_of

__all__ = ["lightgbm"]

Array = npt.NDArray[Any]


def lightgbm(
    problem: Problem,
    *,
    n_estimators: int,
    learning_rate: float,
    num_leaves: int,
    min_child_samples: int,
    colsample_bytree: float,
    reg_lambda: float,
) -> Any:
    """Return LightGBM's model, which takes categories and gaps as they are, on the threads of the run."""
    kind = LGBMClassifier if problem.wanted.kind == "index" else LGBMRegressor
    model = kind(
        n_estimators=n_estimators,
        learning_rate=learning_rate,
        num_leaves=num_leaves,
        min_child_samples=min_child_samples,
        colsample_bytree=colsample_bytree,
        reg_lambda=reg_lambda,
        n_jobs=torch.get_num_threads(),
        # From numpy's global state, which the harness seeds; LightGBM would take the same seed in every run.
        random_state=np.random.randint(2**31 - 1),
        verbosity=-1,
    )
    boosted = Boosted(model, [place for place, level in enumerate(problem.given.levels) if level])
    return one_by_one(problem.wanted, rows_of(problem.given, boosted))


class Boosted(BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    """LightGBM hears only while it is fitted which columns hold categories."""

    def __init__(self, model: Any, categorical: list[int]) -> None:
        self.model, self.categorical = model, categorical

    def fit(self, x: Array, y: Array) -> Boosted:
        """Fit to rows, (n, columns), and (n,) classes or numbers."""
        self.model.fit(np.asarray(x), y, categorical_feature=self.categorical)
        self.fitted_ = True
        return self

    @property
    def classes_(self) -> Array:
        """The classes that training held."""
        return np.asarray(self.model.classes_)

    def predict(self, x: Array) -> Array:
        """Return (n,) numbers."""
        return np.asarray(self.model.booster_.predict(np.asarray(x)))

    def predict_proba(self, x: Array) -> Array:
        """Return (n, classes that training held)."""
        shares = np.asarray(self.model.booster_.predict(np.asarray(x)))
        return np.column_stack([1 - shares, shares]) if shares.ndim == 1 else shares
