"""The Fréchet distance that infinitely many samples of a generator would have."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bench.errors import NotEnoughSamples
from bench.metrics.frechet import frechet_distance_of_features

__all__ = ["frechet_distance_at_infinity"]

POINTS = 15
SMALLEST_SHARE = 0.1
FEWEST = 20


def frechet_distance_at_infinity(real: ArrayLike, fake: ArrayLike, *, points: int = POINTS, seed: int = 0) -> float:
    """Fréchet distance of features, extrapolated to infinitely many fake samples; lower is better, below 0 by chance.

    real: (n, d) features; fake: (m, d) features. The distances of `points` subsets of the fake samples, from a tenth of
    them to all, at equal distances, are a line in 1 / N, whose value at 0 is returned. What n real samples are too few
    for stays in it: compare at equal n only. Its spread over draws is larger than that of the distance itself.
    Subsets are drawn without replacement, the same for a seed. Raises NotEnoughSamples when m is below 20.
    Source: Chong and Forsyth, 2020 (Effectively unbiased FID and inception score), sec. 4.
    """
    a, b = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if len(b) < FEWEST:
        raise NotEnoughSamples(f"a distance at infinity needs at least {FEWEST} fake samples, got {len(b)}")
    random = np.random.RandomState(seed)
    counts = np.linspace(SMALLEST_SHARE * len(b), len(b), points).astype(np.int64)
    found = [frechet_distance_of_features(a, b[random.permutation(len(b))[:count]]) for count in counts]
    slopes_and_value = np.polyfit(1 / counts, found, 1)
    return float(slopes_and_value[1])
