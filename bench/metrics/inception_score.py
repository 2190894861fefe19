"""The inception score: are samples of one class each, and of all classes together?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples

__all__ = ["inception_score", "inception_scores"]

Floats = NDArray[np.float64]


def inception_score(probabilities: ArrayLike) -> float:
    """Exponential of the mean divergence of each sample's classes from those of all; in [1, classes], higher is better.

    probabilities: (n, classes), what a classifier gives to the samples, rows that sum to one. It sees no real data:
    one perfect image of each class has the best score there is, and so has noise that a classifier is sure of.
    Raises NotEnoughSamples where there are none, ValueError on what are no probabilities.
    Source: Salimans et al., 2016 (Improved techniques for training GANs), sec. 4.
    """
    p = _checked(probabilities)
    return float(np.exp(_entropy(p.mean(0)) - _entropy(p).mean()))


def inception_scores(probabilities: ArrayLike, splits: int = 10) -> Floats:
    """Return the scores of `splits` equal parts of the samples, in their order, (splits,); their mean is reported.

    probabilities: (n, classes). The score grows with the number of samples: compare at equal counts and splits only.
    Raises NotEnoughSamples where there are fewer samples than parts. Source: as `inception_score`.
    """
    p = _checked(probabilities)
    if len(p) < splits:
        raise NotEnoughSamples(f"{splits} parts need as many samples, got {len(p)}")
    return np.array([inception_score(part) for part in np.array_split(p, splits)])


def _entropy(p: Floats) -> Floats:
    """Entropy along the last axis, nats; what is never drawn adds nothing."""
    terms: Floats = p * np.log(np.where(p > 0, p, 1.0))
    entropy: Floats = -terms.sum(-1)
    return entropy


def _checked(probabilities: ArrayLike) -> Floats:
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2:
        raise ValueError(f"probabilities must be (n, classes), got shape {p.shape}")
    if not len(p):
        raise NotEnoughSamples("an inception score needs at least 1 sample, got 0")
    if not (np.isfinite(p).all() and (p >= 0).all() and np.allclose(p.sum(1), 1, atol=1e-4)):
        raise ValueError("probabilities must be finite, not negative, and sum to one for each sample")
    return p
