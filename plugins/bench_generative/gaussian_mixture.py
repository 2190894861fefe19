"""A mixture of normal distributions of pixels, fitted by expectation and maximisation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor

from bench.model import Problem
from bench_generative.mixture import NormalMixture, log_normal
from bench_generative.moments import ROWS_AT_ONCE, covariance_of, mean_variance

__all__ = ["GaussianMixture"]

# Of the mean log-likelihood per number of a sample, nats: less than that, and another iteration changes no image.
TOLERANCE = 1e-4
# Each costs n k d² products: 7e11 for 20 components of 55,000 images of 28 x 28.
MOST_ITERATIONS = 20
ASSIGNMENTS = 10
# A component of which samples are less probable adds nothing to its sums.
SMALLEST_SHARE = 1e-9
Parameters = tuple[Tensor, Tensor, Tensor]


class GaussianMixture(NormalMixture):
    """Full covariances, by the EM algorithm (Dempster, Laird & Rubin, 1977), begun from k-means.

    components: of the mixture, or of each class where `per_class`, or where classes are given or asked for; fewer where
    there are not two samples for each.
    prior_samples: every covariance is estimated as if so many more samples of the data's mean variance had been seen,
    the most probable one under an inverse Wishart prior (Fraley & Raftery, 2007), and is never singular.
    """

    def __init__(self, problem: Problem, *, components: int, per_class: bool, prior_samples: float) -> None:
        super().__init__(problem)
        self.components, self.prior_samples = components, prior_samples
        self.per_class = per_class or self.has_classes

    def fit(self, x: Any, y: Any = None, strata: Any = None) -> Self:
        """Estimate from samples (n, *shape) and their classes (n,), arrays or tensors; see `told` for their order."""
        rows, classes = self.told(x, y, strata)
        if not self.per_class or classes is None:
            self.labels = self.classes_of = torch.empty(0, dtype=torch.int64)
            self.log_weights, self.means, self.factors = self._fitted(rows)
            return self
        self.labels, counts = torch.unique(classes, return_counts=True)
        found = [self._fitted(rows[classes == label]) for label in self.labels]
        shares = (counts / counts.sum()).double().log()
        self.log_weights = torch.cat([share + each[0] for share, each in zip(shares, found, strict=True)])
        self.means, self.factors = (torch.cat([each[place] for each in found]) for place in (1, 2))
        self.classes_of = torch.repeat_interleave(self.labels, torch.tensor([len(each[0]) for each in found]))
        return self

    def _fitted(self, rows: Tensor) -> Parameters:
        """Return log weights (k,), means (k, d) and factors (k, d, d) of a mixture fitted to rows (n, d)."""
        variance, best = mean_variance(covariance_of(rows)[1]), -math.inf
        sums = _Sums(max(1, min(self.components, len(rows) // 2)), rows.shape[1])
        for part, places in _parts(rows, _k_means(rows, len(sums.counts))):
            sums.add(part, torch.nn.functional.one_hot(places, len(sums.counts)).double())
        parameters = sums.maximised(self.prior_samples, variance)
        for _ in range(MOST_ITERATIONS):
            likelihood, sums = _expected(rows, parameters)
            if likelihood - best < TOLERANCE * rows.shape[1]:
                break
            best, parameters = likelihood, sums.maximised(self.prior_samples, variance)
        return parameters


class _Sums:
    """What an estimate needs to know of all samples: for each of k components the sums of 1, x and x xᵀ."""

    def __init__(self, components: int, size: int) -> None:
        self.counts = torch.zeros(components, dtype=torch.float64)
        self.firsts = torch.zeros(components, size, dtype=torch.float64)
        self.seconds = torch.zeros(components, size, size, dtype=torch.float64)

    def add(self, part: Tensor, shares: Tensor) -> None:
        """Add rows (n, d), which belong to the components by these shares (n, k)."""
        self.counts += shares.sum(0)
        for component, weights in enumerate(shares.T):
            used = weights > SMALLEST_SHARE
            rows, weight = part[used], weights[used, None]
            self.firsts[component] += (weight * rows).sum(0)
            self.seconds[component].addmm_((weight * rows).T, rows)

    def maximised(self, prior_samples: float, variance: float) -> Parameters:
        """Return log weights (k,), means (k, d) and factors (k, d, d)."""
        is_used = self.counts > SMALLEST_SHARE
        counts, firsts, seconds = self.counts[is_used], self.firsts[is_used], self.seconds[is_used]
        means = firsts / counts[:, None]
        scatter = seconds - firsts[:, :, None] * means[:, None, :]
        prior = prior_samples * variance * torch.eye(means.shape[1], dtype=torch.float64)
        factors = torch.linalg.cholesky((scatter + prior) / (counts + prior_samples)[:, None, None])
        return (counts / counts.sum()).log(), means, factors


def _expected(rows: Tensor, parameters: Parameters) -> tuple[float, _Sums]:
    """Return the mean log-likelihood of rows (n, d), nats, and the sums for the next estimate."""
    sums, total = _Sums(*parameters[1].shape), 0.0
    for part, _ in _parts(rows, rows):
        joint = torch.stack(
            [weight + log_normal(part - mean, factor) for weight, mean, factor in zip(*parameters, strict=True)], 1
        )
        likelihoods = joint.logsumexp(1, keepdim=True)
        sums.add(part, (joint - likelihoods).exp())
        total += float(likelihoods.sum())
    return total / len(rows), sums


def _parts(rows: Tensor, others: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield some rows (n, d) in float64 at a time, and what belongs to them."""
    for part, other in zip(torch.split(rows, ROWS_AT_ONCE), torch.split(others, ROWS_AT_ONCE), strict=True):
        yield part.double(), other


def _k_means(rows: Tensor, count: int) -> Tensor:
    """Return the cluster of each row, (n,), after a few of Lloyd's iterations from the seeds of k-means++."""
    centres = _seeds(rows, count)
    for _ in range(ASSIGNMENTS):
        assigned = _nearest(rows, centres)[1]
        counts = torch.bincount(assigned, minlength=count)
        sums = torch.zeros_like(centres).index_add_(0, assigned, rows)
        # A centre without samples stays where it is.
        centres = torch.where(counts[:, None] > 0, sums / counts.clamp_min(1)[:, None], centres)
    return _nearest(rows, centres)[1]


def _seeds(rows: Tensor, count: int) -> Tensor:
    """Choose rows far from each other at random (Arthur & Vassilvitskii, 2007), (count, d)."""
    chosen = [int(torch.randint(len(rows), ()))]
    distances = _nearest(rows, rows[chosen])[0]
    while len(chosen) < count:
        # Where all rows lie on a centre, any will do.
        weights = distances**2 if float(distances.max()) > 0 else torch.ones_like(distances)
        chosen.append(int(torch.multinomial(weights, 1)))
        distances = torch.minimum(distances, _nearest(rows, rows[chosen[-1:]])[0])
    return rows[chosen]


def _nearest(rows: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distance of each row to its nearest centre, and which that is, (n,) each."""
    found = [torch.cdist(part, centres).min(1) for part in torch.split(rows, ROWS_AT_ONCE)]
    return torch.cat([each.values for each in found]), torch.cat([each.indices for each in found])
