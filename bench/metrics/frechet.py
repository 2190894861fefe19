"""The Fréchet distance between two Gaussians, and the statistics of features it is computed from; NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["FrechetStatistics", "frechet_distance", "frechet_distance_of_features"]

Floats = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
# How large the error of a distance may be, in shares of it, for the faster of two ways to be taken.
TOLERANCE = 1e-9


def frechet_distance(mu1: ArrayLike, sigma1: ArrayLike, mu2: ArrayLike, sigma2: ArrayLike) -> float:
    """Squared 2-Wasserstein distance between the Gaussians N(mu1, sigma1) and N(mu2, sigma2), never negative.

    mu: (d,) means; sigma: (d, d) symmetric positive semi-definite covariances, singular ones allowed.
    Computed in float64 whatever comes in. Raises ValueError on values that are not finite.

    With sigma = F F', tr sqrt(sigma1 sigma2) is the sum of the singular values of F1' F2, so no root of the
    non-symmetric product is ever taken. Relative error: below 1e-9 beyond rounding of the traces.
    Source: Dowson and Landau, 1982; as a score of generators: Heusel et al., 2017, eq. 6.
    """
    return _distance(_float64(mu1, 1), _factor(_float64(sigma1, 2)), _float64(mu2, 1), _factor(_float64(sigma2, 2)))


def frechet_distance_of_features(a: ArrayLike, b: ArrayLike) -> float:
    """Fréchet distance between Gaussians fitted to two sets of features; lower is better.

    a: (n, d) features; b: (m, d) features. Covariances are unbiased (divided by n - 1).
    The value depends on n and m: compare only values at equal counts (Binkowski et al., 2018, sec. 4).
    Raises NotEnoughSamples when n or m is below 2, ValueError on values that are not finite.
    """
    (mu1, factor1), (mu2, factor2) = _fit(_float64(a, 2)), _fit(_float64(b, 2))
    return _distance(mu1, factor1, mu2, factor2)


class FrechetStatistics:
    """Mean and covariance of features that arrive in batches, in float64, holding one (d, d) matrix.

    While there are no more features than dimensions they are kept themselves: that takes no more room, and their
    distance, of singular covariances, is then found sooner and more exactly.
    """

    def __init__(self, dimension: int) -> None:
        self.count = 0
        self._kept: list[Floats] | None = []
        self._shift: Floats = np.zeros(dimension)
        self._sum = np.zeros(dimension)
        self._products = np.zeros((0, 0))

    @classmethod
    def of_moments(cls, mean: ArrayLike, covariance: ArrayLike, count: int = 2) -> FrechetStatistics:
        """Return statistics with a known mean, (d,), and unbiased covariance, (d, d), of that many features."""
        _require_two(count)
        found = cls(len(_float64(mean, 1)))
        found._kept, found.count, found._shift = None, count, _float64(mean, 1)
        found._products = _float64(covariance, 2) * (count - 1)
        return found

    def update(self, features: ArrayLike) -> None:
        """Take in a batch, (n, d); batches of 500 and more are fastest."""
        batch = _float64(features, 2)
        if batch.shape[1] != len(self._sum):
            raise ValueError(f"features have {batch.shape[1]} dimensions, the statistics {len(self._sum)}")
        self.count += len(batch)
        if self._kept is None:
            self._add(batch)
        elif self.count <= len(self._sum):
            self._kept.append(batch.copy())
        else:
            self._sum_up(batch)

    def merged(self, other: FrechetStatistics) -> FrechetStatistics:
        """Return the statistics of both sets of features; neither is changed."""
        whole = FrechetStatistics(len(self._sum))
        for part in sorted((self, other), key=lambda part: part._kept is not None):
            if part._kept is None:
                whole._merge(part)
            else:
                whole.update(np.concatenate([np.empty((0, len(self._sum))), *part._kept]))
        return whole

    @property
    def mean(self) -> Floats:
        """Mean of the features, (d,)."""
        if not self.count:
            raise NotEnoughSamples("no features were given yet: call update() first")
        if self._kept is not None:
            mean: Floats = np.concatenate(self._kept).mean(0)
            return mean
        return self._shift + self._sum / self.count

    @property
    def covariance(self) -> Floats:
        """Unbiased covariance of the features, (d, d)."""
        _require_two(self.count)
        if self._kept is not None:
            factor = self._fitted()[1]
            return factor @ factor.T
        between = np.outer(self._sum, self._sum) / self.count
        covariance: Floats = (self._products - between) / (self.count - 1)
        return covariance

    def distance(self, other: FrechetStatistics) -> float:
        """Fréchet distance to other statistics."""
        return _distance(*self._fitted(), *other._fitted())

    def _fitted(self) -> tuple[Floats, Floats]:
        """Return the mean (d,) and a factor (d, r) of the covariance."""
        _require_two(self.count)
        if self._kept is not None:
            return _fit(np.concatenate(self._kept))
        return self.mean, _factor(self.covariance)

    def _sum_up(self, batch: Floats) -> None:
        """Add up what was kept, and a batch with it: from now on there are more features than dimensions."""
        batch = np.concatenate([*(self._kept or ()), batch])
        # Sums of squares cancel badly far from zero; any point near the mean will do.
        self._kept, self._shift = None, batch.mean(0)
        self._products = np.zeros((len(self._sum), len(self._sum)))
        self._add(batch)

    def _add(self, batch: Floats) -> None:
        centred = batch - self._shift
        self._sum += centred.sum(0)
        self._products += centred.T @ centred  # numpy sees the same array twice and calls the symmetric product

    def _merge(self, part: FrechetStatistics) -> None:
        """Add sums that were taken around another point."""
        if self._kept is not None:
            self._kept, self._shift, self._products = None, part._shift, np.zeros_like(part._products)
        moved = part._shift - self._shift
        between = np.outer(moved, part._sum)
        self.count += part.count
        self._sum += part._sum + part.count * moved
        self._products += part._products + between + between.T + part.count * np.outer(moved, moved)


def _distance(mu1: Floats, factor1: Floats, mu2: Floats, factor2: Floats) -> float:
    """Distance from means (d,) and factors (d, r) of the covariances, sigma = F F'."""
    if len(mu1) != len(mu2) or len(factor1) != len(factor2) or len(mu1) != len(factor1):
        shapes = ", ".join(str(part.shape) for part in (mu1, factor1, mu2, factor2))
        raise ValueError(f"means and covariances must be of one dimension, got {shapes}")
    between = np.square(mu1 - mu2).sum()
    apart = float(between + np.square(factor1).sum() + np.square(factor2).sum())
    product = factor1.T @ factor2
    distance = _by_eigenvalues(product, apart)
    if distance is None:
        distance = apart - 2 * float(np.linalg.svd(product, compute_uv=False).sum())
    return max(0.0, distance)


def _by_eigenvalues(product: Floats, apart: float) -> float | None:
    """Return apart - 2 (sum of the singular values of a matrix), None where eigenvalues are not exact enough for it.

    The singular values are the roots of the eigenvalues of P P', which take half the time. An eigenvalue is wrong by no
    more than rounding of the largest one (Weyl), its root by that over the root, or by the root of that.
    """
    if not product.any():  # nor is there an eigenvalue where a covariance is zero
        return apart
    gram = product @ product.T if product.shape[0] <= product.shape[1] else product.T @ product
    values = np.linalg.eigvalsh(gram).clip(0.0)
    roots, rounding = np.sqrt(values), EPSILON * values[-1]
    errors = rounding / np.maximum(roots, rounding**0.5)
    distance = apart - 2 * float(roots.sum())
    return distance if 2 * errors.sum() <= TOLERANCE * distance else None


def _fit(features: Floats) -> tuple[Floats, Floats]:
    """Return mean (d,) and a factor (d, r) of the covariance with the smaller r of n and d."""
    count, dimension = features.shape
    _require_two(count)
    mean = features.mean(0)
    centred = (features - mean) / (count - 1) ** 0.5
    if count <= dimension:
        # The centred features are a factor already, and an exact one where the covariance is singular.
        return mean, centred.T
    return mean, _factor(centred.T @ centred)


def _factor(sigma: Floats) -> Floats:
    """Return F, (d, r), with sigma = F F'."""
    if sigma.shape[0] != sigma.shape[1]:
        raise ValueError(f"a covariance must be square, got {sigma.shape}")
    lower = _cholesky(sigma)
    if lower is not None:
        pivots = np.square(np.diagonal(lower))
        # A pivot of the size of rounding is noise, yet its root would count as 1e-8 of the scale.
        if pivots.min() > len(sigma) * EPSILON * pivots.max():
            return lower
    values, vectors = np.linalg.eigh(sigma)
    is_kept = values > len(sigma) * EPSILON * values.max()
    factor: Floats = vectors[:, is_kept] * np.sqrt(values[is_kept])
    return factor


def _cholesky(sigma: Floats) -> Floats | None:
    """Return the lower factor, None where the matrix is not positive definite."""
    try:
        return np.linalg.cholesky(sigma).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None


def _float64(values: ArrayLike, dimensions: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions:
        raise ValueError(f"expected an array of {dimensions} dimensions, got shape {array.shape}")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"{bad} of {array.size} values are not finite: a Fréchet distance needs finite features")
    return array


def _require_two(count: int) -> None:
    if count < 2:
        raise NotEnoughSamples(f"a covariance needs at least 2 samples, got {count}")
