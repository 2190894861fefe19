"""A normal distribution of a few principal components of all images, and equal noise in every other direction."""

from __future__ import annotations

import math
from typing import Any, Self

import torch
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench_generative.moments import chunks, covariance_of, flat_rows

__all__ = ["PCAGaussian"]

SMALLEST_VARIANCE = torch.finfo(torch.float32).eps


class PCAGaussian:
    """Probabilistic principal components, by maximum likelihood in closed form (Tipping & Bishop, 1999, eq. 7 and 8).

    As many components are kept as hold the share `variance` of all variance; the noise has the mean variance of the
    others. One distribution for all classes: what it draws is known of the data to the second order.
    """

    def __init__(self, problem: Problem, *, variance: float) -> None:
        self.shape, self.variance = problem.output_shape, variance
        self.mean = self.loadings = self.noise_variance = torch.empty(0)

    def fit(self, y: Any) -> Self:
        """Estimate from y, (n, *shape) samples; an array or a tensor.

        Sets mean (d,), loadings (d, q) and noise_variance (), of which the covariance is W Wᵀ + σ² I.
        """
        rows = flat_rows(y)
        self.mean, covariance = covariance_of(rows)
        values, vectors = (each.flip(-1) for each in torch.linalg.eigh(covariance))
        kept = self._count(values.clamp_min(0), most=min(len(rows), len(values)) - 1)
        self.noise_variance = values[kept:].mean().clamp_min(SMALLEST_VARIANCE)
        self.loadings = vectors[:, :kept] * (values[:kept] - self.noise_variance).clamp_min(0).sqrt()
        return self

    def sample(self, n: int) -> Tensor:
        """Draw n samples, (n, *shape) float32 in [-1, 1]."""
        if not len(self.mean):
            raise ContractError("PCAGaussian draws nothing before it is fitted: call fit first")
        scores = torch.randn(n, self.loadings.shape[1], dtype=torch.float64)
        noise = torch.randn(n, len(self.mean), dtype=torch.float64) * self.noise_variance.sqrt()
        drawn = self.mean + scores @ self.loadings.T + noise
        return drawn.float().clamp(-1, 1).reshape(n, *self.shape)

    def log_likelihood(self, x: Any) -> Tensor:
        """Return log p(x), nats per sample, (n,), x as in `fit`; no clamping is counted."""
        return torch.cat([self._log_density(part - self.mean) for part in chunks(flat_rows(x))])

    def _count(self, values: Tensor, most: int) -> int:
        """Return how many of the variances (d,), the largest first, hold the share that is wanted."""
        shares = values.cumsum(0) / values.sum().clamp_min(SMALLEST_VARIANCE)
        return max(1, min(int((shares < self.variance).sum()) + 1, most))

    def _log_density(self, centred: Tensor) -> Tensor:
        """Woodbury's formula: columns of the loadings are orthogonal, so that nothing is inverted."""
        size, noise = len(self.mean), self.noise_variance
        lengths = (self.loadings**2).sum(0)
        projected = (centred @ self.loadings) ** 2 / (lengths + noise)
        distance = ((centred**2).sum(1) - projected.sum(1)) / noise
        log_determinant = (lengths + noise).log().sum() + (size - len(lengths)) * noise.log()
        return -0.5 * (distance + log_determinant + size * math.log(2 * math.pi))
