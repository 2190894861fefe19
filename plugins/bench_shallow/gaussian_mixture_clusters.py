"""A mixture of normal distributions, one for each cluster."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from bench.columns import on_flat_rows
from bench.model import Problem

__all__ = ["gaussian_mixture_clusters"]


def gaussian_mixture_clusters(problem: Problem, *, covariance_type: str, reg_covar: float, n_init: int) -> Any:
    """Return scikit-learn's model, which puts each sample into its most probable component."""
    model = GaussianMixture(
        problem.classes, covariance_type=covariance_type, reg_covar=reg_covar, n_init=n_init, max_iter=200
    )
    # In float32, equal rows make covariances that are not positive.
    return on_flat_rows(problem.given, make_pipeline(FunctionTransformer(_in_double), model))


def _in_double(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x, np.float64)
