"""A normal distribution of pixels for each class: the shallow control of every generative model."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from bench.model import Problem
from bench_generative.mixture import NormalMixture
from bench_generative.moments import covariance_of, flat_rows, shrunk

__all__ = ["ClassGaussian"]


class ClassGaussian(NormalMixture):
    """A mixture with one component per class, each with its own mean and full covariance, in closed form.

    Each covariance is drawn towards a ball (see `bench_generative.moments.shrunk`).
    """

    def __init__(self, problem: Problem, *, shrinkage: float) -> None:
        super().__init__(problem)
        self.shrinkage = shrinkage

    def fit(self, y: Any, strata: Any) -> Self:
        """Estimate from y, (n, *shape) samples, and strata, (n,) their classes; arrays or tensors."""
        rows, classes = flat_rows(y), torch.as_tensor(strata).cpu()
        self.labels, counts = torch.unique(classes, return_counts=True)
        self.classes_of = self.labels
        self.log_weights = (counts / counts.sum()).double().log()
        moments = [self._moments(rows[classes == label]) for label in self.labels]
        self.means, self.factors = (torch.stack(each) for each in zip(*moments, strict=True))
        return self

    def _moments(self, group: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean (d,) and Cholesky factor (d, d) of one class's shrunk covariance."""
        mean, covariance = covariance_of(group)
        factor: Tensor = torch.linalg.cholesky(shrunk(covariance, self.shrinkage))
        return mean, factor
