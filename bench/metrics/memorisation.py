"""Score whether samples are copies of the training part, by how near fresh real samples lie to it.

Pure functions of NumPy arrays, for samples of any kind that are rows of numbers. What counts is not the distance to the
nearest training sample but its ratio to the distance of the second nearest. Smooth samples lie near every training
sample around them and are no copies, while a copy, and one with noise added, lies nearer to one than to any other.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples
from bench.metrics.neighbours import blocks

__all__ = ["LEVEL", "Memorisation", "copying_z", "memorisation", "memorised_share", "nearest_two", "nearness"]

Floats = NDArray[np.float64]

QUANTILE = 0.01
# How often fresh real samples are taken for copies: half of it by their share, half by their z.
LEVEL = 0.001
# Of pairs of a fake and a fresh real sample in which the fake is the nearer one: a generator of typical samples alone
# reaches 0.55, which many samples would tell from one half.
NEARER = 0.6
# Rows of the training part that are compared at once: 60,000 images of 28 x 28 would be 400 MB in float64.
ROWS_AT_ONCE = 4096


class Memorisation(NamedTuple):
    """Whether samples copy the training part.

    share, z: of `memorised_share` and `copying_z`.
    share_limit, z_limit: fresh real samples lie above the one, and below the other, with a probability of at most half
    a level each, so that with either of them samples are copies at that level. z_limit also asks that a fake sample be
    nearer than a fresh real one in 60 of 100 pairs.
    """

    share: float
    share_limit: float
    z: float
    z_limit: float

    @property
    def is_copying(self) -> bool:
        """Do more samples lie near single training samples than fresh real ones would?"""
        return self.share > self.share_limit or self.z < self.z_limit


def memorisation(fake: ArrayLike, real: ArrayLike, level: float = LEVEL) -> Memorisation:
    """Return both scores of samples with their limits at a level.

    fake: (m, 2) of the samples, real: (n, 2) of fresh real samples, distances of `nearest_two` to one training part.
    """
    from scipy.special import ndtri

    share, z, m, n = memorised_share(fake, real), copying_z(fake, real), len(np.asarray(fake)), len(np.asarray(real))
    z_of_effect = (0.5 - NEARER) * math.sqrt(12 * m * n / (m + n + 1))
    return Memorisation(share, _share_limit(nearness(real), m, level / 2), z, min(float(ndtri(level / 2)), z_of_effect))


def nearest_two(samples: ArrayLike, training: ArrayLike) -> Floats:
    """Distances of each sample to the nearest and to the second nearest different training sample, (n, 2).

    samples: (n, d); training: (N, d); Euclidean, exact. Equal training samples count as one.
    Raises NotEnoughSamples where the training part has fewer than 2 different samples.
    """
    queries, known = np.ascontiguousarray(samples, np.float64), _distinct(np.asarray(training))
    if len(known) < 2:
        raise NotEnoughSamples(f"two neighbours need 2 different training samples, got {len(known)}")
    found = np.empty((len(queries), 0))
    for start in range(0, len(known), ROWS_AT_ONCE):
        rows = known[start : start + ROWS_AT_ONCE].astype(np.float64)
        nearest = np.concatenate([block.smallest(range(min(2, len(rows)))) for block in blocks(queries, rows)])
        found = np.sort(np.concatenate([found, nearest], 1), axis=1)[:, :2]
    return np.sqrt(found)


def nearness(distances: ArrayLike) -> Floats:
    """Distance to the nearest training sample over that to the second nearest, (n,) in [0, 1]; 0 for a copy.

    distances: (n, 2) of `nearest_two`.
    Source: the ratio of Yoon et al., 2023 (Diffusion probabilistic models generalize when they fail to memorize).
    """
    first, second = np.asarray(distances, np.float64).T
    ratios: Floats = np.divide(first, second, out=np.zeros(len(first)), where=second > 0)
    return ratios


def memorised_share(fake: ArrayLike, real: ArrayLike) -> float:
    """Share of samples that lie as near to one training sample as the nearest 1 % of fresh real samples; in [0, 1].

    fake: (m, 2), real: (n, 2), distances of `nearest_two`. About 0.01 for fresh real samples, 1 for copies, 0 for
    samples that lie between training samples. Raises NotEnoughSamples where there are no samples.
    """
    a, b = _ratios(fake, real)
    return float((a <= _threshold(b)).mean())


def copying_z(fake: ArrayLike, real: ArrayLike) -> float:
    """How much farther from single training samples fake samples lie than fresh real ones, in standard deviations.

    fake: (m, 2), real: (n, 2), distances of `nearest_two`. The z of a Mann-Whitney U, corrected for ties: 0 on average
    for fresh real samples, negative for copies, positive for samples that lie between training samples.
    Source: C_T of Meehan, Chaudhuri and Dasgupta, 2020, of the ratio instead of the distance, in a single cell.
    """
    a, b = _ratios(fake, real)
    m, n, total = len(a), len(b), len(a) + len(b)
    _, places, ties = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[places]
    variance = m * n / 12 * (total + 1 - float((ties**3.0 - ties).sum()) / (total * (total - 1)))
    excess = float(ranks[:m].sum()) - m * (total + 1) / 2
    return excess / math.sqrt(variance) if variance > 0 else 0.0


def _share_limit(real: Floats, count: int, level: float) -> float:
    """Return the share that `count` fresh real samples exceed with a probability of at most `level`.

    Of exchangeable samples, the number below the j-th smallest of n others is beta-binomial with parameters j and
    n + 1 - j: exact, the error of the threshold itself included.
    """
    from scipy.special import betaln, gammaln

    j = int((real <= _threshold(real)).sum())
    a, b, k = j, len(real) + 1 - j, np.arange(count + 1)
    ways = gammaln(count + 1) - gammaln(k + 1) - gammaln(count - k + 1)
    beyond = 1 - np.cumsum(np.exp(ways + betaln(k + a, count - k + b) - betaln(a, b)))
    return float(np.argmax(beyond <= level)) / count


def _ratios(fake: ArrayLike, real: ArrayLike) -> tuple[Floats, Floats]:
    a, b = nearness(fake), nearness(real)
    for which, ratios in (("fake", a), ("real", b)):
        if not len(ratios):
            raise NotEnoughSamples(f"nearness to the training part needs at least 1 {which} sample, got 0")
    return a, b


def _threshold(ratios: Floats) -> float:
    """Return the smallest ratio that at least 1 % of these do not exceed."""
    return float(np.sort(ratios)[math.ceil(QUANTILE * len(ratios)) - 1])


def _distinct(training: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the different rows in the order in which they come first."""
    rows = np.ascontiguousarray(training)
    first = {row.tobytes(): place for place, row in reversed([*enumerate(rows)])}
    return rows[sorted(first.values())]
