"""Score samples against real data: captured modes, precision and recall, density and coverage, duplicates.

Features are (n, d) float64 of real and (m, d) of fake samples, from an extractor of `bench.metrics.extractors`.
Neighbours are counted in the Euclidean distance, within closed balls, and a sample is not its own neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from bench.errors import NotEnoughSamples

__all__ = [
    "class_shares",
    "density_and_coverage",
    "duplicate_share",
    "modes_captured",
    "precision_and_recall",
    "reverse_kl",
]

NEIGHBOURS = 5
ROWS_AT_ONCE = 1024


def class_shares(classes: Tensor, class_count: int) -> Tensor:
    """Share of each class among `classes`, (n,) int64; returns (class_count,) float64."""
    if not len(classes):
        raise NotEnoughSamples("shares of classes need at least 1 sample, got 0")
    return torch.bincount(classes.cpu(), minlength=class_count).double() / len(classes)


def modes_captured(classes: Tensor, class_count: int, minimum: float = 0.1) -> int:
    """Count the classes that make up at least `minimum` / class_count of the samples; higher is better.

    classes: (n,) int64, the classes a classifier sees in the samples. A tenth of the even share is more than a
    classifier that errs in 1 or 2 of 100 samples puts into an absent class, and less than any class the
    generator has learnt. Source of the idea: Srivastava et al., 2017 (VEEGAN), sec. 4.
    """
    return int((class_shares(classes, class_count) >= minimum / class_count).sum())


def reverse_kl(classes: Tensor, real_shares: Tensor) -> float:
    """Kullback-Leibler divergence of the samples' classes from the real ones, in nats; lower is better.

    classes: (n,) int64; real_shares: (class_count,) of the real data. A class that is never drawn costs little
    here, one drawn too often costs much; inf where samples fall into a class that no real one has.
    Source: Srivastava et al., 2017 (VEEGAN), sec. 4.
    """
    fake = class_shares(classes, len(real_shares))
    is_drawn = fake > 0
    if (real_shares[is_drawn] <= 0).any():
        return math.inf
    return max(0.0, float((fake[is_drawn] * (fake[is_drawn] / real_shares[is_drawn]).log()).sum()))


def precision_and_recall(real: Tensor, fake: Tensor, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Share of fake samples that could be real, and of real samples the generator could have drawn; in [0, 1].

    A sample could be of a set when it lies in the ball around one of its members that reaches the member's k-th
    neighbour in the set. Raises NotEnoughSamples when n <= k or m <= k. Source: Kynkäänniemi et al., 2019, sec. 2.
    """
    real_radii, fake_radii = _radii(real, k, "real"), _radii(fake, k, "fake")
    plausible, is_reached, start = 0, torch.zeros(len(real), dtype=torch.bool), 0
    for distances in _distances(fake, real):
        plausible += int((distances <= real_radii).any(1).sum())
        is_reached |= (distances <= fake_radii[start : start + len(distances), None]).any(0)
        start += len(distances)
    return plausible / len(fake), float(is_reached.double().mean())


def density_and_coverage(real: Tensor, fake: Tensor, k: int = NEIGHBOURS) -> tuple[float, float]:
    """How many real neighbourhoods a fake sample lies in, over k, and the share of real ones that hold a fake.

    Density is at least 0, about 1 for real against real, and may exceed 1; coverage is in [0, 1]; higher is better.
    Raises NotEnoughSamples when n <= k. Source: Naeem et al., 2020, sec. 3.
    """
    radii = _radii(real, k, "real")
    hits, is_covered = 0, torch.zeros(len(real), dtype=torch.bool)
    for distances in _distances(fake, real):
        is_inside = distances <= radii
        hits += int(is_inside.sum())
        is_covered |= is_inside.any(0)
    return hits / (k * len(fake)), float(is_covered.double().mean())


def duplicate_share(real: Tensor, fake: Tensor, quantile: float = 0.01) -> float:
    """Share of fake samples that have another one nearer than all but `quantile` of real ones have; in [0, 1].

    About `quantile` where the generator is as varied as the data; compare at equal counts only. A collapsed
    generator gives values near 1. Raises NotEnoughSamples below 2 samples.
    Source of the idea: the birthday paradox test of Arora and Zhang, 2018.
    """
    limit = _radii(real, 1, "real").quantile(quantile)
    return float((_radii(fake, 1, "fake") < limit).double().mean())


def _radii(features: Tensor, k: int, which: str) -> Tensor:
    """Distance of each sample to its k-th neighbour in the set, (n,)."""
    if len(features) <= k:
        raise NotEnoughSamples(f"{k} neighbours need more than {k} {which} samples, got {len(features)}")
    # The nearest of all is the sample itself.
    return torch.cat([rows.topk(k + 1, largest=False).values[:, -1] for rows in _distances(features, features)])


def _distances(a: Tensor, b: Tensor) -> Iterator[Tensor]:
    """Yield the distances of some rows of a to all of b: the whole matrix would take 800 MB at 10,000 samples."""
    origin = b.mean(0)
    a, b = a - origin, b - origin
    for rows in torch.split(a, ROWS_AT_ONCE):
        yield torch.cdist(rows, b, compute_mode="use_mm_for_euclid_dist")
