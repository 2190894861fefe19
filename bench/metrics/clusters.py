"""Score clusters against labels, and by how far apart they lie, in NumPy and SciPy alone.

clusters, labels: (n,) whole numbers; only which samples share one counts, not which number it is. Definitions are those
of scikit-learn, which tests compare with. Raises ValueError on other shapes, NotEnoughSamples where there are none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["ari", "nmi", "silhouette"]

Floats = NDArray[np.float64]


def nmi(clusters: ArrayLike, labels: ArrayLike) -> float:
    """Mutual information of clusters and labels over the mean of their entropies, in [0, 1] (Vinh et al., 2010)."""
    joint = _joint(clusters, labels)
    if joint.size == 1:
        return 1.0
    shares = joint / joint.sum()
    rows, columns = shares.sum(1), shares.sum(0)
    is_there = shares > 0
    information = float(
        (shares * np.log(shares / np.outer(rows, columns), where=is_there, out=np.zeros_like(shares))).sum()
    )
    # Of independent sides rounding leaves a little, on either side of 0.
    return min(1.0, max(0.0, information / ((_entropy(rows) + _entropy(columns)) / 2)))


def ari(clusters: ArrayLike, labels: ArrayLike) -> float:
    """Share of pairs of samples on which clusters and labels agree, less what chance would give, in [-0.5, 1].

    0 is chance, 1 the same partition (Hubert & Arabie, 1985).
    """
    joint = _joint(clusters, labels)
    # Pairs of 70,000 samples, multiplied, are beyond 64 bits.
    count, both = int(joint.sum()), int((joint**2).sum())
    same_cluster, same_label = int((joint.sum(1) ** 2).sum()), int((joint.sum(0) ** 2).sum())
    together, split, merged = both - count, same_label - both, same_cluster - both
    apart = count**2 - same_cluster - same_label + both
    if not split and not merged:
        return 1.0
    agreed = 2 * (together * apart - split * merged)
    return agreed / ((together + split) * (split + apart) + (together + merged) * (merged + apart))


def silhouette(clusters: ArrayLike, inputs: ArrayLike, places: ArrayLike) -> float:
    """How much nearer samples lie to their own cluster than to the next one, mean over samples, in [-1, 1].

    inputs: (m, d) rows of some samples; places: (m,) which of the samples they are. Needs no labels (Rousseeuw, 1987).
    A sample alone in its cluster counts 0, and so does every one where all are in one cluster: none is nearer to it.
    """
    from scipy.spatial.distance import cdist

    rows, chosen = np.asarray(inputs, np.float64), np.asarray(clusters)
    # Where a sample is left out, of clusters, inputs and places alike, the others keep their order, not their places.
    if len(chosen) != len(rows):
        chosen = chosen[np.asarray(places)]
    if rows.ndim != 2 or len(rows) != len(chosen):
        raise ValueError(f"silhouettes need a row for each place; got {rows.shape} and {chosen.shape}")
    names, own = np.unique(chosen, return_inverse=True)
    if len(names) < 2:
        return 0.0
    members = own[:, None] == np.arange(len(names))
    counts = members.sum(0)
    sums = cdist(rows, rows) @ members
    at = np.arange(len(rows))
    inside = sums[at, own] / np.maximum(counts[own] - 1, 1)
    means = np.where(members, np.inf, sums / counts)
    outside = means.min(1)
    larger = np.maximum(inside, outside)
    found = np.divide(outside - inside, larger, out=np.zeros(len(rows)), where=(larger > 0) & (counts[own] > 1))
    return float(found.mean())


def _joint(clusters: ArrayLike, labels: ArrayLike) -> NDArray[np.int64]:
    """Return (clusters, labels) int64, how many samples are in both."""
    sides: list[NDArray[Any]] = [np.asarray(clusters), np.asarray(labels)]
    if sides[0].ndim != 1 or sides[0].shape != sides[1].shape:
        raise ValueError(f"clusters and labels need one shape, (n,); got {sides[0].shape} and {sides[1].shape}")
    if not len(sides[0]):
        raise NotEnoughSamples("a score of clusters needs at least 1 sample, got 0")
    (first, rows), (second, columns) = (np.unique(side, return_inverse=True) for side in sides)
    flat = np.bincount(rows * len(second) + columns, minlength=len(first) * len(second))
    return flat.reshape(len(first), len(second)).astype(np.int64)


def _entropy(shares: Floats) -> float:
    return float(-(shares * np.log(shares)).sum())
