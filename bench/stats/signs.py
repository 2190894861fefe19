"""Tests of paired differences by what their signs could have been."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["sign_flip_p_value"]

Array = NDArray[np.float64]

# Steps into which all sizes together, and the largest of them, are divided before the sums of their signs are counted.
STEPS, FEWEST = 5_000, 50


def sign_flip_p_value(differences: Array) -> float:
    """Return the two-sided p-value of a mean of 0, where every difference could as well have had the other sign.

    differences: (n,), finite; zeros drop out. Exact for the sum of the differences on a grid that both signs share, so
    that n differences of one sign have p = 2^(1 − n). Source: Fisher, The design of experiments, 1935, section 21.
    """
    sizes = np.abs(differences)
    if not sizes.any():
        return 1.0
    steps = _on_grid(sizes / sizes.max())
    positive = int(steps[differences > 0].sum())
    lower = min(positive, int(steps.sum()) - positive)
    return min(1.0, 2 * float(_sum_chances(steps[steps > 0])[: lower + 1].sum()))


def _on_grid(shares: Array) -> NDArray[np.int64]:
    """Return whole numbers in proportion to shares of the largest: exactly where a small number of steps is enough."""
    finest = max(FEWEST, STEPS // len(shares))
    grids = np.arange(1, finest + 1)
    places = np.outer(grids, shares)
    exact = (np.abs(places - np.rint(places)) <= 1e-9 * finest).all(1)
    return np.asarray(np.rint(places[np.argmax(exact) if exact.any() else -1]), dtype=np.int64)


def _sum_chances(sizes: NDArray[np.int64]) -> Array:
    """Return the probability of each sum of sizes whose signs are fair coins, (sum + 1,)."""
    chances = np.ones(1)
    for size in sizes:
        lengthened = np.zeros(len(chances) + int(size))
        lengthened[: len(chances)] += chances / 2
        lengthened[int(size) :] += chances / 2
        chances = lengthened
    return chances
