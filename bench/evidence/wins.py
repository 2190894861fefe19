"""Say how often a run of one model beats a run of another on one data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.evidence.observations import Observations
from bench.evidence.resplits import ROUNDING

__all__ = ["win_shares"]

Array = NDArray[np.float64]


def win_shares(observations: Observations) -> Array:
    """Return w, (models, models): the share of pairs of runs in which the first model's is the better one.

    w[a, b] + w[b, a] = 1. A tie counts half: scores that differ by rounding, and two runs that failed. A run that
    failed loses against every run that ended. Two runs meet on one split; w is the mean over the splits both models
    have, and over all pairs of runs where they share none. Raises ValueError where a model has no run at all.
    """
    values, owners, splits = _flat(observations)
    order = _order(values)
    models = np.eye(len(observations.models))[:, owners]
    with np.errstate(invalid="ignore"):  # 0 / 0 where a model has no run on a split
        leads = np.array([_mean_lead(order, models * (splits == split)) for split in np.unique(splits)])
    count = np.isfinite(leads).sum(0)
    mean = np.nansum(leads, 0) / np.maximum(count, 1)
    if not count.all():
        mean = np.where(count > 0, mean, _mean_lead(order, models))
    return np.asarray((1 + mean) / 2)


def _flat(observations: Observations) -> tuple[Array, NDArray[np.int64], NDArray[np.str_]]:
    """Return the value of every run, more being better and −∞ one that failed, its model and its split, (runs,)."""
    sign = 1.0 if observations.higher else -1.0
    found: list[tuple[float, int, str]] = []
    for place, model in enumerate(observations.models):
        ended = observations.finite(model)
        started = observations.models[model].keys() | observations.failed.get(model, frozenset())
        if not started:
            raise ValueError(f"model {model!r} has no run: leave it out, or the data set")
        found += [(sign * float(ended[k].mean()) if k in ended else -np.inf, place, k.split) for k in sorted(started)]
    values, owners, splits = zip(*found, strict=True)
    return np.array(values), np.array(owners), np.array(splits)


def _order(values: Array) -> Array:
    """Return 1 where the first of two runs is better, −1 where the second is, 0 where they tie: (runs, runs)."""
    ended = np.isfinite(values)
    finite = np.where(ended, values, 0.0)
    differences, sizes = finite[:, None] - finite, np.abs(finite)
    order = np.where(np.abs(differences) <= ROUNDING * (sizes[:, None] + sizes), 0.0, np.sign(differences))
    as_one = ended.astype(np.float64)
    return np.where(ended[:, None] & ended, order, as_one[:, None] - as_one)


def _mean_lead(order: Array, runs: Array) -> Array:
    """Return the mean of `order` over all pairs of two models' runs, (models, models); runs: (models, runs) of 0, 1."""
    counts = runs.sum(1)
    return np.asarray(runs @ order @ runs.T / np.outer(counts, counts))
