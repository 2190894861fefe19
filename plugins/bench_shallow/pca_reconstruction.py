"""Principal components as a detector: what a few of them cannot reproduce is unusual."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.decomposition import PCA

from bench.columns import Flat
from bench.model import Problem

__all__ = ["PCAReconstruction"]


class PCAReconstruction:
    """Squared distance from the plane of as many components as hold the share `variance` of all variance.

    It is the linear autoencoder: no network of linear layers reproduces more (Baldi & Hornik, 1989).
    """

    def __init__(self, problem: Problem, *, variance: float) -> None:
        self.flat = Flat(problem.given)
        self.components = PCA(n_components=variance, svd_solver="full")

    def fit(self, x: Any) -> Self:
        """Find the components of (n, *shape)."""
        self.components.fit(self.flat.transform(x).astype(np.float64))
        return self

    def score_samples(self, x: Any) -> np.ndarray[Any, Any]:
        """Return the negative mean squared error of each of (n, *shape), (n,)."""
        rows = self.flat.transform(x).astype(np.float64)
        again = self.components.inverse_transform(self.components.transform(rows))
        found: np.ndarray[Any, Any] = -((rows - again) ** 2).mean(1)
        return found
