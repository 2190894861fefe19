"""Tests of paired differences by what their signs could have been."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["hodges_lehmann", "signed_rank_p_value"]

Array = NDArray[np.float64]


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
