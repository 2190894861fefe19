"""The distance from the mean, in deviations of one normal distribution."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.covariance import ShrunkCovariance

from bench.columns import Flat
from bench.model import Problem

__all__ = ["Mahalanobis"]


class Mahalanobis:
    """Squared distance (x - μ)ᵀ S⁻¹ (x - μ), which orders samples as the density of N(μ, S) does.

    S is drawn towards a ball, (1 - λ) S + λ (tr S / d) I (Ledoit & Wolf, 2004): columns that never change would make it
    singular.
    """

    def __init__(self, problem: Problem, *, shrinkage: float) -> None:
        self.flat = Flat(problem.given)
        self.covariance = ShrunkCovariance(shrinkage=shrinkage)

    def fit(self, x: Any) -> Self:
        """Estimate mean and covariance from (n, *shape)."""
        self.covariance.fit(self.flat.transform(x).astype(np.float64))
        return self

    def score_samples(self, x: Any) -> np.ndarray[Any, Any]:
        """Return the negative squared distance of each of (n, *shape), (n,)."""
        found: np.ndarray[Any, Any] = -self.covariance.mahalanobis(self.flat.transform(x).astype(np.float64))
        return found
