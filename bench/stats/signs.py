"""Tests of paired differences by what their signs could have been."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["hodges_lehmann", "sign_flip_p_value", "signed_rank_p_value"]

Array = NDArray[np.float64]

# Steps into which all sizes together, and the largest of them, are divided before the sums of their signs are counted.
STEPS, FEWEST = 5_000, 50


def signed_rank_p_value(differences: Array) -> float:
    """Return the exact two-sided p-value of Wilcoxon's signed ranks.

    differences: (n,), infinite ones allowed. Zeros drop out and equal sizes share their mean rank.
    """
    differences = differences[differences != 0]
    if len(differences) == 0:
        return 1.0
    ranks = _doubled_ranks(np.abs(differences))
    positive = int(ranks[differences > 0].sum())
    chances = _rank_sum_chances(ranks)
    lower = min(positive, int(ranks.sum()) - positive)
    return min(1.0, 2 * float(chances[: lower + 1].sum()))


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
    return min(1.0, 2 * float(_rank_sum_chances(steps[steps > 0])[: lower + 1].sum()))


def _on_grid(shares: Array) -> NDArray[np.int64]:
    """Return whole numbers in proportion to shares of the largest: exactly where a small number of steps is enough."""
    finest = max(FEWEST, STEPS // len(shares))
    grids = np.arange(1, finest + 1)
    places = np.outer(grids, shares)
    exact = (np.abs(places - np.rint(places)) <= 1e-9 * finest).all(1)
    return np.asarray(np.rint(places[np.argmax(exact) if exact.any() else -1]), dtype=np.int64)


def hodges_lehmann(differences: Array, alpha: float) -> tuple[float, float, float]:
    """Return the median of all pairwise means and the interval that inverts the signed-rank test.

    Ends are NaN where so few differences give none. Source: Hollander and Wolfe, Nonparametric statistical
    methods, 1999, ch. 3.2-3.3.
    """
    count = len(differences)
    first, second = np.triu_indices(count)
    with np.errstate(invalid="ignore"):  # a failure of either model in one pair each: their mean is undecided
        means = np.sort(
            np.nan_to_num((differences[first] + differences[second]) / 2, nan=0.0, posinf=np.inf, neginf=-np.inf)
        )
    middle = means[[(len(means) - 1) // 2, len(means) // 2]]
    median = float(middle[0] if middle[0] == middle[1] else middle.mean())
    tail = np.cumsum(_rank_sum_chances(2 * np.arange(1, count + 1)))[::2]
    outside = int((tail <= alpha / 2).sum())
    if outside == 0:
        return median, np.nan, np.nan
    return median, float(means[outside - 1]), float(means[len(means) - outside])


def _doubled_ranks(sizes: Array) -> NDArray[np.int64]:
    """Return twice the ranks, so that shared ranks are whole numbers."""
    ordered = np.sort(sizes)
    below, up_to = np.searchsorted(ordered, sizes, "left"), np.searchsorted(ordered, sizes, "right")
    return (below + up_to + 1).astype(np.int64)


def _rank_sum_chances(ranks: NDArray[np.int64]) -> Array:
    """Return the probability of each sum of ranks whose signs are fair coins, (sum + 1,)."""
    chances = np.ones(1)
    for rank in ranks:
        lengthened = np.zeros(len(chances) + int(rank))
        lengthened[: len(chances)] += chances / 2
        lengthened[int(rank) :] += chances / 2
        chances = lengthened
    return chances
