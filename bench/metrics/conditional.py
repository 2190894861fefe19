"""Score samples that were asked for by class: are they of it, and how far do they lie from its real ones?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples
from bench.metrics.frechet import frechet_distance_of_features

__all__ = ["FEWEST_OF_A_CLASS", "chance_limit", "conditional_accuracy", "distance_per_class", "smallest_class"]

Floats = NDArray[np.float64]

# With fewer than these of a class its covariance says more of the draw than of the class.
FEWEST_OF_A_CLASS = 20


def conditional_accuracy(classes: ArrayLike, labels: ArrayLike) -> float:
    """Share of samples in which a classifier sees the class that was asked for; in [0, 1], higher is better.

    classes, labels: (n,) of integers. No generator of real images exceeds the classifier's own accuracy by much.
    Source of the idea: Shmelkov, Schmid and Alahari, 2018 (GAN-test). Raises NotEnoughSamples where there are none.
    """
    seen, asked = _pair(classes, labels)
    return float((seen == asked).mean())


def chance_limit(classes: ArrayLike, labels: ArrayLike, deviations: float = 3.09) -> float:
    """Return the accuracy that samples which do not heed their labels exceed once in a thousand sets.

    classes, labels: (n,) of integers. The accuracy of labels dealt out at random has mean Σ p(c) q(c) over the shares
    of both; its deviation is taken from the binomial distribution.
    """
    seen, asked = _pair(classes, labels)
    count = 1 + int(max(seen.max(), asked.max()))
    shares = np.bincount(seen, minlength=count) * np.bincount(asked, minlength=count) / len(seen) ** 2
    expected = float(shares.sum())
    return min(1.0, expected + deviations * float(np.sqrt(expected * (1 - expected) / len(seen))))


def smallest_class(labels: ArrayLike) -> int:
    """Return how many samples the rarest class among the labels has; raises NotEnoughSamples where there are none."""
    counts = np.unique(np.asarray(labels), return_counts=True)[1]
    if not len(counts):
        raise NotEnoughSamples("classes need at least 1 sample, got 0")
    return int(counts.min())


def distance_per_class(real: ArrayLike, real_labels: ArrayLike, fake: ArrayLike, fake_labels: ArrayLike) -> float:
    """Mean over classes of the Fréchet distance between the real and the drawn samples of a class; lower is better.

    real: (n, d), fake: (m, d) features; the labels (n,) and (m,) are the true classes and those that were asked for.
    It depends on the number of samples of each class: compare only values at equal counts.
    Source: the intra-FID of Miyato and Koyama, 2018 (cGANs with projection discriminator), sec. 5.
    Raises NotEnoughSamples where a class has fewer than 2 samples on either side.
    """
    a, b = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    known, asked = np.asarray(real_labels), np.asarray(fake_labels)
    found = [frechet_distance_of_features(a[known == each], b[asked == each]) for each in np.unique(known)]
    return float(np.mean(found))


def _pair(classes: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    seen, asked = np.asarray(classes, np.int64), np.asarray(labels, np.int64)
    if seen.shape != asked.shape or seen.ndim != 1:
        raise ValueError(f"each sample has one class seen and one asked for; got shapes {seen.shape} and {asked.shape}")
    if not len(seen):
        raise NotEnoughSamples("conditional accuracy needs at least 1 sample, got 0")
    return seen, asked
