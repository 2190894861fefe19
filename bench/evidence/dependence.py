"""Reduce test samples that depend on each other to units that do not: groups as they are named, blocks of a series."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["block_means", "group_means", "memory"]

Array = NDArray[np.float64]

# Fewer blocks would leave Student's t no degrees of freedom worth having.
FEWEST_BLOCKS = 4
# A block of three memories; 1.5 of them because a short series hides part of its memory. By simulation, see
# docs/calibration.md.
BLOCK_OF_MEMORIES, HIDDEN_MEMORY = 2.0, 1.5
# Below this a series counts as one of independent samples, whose estimated memory is rarely exactly 1.
INDEPENDENT = 1.3


def group_means(scores: Array, groups: NDArray[np.int64]) -> Array:
    """Return one value per seed and group, (seeds, groups), whose mean over groups is the mean over samples.

    scores: (seeds, n); groups: (n,). For groups of one size these are the groups' means. Otherwise
    θ + (G / n) Σ_{i in g} (x_i − θ), whose spread is that of the ratio estimator (linearised; Cochran, Sampling
    techniques, 1977, section 9A), because a mean of the groups' means would be another quantity than the score.
    """
    names, places = np.unique(groups, return_inverse=True)
    means = scores.mean(1, keepdims=True)
    centred = scores - means
    sums = np.stack([np.bincount(places, row, minlength=len(names)) for row in centred])
    return np.asarray(means + sums * (len(names) / scores.shape[1]))


def block_means(scores: Array) -> tuple[Array, float]:
    """Return means over blocks of a series, (seeds, blocks), and the factor by which their variance falls short.

    scores: (seeds, n), in the order of the series. The blocks are three memories long. Of means over blocks, neighbours
    still depend on each other a little; the factor is what that takes from the variance of their mean in a
    first-order autoregression of the same memory, at least 1.
    """
    count, found = scores.shape[1], memory(scores.mean(0))
    if found <= INDEPENDENT:
        return scores, 1.0
    found *= HIDDEN_MEMORY
    blocks = min(count, max(FEWEST_BLOCKS, int(count // math.ceil(BLOCK_OF_MEMORIES * found))))
    if blocks == count:
        return scores, 1.0
    places = np.arange(count) * blocks // count
    whole, part = _variance_of_mean(found, count), _variance_of_mean(found, count / blocks)
    factor = whole * (blocks - 1) / (part - whole) if part > whole else 1.0
    return group_means(scores, places), max(1.0, factor)


def memory(series: Array) -> float:
    """Return by how much dependence multiplies the variance of a series' mean, at least 1: 1 + 2 Σ autocorrelations.

    The larger of two estimates: the initial monotone sequence (Geyer, Practical Markov chain Monte Carlo, 1992), which
    sees any kind of dependence, and that of a first-order autoregression with Kendall's correction for bias (1954),
    which needs fewer samples. A constant series has memory 1.
    """
    count = len(series)
    centred = series - series.mean()
    if count < 4 or not np.abs(centred).max() > 0:
        return 1.0
    spectrum = np.fft.rfft(centred, 2 * count)
    covariances = np.fft.irfft(spectrum * np.conj(spectrum))[:count]
    correlations = covariances / covariances[0]
    pairs = correlations[0 : count - 1 : 2] + correlations[1:count:2]
    ends = np.flatnonzero(pairs <= 0)
    positive = pairs[: ends[0]] if len(ends) else pairs
    monotone = 2 * float(np.minimum.accumulate(positive).sum()) - 1 if len(positive) else 1.0
    first = float(correlations[1])
    first = min(0.99, max(0.0, first + (1 + 3 * first) / count))
    return float(max(1.0, monotone, (1 + first) / (1 - first)))


def _variance_of_mean(memory: float, count: float) -> float:
    """Return the variance of the mean of `count` values of variance 1 from a first-order autoregression."""
    rho = (memory - 1) / (memory + 1)
    return float(memory - 2 * rho * (1 - rho**count) / (count * (1 - rho) ** 2)) / count
