"""The kernel distance between two sets of features (KID on Inception's), without bias at any number of samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["KernelDistance", "kernel_distance", "kernel_distance_of_subsets"]

Floats = NDArray[np.float64]

# Rows whose kernels with all others are held at once: 10,000 samples would be 800 MB.
ROWS_AT_ONCE = 1024


class KernelDistance(NamedTuple):
    """Mean and standard deviation over subsets of the samples."""

    mean: float
    deviation: float


def kernel_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """Squared maximum mean discrepancy of two sets of features; lower is better, 0 on average where both are alike.

    real: (n, d) features; fake: (m, d) features. The kernel is (x · y / d + 1)³. The estimate is the unbiased one: no
    sample is compared with itself, so that values below 0 occur. Raises NotEnoughSamples when n or m is below 2.
    Source: Binkowski et al., 2018 (Demystifying MMD GANs), sec. 4 and app. A.
    """
    a, b = _features(real, fake)
    between = _kernel_sum(a, b) / (len(a) * len(b))
    return _mean_within(a) + _mean_within(b) - 2 * between


def kernel_distance_of_subsets(
    real: ArrayLike, fake: ArrayLike, *, subsets: int = 100, size: int = 1000, seed: int = 0
) -> KernelDistance:
    """Kernel distance of random subsets of `size` samples of each set, as the field reports KID.

    real: (n, d) features; fake: (m, d) features. Subsets are drawn without replacement, the same for a seed.
    Raises NotEnoughSamples when n or m is below `size`. Source: as `kernel_distance`.
    """
    a, b = _features(real, fake)
    if min(len(a), len(b)) < size:
        raise NotEnoughSamples(f"subsets of {size} need as many samples; got {len(a)} real and {len(b)} fake ones")
    random = np.random.RandomState(seed)
    chosen = ((random.permutation(len(a))[:size], random.permutation(len(b))[:size]) for _ in range(subsets))
    found = np.array([kernel_distance(a[first], b[second]) for first, second in chosen])
    return KernelDistance(float(found.mean()), float(found.std()))


def _mean_within(features: Floats) -> float:
    """Return the mean kernel of all pairs of different samples."""
    count, size = features.shape
    itself = float(((np.square(features).sum(1) / size + 1) ** 3).sum())
    return float((_kernel_sum(features, features) - itself) / (count * (count - 1)))


def _kernel_sum(a: Floats, b: Floats) -> float:
    """Return the sum of the kernel over all pairs."""
    total, size = 0.0, a.shape[1]
    for start in range(0, len(a), ROWS_AT_ONCE):
        products = a[start : start + ROWS_AT_ONCE] @ (b.T / size) + 1
        # NumPy's power takes ten times as long as two products.
        total += float((products * products * products).sum())
    return total


def _features(real: ArrayLike, fake: ArrayLike) -> tuple[Floats, Floats]:
    a, b = (np.asarray(features, np.float64) for features in (real, fake))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"features must be (n, d) and (m, d), got shapes {a.shape} and {b.shape}")
    for which, features in (("real", a), ("fake", b)):
        if len(features) < 2:
            raise NotEnoughSamples(f"a kernel distance needs at least 2 {which} samples, got {len(features)}")
        if not np.isfinite(features).all():
            raise ValueError(f"{int((~np.isfinite(features)).any(1).sum())} {which} samples have features not finite")
    return a, b
