"""Tests of paired differences by what their signs could have been."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

__all__ = ["SignFlips", "hodges_lehmann", "signed_rank_p_value"]

Array = NDArray[np.float64]
MOST_ENUMERATED = 14
RANDOM_FLIPS = 10_000


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


class SignFlips:
    """The mean of n differences under all flips of their signs, or 10,000 random ones where n > 14."""

    def __init__(self, count: int, seed: int) -> None:
        self.is_exact = count <= MOST_ENUMERATED
        if self.is_exact:
            self._signs = np.array(list(product((1.0, -1.0), repeat=count)))
        else:
            self._signs = np.random.default_rng(seed).choice((1.0, -1.0), size=(RANDOM_FLIPS, count))

    def p_value(self, differences: Array) -> float:
        """Return the share of flips with a mean at least as far from zero; random ones count the observed too."""
        sums, observed = np.abs(self._signs @ differences), abs(differences.sum())
        # Equal sums may differ in the last bits by the order of their terms.
        as_far = int((sums >= observed - 1e-9 * np.abs(differences).sum()).sum())
        return as_far / len(sums) if self.is_exact else (as_far + 1) / (len(sums) + 1)

    def interval(self, differences: Array, alpha: float) -> tuple[float, float]:
        """Return the shifts that the test does not reject; NaN where it can reject none."""
        if 2 / len(self._signs) > alpha:
            return np.nan, np.nan
        return self._end(differences, alpha, -1.0), self._end(differences, alpha, 1.0)

    def _end(self, differences: Array, alpha: float, side: float) -> float:
        inside, spread = float(differences.mean()), float(np.ptp(differences))
        if spread == 0:
            return inside
        # At a shift beyond all differences every sign is the same, which is the least likely outcome of all.
        outside = inside + side * 2 * spread
        for _ in range(50):
            middle = (inside + outside) / 2
            if self.p_value(differences - middle) > alpha:
                inside = middle
            else:
                outside = middle
        return outside


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
