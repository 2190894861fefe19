"""Say which share of a model's runs reaches a score: performance profiles over data sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.evidence.estimate import LEVEL
from bench.evidence.observations import Observations
from bench.evidence.wilson import wilson
from bench.stats.distributions import normal_quantile

__all__ = ["shares_reaching"]

Array = NDArray[np.float64]


def shares_reaching(
    datasets: Sequence[Observations], model: str, thresholds: Sequence[float], *, level: float = LEVEL
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Return the share of a model's runs that are at least as good as each threshold, with pointwise intervals' ends.

    A mean over data sets, each counting once; a run that failed reaches nothing. The interval of 1 − level over other
    runs on these data sets is Wilson's, for the number of runs that would leave the same variance. Raises ValueError
    where a data set has no run of the model. Source: Agarwal et al., Deep reinforcement learning at the edge of the
    statistical precipice, 2021, section 4.3.
    """
    reached = np.array([_reached(each, model, thresholds) for each in datasets])
    shares, counts = reached[:, 0], reached[:, 1]
    mean = shares.mean(0)
    # Unbiased within each data set; where runs are single, all of them together are one sample.
    variance = (shares * (1 - shares) / np.maximum(counts - 1, 1)).sum(0) / len(datasets) ** 2
    quantile = float(normal_quantile(1 - level / 2))
    # Where all runs agree, their own number.
    worth = np.divide(mean * (1 - mean), variance, out=counts.sum(0).astype(np.float64), where=variance > 0)
    ends = [
        wilson(share, max(count, 1.0), quantile) for share, count in zip(mean.tolist(), worth.tolist(), strict=True)
    ]
    return tuple(mean.tolist()), tuple(low for low, _ in ends), tuple(high for _, high in ends)


def _reached(observed: Observations, model: str, thresholds: Sequence[float]) -> Array:
    """Return the share of runs that reach each threshold, and the number of runs, (2, thresholds)."""
    sign = 1.0 if observed.higher else -1.0
    ended = [sign * float(scores.mean()) for scores in observed.finite(model).values()]
    values = np.array([*ended, *[-np.inf] * observed.failures(model)])
    if not len(values):
        raise ValueError(f"model {model!r} has no run on one of the data sets: leave it out, or the data set")
    limits = sign * np.asarray(thresholds, np.float64)
    return np.array([(values[:, None] >= limits).mean(0), np.full(len(limits), len(values))])
