"""Choose how runs are counted: over seeds and samples of one test part, over splits, or over seeds alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.evidence.crossed import crossed
from bench.evidence.estimate import Estimate
from bench.evidence.observations import Observations, RunKey
from bench.evidence.resplits import corrected

__all__ = ["estimate", "estimate_values", "run_values"]

Array = NDArray[np.float64]


def estimate(runs: Mapping[RunKey, Array], scale: float, observations: Observations) -> Estimate:
    """Return the mean of one model's scores, or of two models' differences, by the rule that fits the runs.

    Several splits: Nadeau and Bengio's corrected t over them. One split with scores of its samples: the crossed
    analysis. One split and one value a run: Student's t over seeds. scale: the scores' size, for what is rounding.
    """
    if not runs:
        return Estimate(math.nan, math.nan, 0, "nothing", 0)
    splits = {key.split for key in runs}
    if len(splits) == 1 and all(scores.ndim for scores in runs.values()):
        groups = observations.groups.get(next(iter(splits)))
        return crossed(np.stack(list(runs.values())), groups, is_series=observations.is_series)
    keys = sorted(runs)
    values = np.array([_mean(runs[key]) for key in keys])
    return estimate_values(keys, values[:, None], np.array([scale]), observations)[0]


def estimate_values(keys: Sequence[RunKey], values: Array, scales: Array, observations: Observations) -> list[Estimate]:
    """Return the mean of each column of one value per run, (runs, n), by the rule that fits; keys: in order."""
    if len({key.split for key in keys}) == 1:
        return corrected(values, scales, test_to_train=None)
    seeds = len({key.seed for key in keys})
    return corrected(_by_split(keys, values), scales, test_to_train=observations.test_to_train, seeds=seeds)


def run_values(runs: Mapping[RunKey, Array]) -> Array:
    """Return what counts as independent observations, in order: the mean of each split, or of each seed of one."""
    keys = sorted(runs)
    values = np.array([_mean(runs[key]) for key in keys])
    return values if len({key.split for key in keys}) == 1 else _by_split(keys, values)


def _by_split(keys: Sequence[RunKey], values: Array) -> Array:
    """Return the mean of each split, of values (runs, …); splits in the order in which their first seed was run, by
    which a rule for looking again and again goes."""
    places: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key.split, []).append(place)
    return np.stack([values[each].cumsum(axis=0)[-1] / len(each) for each in places.values()])


def _mean(scores: Array) -> float:
    return float(scores.mean()) if scores.ndim else float(scores)
