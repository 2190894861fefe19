"""Score samples against real data: captured modes, precision and recall, density and coverage, duplicates.

Pure functions of NumPy arrays. Features are (n, d) of real and (m, d) of fake samples, from an extractor of
`bench.metrics.extractors`; they are raised to float64. Neighbours are those by Euclidean distance within a set, and a
sample is not its own neighbour, but an equal one is.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples
from bench.metrics.neighbours import blocks, squared_radii

__all__ = [
    "NeighbourScores",
    "class_shares",
    "density_and_coverage",
    "dropped_classes",
    "duplicate_share",
    "modes_captured",
    "neighbour_scores",
    "precision_and_recall",
    "reverse_kl",
]

Floats = NDArray[np.float64]

NEIGHBOURS = 5
DUPLICATE_QUANTILE = 0.01
# Below this share of what is due to it, a class is not drawn.
MINIMUM = 0.1


class NeighbourScores(NamedTuple):
    """All scores that count neighbours, each as its own function below defines it."""

    precision: float
    recall: float
    density: float
    coverage: float
    duplicates: float


def class_shares(classes: ArrayLike, class_count: int) -> Floats:
    """Share of each class among `classes`, (n,) of integers; returns (class_count,)."""
    found = np.asarray(classes)
    if not len(found):
        raise NotEnoughSamples("shares of classes need at least 1 sample, got 0")
    shares: Floats = np.bincount(found.astype(np.int64), minlength=class_count) / len(found)
    return shares


def modes_captured(classes: ArrayLike, class_count: int, minimum: float = MINIMUM) -> int:
    """Count the classes that make up at least `minimum` / class_count of the samples; higher is better.

    classes: (n,) of integers, the classes a classifier sees in the samples. A tenth of the even share is more than a
    classifier that errs in 1 or 2 of 100 samples puts into an absent class, and less than any class the
    generator has learnt. Source of the idea: Srivastava et al., 2017 (VEEGAN), sec. 4.
    """
    return int((class_shares(classes, class_count) >= minimum / class_count).sum())


def dropped_classes(classes: ArrayLike, real_shares: ArrayLike, level: float = 0.001) -> int:
    """Count the classes of which samples hold less than a tenth of the real share, where chance does not explain it.

    classes: (n,) of integers, the classes a classifier sees in the samples; real_shares: (class_count,).
    0 where n samples of the real shares hold so few of so many classes, whichever these are, with a probability above
    `level`: the binomial tail times the number of ways to choose as many classes.
    """
    from scipy.special import bdtr, comb

    real = np.asarray(real_shares, dtype=np.float64)
    n, fake = len(np.asarray(classes)), class_shares(classes, len(real))
    is_rare = fake < MINIMUM * real
    count, due = round(n * float(fake[is_rare].sum())), min(1.0, float(real[is_rare].sum()))
    chance = comb(int((real > 0).sum()), int(is_rare.sum())) * bdtr(count, n, due)
    return int(is_rare.sum()) if is_rare.any() and chance <= level else 0


def reverse_kl(classes: ArrayLike, real_shares: ArrayLike) -> float:
    """Kullback-Leibler divergence of the samples' classes from the real ones, in nats; lower is better.

    classes: (n,) of integers; real_shares: (class_count,) of the real data. A class that is never drawn costs little
    here, one drawn too often costs much; inf where samples fall into a class that no real one has.
    Source: Srivastava et al., 2017 (VEEGAN), sec. 4.
    """
    real = np.asarray(real_shares, dtype=np.float64)
    fake = class_shares(classes, len(real))
    is_drawn = fake > 0
    if (real[is_drawn] <= 0).any():
        return math.inf
    return max(0.0, float((fake[is_drawn] * np.log(fake[is_drawn] / real[is_drawn])).sum()))


def precision_and_recall(real: ArrayLike, fake: ArrayLike, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Share of fake samples that could be real, and of real samples the generator could have drawn; in [0, 1].

    A sample could be of a set when it lies in the ball around one of its members that reaches the member's k-th
    neighbour in the set. The ball is closed: a sample as far away as that neighbour is inside, as in the authors' own
    `precision_recall.py` and in torch-fidelity. Raises NotEnoughSamples when n <= k or m <= k.
    Source: Kynkäänniemi et al., 2019, sec. 2.
    """
    a, b = _features(real, fake)
    return _precision_and_recall(a, b, _radii(a, k, "real"), _radii(b, k, "fake"))


def density_and_coverage(real: ArrayLike, fake: ArrayLike, k: int = NEIGHBOURS) -> tuple[float, float]:
    """How many real neighbourhoods a fake sample lies in, over k, and the share of real ones that hold a fake.

    Density is at least 0, about 1 for real against real, and may exceed 1; coverage is in [0, 1]; higher is better.
    The neighbourhoods are open balls: a sample as far away as the k-th neighbour is outside, as in the authors' own
    `prdc`, so that a real sample with k copies of itself has none. Raises NotEnoughSamples when n <= k.
    Source: Naeem et al., 2020, sec. 3.
    """
    a, b = _features(real, fake)
    return _density_and_coverage(a, b, _radii(a, k, "real"), k)


def duplicate_share(real: ArrayLike, fake: ArrayLike, quantile: float = DUPLICATE_QUANTILE) -> float:
    """Share of fake samples that have another one nearer than all but `quantile` of real ones have; in [0, 1].

    About `quantile` where the generator is as varied as the data; compare at equal counts only. A collapsed
    generator gives values near 1. Raises NotEnoughSamples below 2 samples.
    Source of the idea: the birthday paradox test of Arora and Zhang, 2018.
    """
    a, b = _features(real, fake)
    return _duplicate_share(_radii(a, 1, "real"), _radii(b, 1, "fake"), quantile)


def neighbour_scores(real: ArrayLike, fake: ArrayLike, k: int = NEIGHBOURS) -> NeighbourScores:
    """Return precision, recall, density, coverage and the share of duplicates, at half the cost of one by one.

    Raises NotEnoughSamples when n <= k or m <= k.
    """
    a, b = _features(real, fake)
    nearest_real, real_radii = squared_radii(a, (1, k), "real").T
    nearest_fake, fake_radii = squared_radii(b, (1, k), "fake").T
    return NeighbourScores(
        *_precision_and_recall(a, b, real_radii, fake_radii),
        *_density_and_coverage(a, b, real_radii, k),
        _duplicate_share(nearest_real, nearest_fake, DUPLICATE_QUANTILE),
    )


def _precision_and_recall(real: Floats, fake: Floats, real_radii: Floats, fake_radii: Floats) -> tuple[float, float]:
    plausible, is_reached = 0, np.zeros(len(real), dtype=np.bool_)
    for block in blocks(fake, real):
        plausible += int(block.within(real_radii, closed=True).any(1).sum())
        is_reached |= block.within(fake_radii[block.rows, None], closed=True).any(0)
    return plausible / len(fake), float(is_reached.mean())


def _density_and_coverage(real: Floats, fake: Floats, radii: Floats, k: int) -> tuple[float, float]:
    hits, is_covered = 0, np.zeros(len(real), dtype=np.bool_)
    for block in blocks(fake, real):
        is_inside = block.within(radii, closed=False)
        hits += int(np.count_nonzero(is_inside))
        is_covered |= is_inside.any(0)
    return hits / (k * len(fake)), float(is_covered.mean())


def _duplicate_share(nearest_real: Floats, nearest_fake: Floats, quantile: float) -> float:
    limit = np.quantile(np.sqrt(nearest_real), quantile)
    return float((np.sqrt(nearest_fake) < limit).mean())


def _radii(features: Floats, k: int, which: str) -> Floats:
    """Squared distance of each sample to its k-th neighbour in the set, (n,)."""
    return squared_radii(features, (k,), which)[:, 0]


def _features(real: ArrayLike, fake: ArrayLike) -> tuple[Floats, Floats]:
    a, b = (np.ascontiguousarray(features, dtype=np.float64) for features in (real, fake))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"features must be (n, d) and (m, d), got shapes {a.shape} and {b.shape}")
    for which, features in (("real", a), ("fake", b)):
        if not np.isfinite(features).all():
            raise ValueError(f"{int((~np.isfinite(features)).any(1).sum())} {which} samples have features not finite")
    return a, b
