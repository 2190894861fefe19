"""A normal distribution of pixels for each class: the shallow control of every generative model."""

from __future__ import annotations

import math
from typing import Any, Self

import torch
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem

__all__ = ["ClassGaussian"]


class ClassGaussian:
    """A mixture with one component per class, each with its own mean and full covariance, in closed form.

    Each covariance is drawn towards a ball, (1 - λ) S + λ (tr S / d) I (Ledoit & Wolf, 2004, eq. 14): without
    that, pixels that never change make it singular.
    """

    def __init__(self, problem: Problem, *, shrinkage: float) -> None:
        self.shape, self.shrinkage = problem.output_shape, shrinkage
        self.labels = torch.empty(0, dtype=torch.int64)

    def fit(self, y: Any, strata: Any) -> Self:
        """Estimate from y, (n, *shape) samples, and strata, (n,) their classes; arrays or tensors."""
        rows, classes = torch.as_tensor(y).cpu().double().flatten(1), torch.as_tensor(strata).cpu()
        labels, counts = torch.unique(classes, return_counts=True)
        groups = [rows[classes == label] for label in labels]
        self.labels, self.log_weights = labels, (counts / counts.sum()).double().log()
        self.means = torch.stack([group.mean(0) for group in groups])
        self.factors = torch.stack([self._factor(group) for group in groups])
        return self

    def sample(self, n: int, condition: Any = None) -> Tensor:
        """Draw n samples, (n, *shape) float32 in [-1, 1]; `condition` holds n labels where given."""
        which = self._components(n, None if condition is None else torch.as_tensor(condition).cpu())
        drawn = torch.empty(n, self.means.shape[1])
        for component in range(len(self.labels)):
            rows = torch.nonzero(which == component).squeeze(1)
            noise = torch.randn(len(rows), self.means.shape[1], dtype=torch.float64)
            drawn[rows] = (self.means[component] + noise @ self.factors[component].T).float()
        return drawn.clamp(-1, 1).reshape(n, *self.shape)

    def log_likelihood(self, x: Tensor) -> Tensor:
        """Return log p(x) under the mixture, nats per sample, (n,), x as in `fit`; no clamping is counted."""
        rows = torch.as_tensor(x).cpu().double().flatten(1)
        joint = [
            weight + _log_normal(rows - mean, factor)
            for weight, mean, factor in zip(self.log_weights, self.means, self.factors, strict=True)
        ]
        return torch.stack(joint).logsumexp(0)

    def _factor(self, group: Tensor) -> Tensor:
        """Return the Cholesky factor of one class's shrunk covariance, (d, d)."""
        centred = group - group.mean(0)
        covariance = centred.T @ centred / len(group)
        size = len(covariance)
        # A class without any variance still needs a density.
        ball = max(float(covariance.trace()) / size, torch.finfo(torch.float32).eps)
        shrunk = (1 - self.shrinkage) * covariance + self.shrinkage * ball * torch.eye(size, dtype=torch.float64)
        factor: Tensor = torch.linalg.cholesky(shrunk)
        return factor

    def _components(self, n: int, condition: Tensor | None) -> Tensor:
        if not len(self.labels):
            raise ContractError("the Gaussian draws nothing before it is fitted: call fit(x, y) first")
        if condition is None:
            return torch.multinomial(self.log_weights.exp(), n, replacement=True)
        matches = condition[:, None] == self.labels
        if not bool(matches.any(1).all()):
            absent = sorted(set(condition.tolist()) - set(self.labels.tolist()))
            raise ContractError(f"classes {absent} were not in the training part: only {self.labels.tolist()} were")
        return matches.int().argmax(1)


def _log_normal(centred: Tensor, factor: Tensor) -> Tensor:
    """Log density of N(0, L Lᵀ) at rows (n, d), nats, (n,)."""
    whitened: Tensor = torch.linalg.solve_triangular(factor, centred.T, upper=False)
    log_determinant: Tensor = 2 * factor.diagonal().log().sum()
    return -0.5 * ((whitened**2).sum(0) + log_determinant + len(factor) * math.log(2 * math.pi))
