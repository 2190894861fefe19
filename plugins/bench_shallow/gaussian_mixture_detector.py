"""A mixture of normal distributions as a detector: what has a small density is unusual."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from bench.columns import on_flat_rows
from bench.model import Problem

__all__ = ["gaussian_mixture_detector"]


def gaussian_mixture_detector(problem: Problem, *, n_components: int, reg_covar: float) -> Any:
    """Return scikit-learn's model with full covariances; at least two samples for each component."""
    count = max(1, min(n_components, problem.training_size // 2))
    model = GaussianMixture(count, reg_covar=reg_covar, max_iter=200)
    # In float32, equal rows make covariances that are not positive.
    return on_flat_rows(problem.given, make_pipeline(FunctionTransformer(_in_double), model))


def _in_double(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x, np.float64)
