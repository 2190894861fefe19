"""Hold what a comparison reads: the scores of several models on one data set, run by run and sample by sample."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Observations", "RunKey", "Runs", "Table"]

Array = NDArray[np.float64]

# The square of a larger score is beyond a float64, and so is every variance: it counts as infinite.
LARGEST = 1e150


class RunKey(NamedTuple):
    """What two models' runs are paired by: the seed, and the split in words, such as `holdout 3`."""

    seed: int
    split: str = "official"


# Per run the score of each test sample, (n,), or the one value of a run whose samples are not known, ().
Runs = Mapping[RunKey, Array]


class Table(NamedTuple):
    """One value of each run of several models that have the same runs.

    values: (runs, models); sizes: (models,), the means of these without their signs.
    """

    keys: tuple[RunKey, ...]
    models: list[str]
    values: Array
    sizes: Array


@dataclass(frozen=True)
class Observations:
    """One measure of several models on one data set.

    models: runs that ended with a score, by model. failed: keys of runs that were started and gave none.
    higher: is more better? low, high: where the measure can lie. test_to_train: n_test / n_train of a split.
    groups: by split, (n,), samples of one value depend on each other (rows of one person, tokens of one text).
    is_series: neighbouring samples depend on each other (overlapping windows of one series).
    is_cost: times, memory and the like, of which a value is one run on one machine, whatever its seed and split.

    A run with a score that is NaN or infinite counts as failed; a run that is absent is missing. Neither is averaged:
    missing runs leave the pairs they would be part of, and a model with failed runs is never said to be better.
    Raises ValueError for scores of more axes than one, for runs of one split with different numbers of samples, and
    for groups that do not fit them.
    """

    models: Mapping[str, Runs]
    higher: bool = True
    low: float = -math.inf
    high: float = math.inf
    failed: Mapping[str, frozenset[RunKey]] = field(default_factory=dict)
    test_to_train: float = 0.25
    groups: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    is_series: bool = False
    is_cost: bool = False
    # What every comparison of a model asks again.
    _finite: dict[str, dict[RunKey, Array]] = field(init=False, default_factory=dict, compare=False, repr=False)
    _sizes: dict[str, dict[RunKey, float]] = field(init=False, default_factory=dict, compare=False, repr=False)
    _failures: dict[str, int] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        counts: dict[str, tuple[str, int]] = {}
        for model, runs in self.models.items():
            for key, scores in runs.items():
                axes = scores.ndim
                if axes > 1:
                    raise ValueError(
                        f"{model}, {key}: scores have shape {np.shape(scores)}; give one per test sample, (n,), "
                        "or one value of the run, ()"
                    )
                if not axes:
                    continue
                first, count = counts.setdefault(key.split, (model, len(scores)))
                if len(scores) != count:
                    raise ValueError(
                        f"split {key.split!r}: {model} has scores of {len(scores)} samples, {first} of {count}; "
                        "runs of one split are scored on the same samples"
                    )
        for split, labels in self.groups.items():
            if split in counts and len(labels) != counts[split][1]:
                raise ValueError(
                    f"split {split!r}: {len(labels)} groups for {counts[split][1]} samples; name a group per sample"
                )

    def finite(self, model: str) -> dict[RunKey, Array]:
        """Return the runs of a model whose scores are all finite, in float64, ordered by their keys."""
        if model not in self._finite:
            runs = [(key, np.asarray(self.models[model][key], np.float64)) for key in sorted(self.models[model])]
            self._finite[model] = {key: scores for key, scores in runs if _is_finite(scores)}
        return self._finite[model]

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """The models that ended with one value a run, each with the table of all that have the same runs."""
        alike: dict[tuple[RunKey, ...], list[str]] = defaultdict(list)
        for model in self.models:
            if (runs := self.finite(model)) and not any(scores.ndim for scores in runs.values()):
                alike[tuple(runs)].append(model)
        found: dict[str, Table] = {}
        for keys, models in alike.items():
            values = np.array([list(self.finite(model).values()) for model in models]).T
            found |= dict.fromkeys(models, Table(keys, models, values, np.abs(values).mean(axis=0)))
        return found

    def sizes(self, model: str) -> dict[RunKey, float]:
        """Return the mean absolute score of each finite run of a model."""
        if model not in self._sizes:
            runs = self.finite(model).items()
            self._sizes[model] = {
                key: abs(float(scores)) if not scores.ndim else float(np.abs(scores).mean()) for key, scores in runs
            }
        return self._sizes[model]

    def failures(self, model: str) -> int:
        """Return how many runs of a model failed, those with a score that is not finite among them."""
        if model not in self._failures:
            infinite = self.models[model].keys() - self.finite(model).keys()
            self._failures[model] = len(self.failed.get(model, frozenset()) | infinite)
        return self._failures[model]


def _is_finite(scores: Array) -> bool:
    return abs(float(scores)) <= LARGEST if not scores.ndim else bool((np.abs(scores) <= LARGEST).all())
