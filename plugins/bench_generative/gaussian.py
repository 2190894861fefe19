"""A normal distribution of pixels for each class: the shallow control of every generative model."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench_generative.mixture import NormalMixture
from bench_generative.moments import covariance_of, shrunk

__all__ = ["ClassGaussian"]


class ClassGaussian(NormalMixture):
    """A mixture with one component per class, each with its own mean and full covariance, in closed form.

    Each covariance is drawn towards a ball (see `bench_generative.moments.shrunk`). It draws images, of all classes or
    of those asked for, and names the class of one by Bayes' rule, as quadratic discriminant analysis does.
    """

    def __init__(self, problem: Problem, *, shrinkage: float) -> None:
        super().__init__(problem)
        self.shrinkage = shrinkage

    def fit(self, x: Any, y: Any = None, strata: Any = None) -> Self:
        """Estimate from samples (n, *shape) and their classes (n,), arrays or tensors; see `told` for their order."""
        rows, classes = self.told(x, y, strata)
        if classes is None:
            raise ContractError("ClassGaussian fits one density for each class: fit(images, classes)")
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
