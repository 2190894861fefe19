"""k-means: clusters around as many centres, each sample with the nearest one."""

from __future__ import annotations

from typing import Any

from sklearn.cluster import KMeans

from bench.columns import on_flat_rows
from bench.model import Problem

__all__ = ["k_means"]


def k_means(problem: Problem, *, n_init: int) -> Any:
    """Return scikit-learn's model, begun from k-means++ seeds `n_init` times, the best of them kept."""
    return on_flat_rows(problem.given, KMeans(problem.classes, n_init=n_init))
