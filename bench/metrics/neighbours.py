"""Distances to neighbours, exact where samples tie, at the price of a matrix product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.errors import NotEnoughSamples

__all__ = ["Block", "blocks", "squared_radii"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]

EPSILON = float(np.finfo(np.float64).eps)
# Numbers held at once: the whole matrix of 10,000 samples would take 800 MB.
BLOCK_ELEMENTS = 2**21


class Block:
    """Squared Euclidean distances of some rows of one set, `rows`, to all samples of another.

    A matrix product gives them within a bound. Where the bound leaves a comparison open, the distance of that pair is
    computed from its differences: equal samples are then at distance 0 and equal differences tie, as in exact
    arithmetic, and no count depends on blocks or threads.
    """

    def __init__(self, rows: slice, products: Floats, slack: Floats, pairs: _Pairs) -> None:
        self.rows = rows
        self._products, self._slack, self._pairs = products, slack, pairs

    def within(self, squared: Floats, *, closed: bool) -> Bools:
        """Which distances are within limits? `squared`: one per column, (m,), or per row, (rows, 1)."""
        is_inside: Bools = self._products < squared - self._slack
        is_open = self._products <= squared + self._slack
        is_open &= ~is_inside
        if is_open.any():
            i, j = np.nonzero(is_open)
            limits = np.broadcast_to(squared, is_open.shape)[i, j]
            exact = self._pairs.squared(i + self.rows.start, j)
            is_inside[i, j] = exact <= limits if closed else exact < limits
        return is_inside

    def smallest(self, places: Sequence[int]) -> Floats:
        """Return the squared distances that have these places, from 0, in the ascending order of each row."""
        last = max(places)
        threshold = np.partition(self._products, last, axis=1)[:, last]
        # The exact one at a place is within the slack of the product's, and so is every distance below it.
        i, j = np.nonzero(self._products <= threshold[:, None] + 2 * self._slack)
        exact = self._pairs.squared(i + self.rows.start, j)
        counts = np.bincount(i, minlength=len(threshold))
        first = np.cumsum(counts) - counts
        candidates = np.full((len(counts), counts.max()), np.inf)
        candidates[i, np.arange(len(i)) - first[i]] = exact
        candidates.partition(tuple(places), axis=1)
        return candidates[:, tuple(places)]


class _Pairs:
    """Squared distances of single pairs, computed from their differences."""

    def __init__(self, a: Floats, b: Floats) -> None:
        self._a, self._b = a, b
        known: dict[bytes, int] = {}
        # A collapsed generator draws the same sample again and again: millions of pairs that need no difference.
        self._names_a, self._names_b = (
            np.array([known.setdefault(row.tobytes(), len(known)) for row in features]) for features in (a, b)
        )

    def squared(self, i: Indices, j: Indices) -> Floats:
        """Return the distances of a[i] to b[j], one per pair."""
        found = np.zeros(len(i))
        unequal = np.flatnonzero(self._names_a[i] != self._names_b[j])
        size = max(1, BLOCK_ELEMENTS // self._a.shape[1])
        for start in range(0, len(unequal), size):
            some = unequal[start : start + size]
            found[some] = np.square(self._a[i[some]] - self._b[j[some]]).sum(1)
        return found


def blocks(a: Floats, b: Floats) -> Iterator[Block]:
    """Yield the distances of all rows of a, (n, d), to all rows of b, (m, d), some rows at a time."""
    pairs = _Pairs(a, b)
    # Near the origin products cancel least.
    origin = b.mean(0)
    near_a, near_b = a - origin, b - origin
    norms_a, norms_b = (np.square(features).sum(1) for features in (near_a, near_b))
    size = max(1, BLOCK_ELEMENTS // len(b))
    for start in range(0, len(a), size):
        rows = slice(start, min(start + size, len(a)))
        products = near_a[rows] @ (-2 * near_b.T)
        products += norms_a[rows, None]
        products += norms_b
        # Higham, Accuracy and stability of numerical algorithms, 2002, sec. 3.1: each of the three sums errs by at
        # most d units of rounding, and so does the exact distance; the origin adds a few.
        slack = (4 * a.shape[1] + 16) * EPSILON * (norms_a[rows].max() + norms_b)
        yield Block(rows, products, slack, pairs)


def squared_radii(features: Floats, neighbours: Sequence[int], which: str) -> Floats:
    """Return the squared distances of each sample to its k-th neighbours in its own set, (n, len(neighbours)).

    The k-th neighbour is at place k where all of the set are sorted by distance, the sample itself, at 0, among
    them: equal samples are neighbours like any other. Raises NotEnoughSamples where the set has no k-th neighbour.
    """
    most = max(neighbours)
    if len(features) <= most:
        raise NotEnoughSamples(f"{most} neighbours need more than {most} {which} samples, got {len(features)}")
    return np.concatenate([block.smallest(neighbours) for block in blocks(features, features)])
