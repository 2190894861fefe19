"""Choose how runs are counted: over seeds and samples of one test part, over splits, or over seeds alone."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bench.evidence.crossed import crossed
from bench.evidence.estimate import Estimate
from bench.evidence.observations import Observations, RunKey
from bench.evidence.resplits import corrected

__all__ = ["estimate", "run_values"]

Array = NDArray[np.float64]


def estimate(runs: Mapping[RunKey, Array], scale: float, observations: Observations) -> Estimate:
    """Return the mean of one model's scores, or of two models' differences, by the rule that fits the runs.

    Several splits: Nadeau and Bengio's corrected t over them. One split with scores of its samples: the crossed
    analysis. One split and one value a run: Student's t over seeds. scale: the scores' size, for what is rounding.
    """
    if not runs:
        return Estimate(math.nan, math.nan, 0, "nothing", 0)
    splits = {key.split for key in runs}
    if len(splits) > 1:
        seeds = len({key.seed for key in runs})
        return corrected(run_values(runs), scale, test_to_train=observations.test_to_train, seeds=seeds)
    if all(scores.ndim for scores in runs.values()):
        groups = observations.groups.get(next(iter(splits)))
        return crossed(np.stack(list(runs.values())), groups, is_series=observations.is_series)
    return corrected(run_values(runs), scale, test_to_train=None)


def run_values(runs: Mapping[RunKey, Array]) -> Array:
    """Return what counts as independent observations, in order: the mean of each split, or of each seed of one."""
    splits = {key.split for key in runs}
    if len(splits) == 1:
        return np.array([_mean(runs[key]) for key in sorted(runs)])
    # Splits in the order in which their first seed was run, which a rule for looking again and again goes by.
    first = dict.fromkeys(key.split for key in sorted(runs))
    means: dict[str, list[float]] = {split: [] for split in first}
    for key in sorted(runs):
        means[key.split].append(_mean(runs[key]))
    return np.array([sum(each) / len(each) for each in means.values()])


def _mean(scores: Array) -> float:
    return float(scores.mean()) if scores.ndim else float(scores)
