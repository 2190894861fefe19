"""A normal distribution around every training image: the density estimate without a model."""

from __future__ import annotations

import math
from typing import Any, Self

import torch
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench_generative.moments import chunks, covariance_of, flat_rows, shrunk

__all__ = ["KernelDensity"]

# Of the data's standard deviations: neighbouring values differ by a seventh.
CANDIDATES = torch.logspace(math.log10(0.02), 0.0, 31, dtype=torch.float64)
# So many training images are left out, one at a time, to choose the bandwidth.
LEFT_OUT = 500
QUERIES_AT_ONCE = 500


class KernelDensity:
    """Normal kernels of the shape of the data's covariance, scaled by one bandwidth (Silverman, 1986, section 4.2).

    bandwidth: `scott`, n^(-1 / (d + 4)), `silverman`, (n (d + 2) / 4)^(-1 / (d + 4)), as in `scipy.stats.gaussian_kde`,
    or `cross-validation`: what gives training images that are left out, one at a time, the greatest likelihood.
    The covariance is drawn towards a ball (see `bench_generative.moments.shrunk`).
    """

    def __init__(self, problem: Problem, *, bandwidth: str, shrinkage: float) -> None:
        self.shape, self.rule, self.shrinkage = problem.output_shape, bandwidth, shrinkage
        self.images = self.factor = self.bandwidth = torch.empty(0)

    def fit(self, y: Any) -> Self:
        """Keep y, (n, *shape) samples, an array or a tensor, and choose the bandwidth, a tensor of one number."""
        self.images = flat_rows(y)
        _, covariance = covariance_of(self.images, is_unbiased=True)
        self.factor = torch.linalg.cholesky(shrunk(covariance, self.shrinkage))
        n, d = self.images.shape
        if self.rule == "cross-validation":
            self.bandwidth = self._best()
        else:
            size = {"scott": n, "silverman": n * (d + 2) / 4}[self.rule]
            self.bandwidth = torch.tensor(size ** (-1 / (d + 4)), dtype=torch.float64)
        return self

    def sample(self, n: int) -> Tensor:
        """Draw n samples, (n, *shape) float32 in [-1, 1]: training images with noise."""
        if not len(self.images):
            raise ContractError("KernelDensity draws nothing before it is fitted: call fit first")
        centres = self.images[torch.randint(len(self.images), (n,))].double()
        noise = torch.randn(centres.shape, dtype=torch.float64) @ self.factor.T
        return (centres + self.bandwidth * noise).float().clamp(-1, 1).reshape(n, *self.shape)

    def log_likelihood(self, x: Any) -> Tensor:
        """Return log p(x), nats per sample, (n,), x as in `fit`; no clamping is counted."""
        found = [self._log_densities(part, self.bandwidth[None])[0] for part in chunks(flat_rows(x), QUERIES_AT_ONCE)]
        return torch.cat(found)

    def _best(self) -> Tensor:
        """Return the candidate under which left-out training images are most likely."""
        places = torch.randperm(len(self.images))[:LEFT_OUT]
        if len(self.images) < 2:
            return CANDIDATES[-1]
        return CANDIDATES[self._log_densities(self.images[places].double(), CANDIDATES, places).mean(1).argmax()]

    def _log_densities(self, queries: Tensor, bandwidths: Tensor, places: Tensor | None = None) -> Tensor:
        """Return log p of queries (q, d) under each bandwidth (b,), (b, q); at `places` (q,) an image is left out."""
        asked, total = self._whitened(queries), torch.full((len(bandwidths), len(queries)), -math.inf).double()
        start = 0
        for part in chunks(self.images):
            squared = torch.cdist(asked, self._whitened(part)) ** 2
            if places is not None:
                is_here = (places >= start) & (places < start + len(part))
                squared[is_here, places[is_here] - start] = math.inf
            terms = [(-squared / (2 * bandwidth**2)).logsumexp(1) for bandwidth in bandwidths]
            total = torch.logaddexp(total, torch.stack(terms))
            start += len(part)
        count, size = start - (places is not None), len(self.factor)
        log_scale = self.factor.diagonal().log().sum() + size * (bandwidths.log() + math.log(2 * math.pi) / 2)
        return total - math.log(count) - log_scale[:, None]

    def _whitened(self, rows: Tensor) -> Tensor:
        """Return rows (n, d) in coordinates in which the data's covariance is the identity."""
        found: Tensor = torch.linalg.solve_triangular(self.factor, rows.T, upper=False).T
        return found
