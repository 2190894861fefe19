"""Draw models whose true scores are known: the scenarios of `scenarios.py`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.evidence import Observations, RunKey, sample_scores
from bench.metrics.classification import auroc

Array = NDArray[np.float64]
Random = np.random.Generator


@dataclass(frozen=True)
class Trial:
    """Observations and the true score of each model; has_scores: is more known of the truth than the differences?"""

    observations: Observations
    truth: Mapping[str, float]
    margin: float | None = None
    is_sequential: bool = False
    has_scores: bool = True

    def first(self, keys: Sequence[RunKey]) -> Observations:
        """Return the observations of some runs only."""
        models = {name: {key: runs[key] for key in keys} for name, runs in self.observations.models.items()}
        return replace(self.observations, models=models)


def keyed(scores: Sequence[Array] | Array) -> dict[RunKey, Array]:
    """Return scores of one test part by seed."""
    return {RunKey(seed): np.asarray(row) for seed, row in enumerate(scores)}


@cache
def correlation(share: float, disagreement: float) -> float:
    """Return the correlation of two standard normals of which so many lie on different sides of the share's quantile.

    The derivative of P(both below) by the correlation is the bivariate density at the quantile.
    """
    from scipy.special import ndtri

    grid = 1 - np.linspace(1e-4, 1, 20_001) ** 2  # the density has a pole at 1, which the square takes away
    density = np.exp(-(ndtri(share) ** 2) / (1 + grid)) / (2 * math.pi * np.sqrt(1 - grid**2))
    steps = (density[1:] + density[:-1]) / 2 * -np.diff(grid)
    return float(np.interp(disagreement, 2 * np.concatenate([[0], np.cumsum(steps)]), grid))


@dataclass(frozen=True)
class Kind:
    """A kind of classifier: its true accuracy, how often two seeds of it and two models of the kind disagree."""

    accuracy: float = 0.967
    seeds: float = 0.016
    models: float = 0.033


def classifiers(
    random: Random,
    n: int,
    seeds: int,
    accuracies: Sequence[float] = (0.967, 0.967),
    fixed: int = 0,
    kind: Kind = Kind(),
    of_seed: float = 0.0,
    margin: float | None = None,
    is_sequential: bool = False,
) -> Trial:
    """Draw right and wrong answers of classifiers on one test part; the first `fixed` are deterministic.

    A model is right where a normal variable lies below its quantile. A part of the variable is shared by all models
    (how hard the sample is), a part by the model's seeds, a part is the run's. of_seed: standard deviation of a
    seed's own part, which makes a run better or worse everywhere.
    """
    from scipy.special import ndtri

    alike, same = correlation(kind.accuracy, kind.models), correlation(kind.accuracy, kind.seeds)
    hard = math.sqrt(alike) * random.standard_normal(n)
    models: dict[str, dict[RunKey, Array]] = {}
    for number, accuracy in enumerate(accuracies):
        own = hard + math.sqrt(same - alike) * random.standard_normal(n)
        runs = 1 if number < fixed else seeds
        noise = math.sqrt(1 - same) * random.standard_normal((runs, n))
        noise += of_seed * random.standard_normal((runs, 1)) * (number >= fixed)
        limit = ndtri(accuracy) * (1 if number < fixed else math.sqrt(1 + of_seed**2))
        models[f"m{number}"] = keyed(np.broadcast_to((own + noise < limit).astype(float), (seeds, n)))
    # What is true of a deterministic model's share of right answers is the same, over test samples.
    truth = {f"m{number}": accuracy for number, accuracy in enumerate(accuracies)}
    return Trial(Observations(models, low=0.0, high=1.0), truth, margin, is_sequential)


def ranked(random: Random, n: int, seeds: int, positives: float) -> Trial:
    """Draw two equal scorers of two classes, with their area under the curve through pseudo-values."""
    labels = (np.arange(n) < round(positives * n)).astype(np.int64)
    shared = 1.5 * labels + random.standard_normal(n)
    models = {}
    for name in "ab":
        own = shared + 0.5 * random.standard_normal(n)
        runs = own + 0.4 * random.standard_normal((seeds, n))
        shares = 1 / (1 + np.exp(-runs))
        models[name] = keyed([sample_scores("auroc", auroc, (np.stack([1 - p, p], 1), labels)) for p in shares])
    from scipy.special import ndtr

    area = float(ndtr(1.5 / math.sqrt(2 * (1 + 0.25 + 0.16))))
    return Trial(Observations(models, low=0.0, high=1.0), {"a": area, "b": area})


def losses(random: Random, n: int, seeds: int, spread: float = 1.0) -> Trial:
    """Draw log-normal losses per sample, as log loss and squared errors are: two equal models."""
    shared = random.standard_normal(n)
    models = {
        name: keyed(
            np.exp(
                spread * (0.8 * shared + 0.5 * random.standard_normal(n) + 0.33 * random.standard_normal((seeds, n)))
            )
        )
        for name in "ab"
    }
    mean = math.exp(spread**2 * (0.64 + 0.25 + 0.33**2) / 2)
    return Trial(Observations(models, higher=False, low=0.0), {"a": mean, "b": mean})


def distances(
    random: Random,
    seeds: int,
    is_fixed: bool = False,
    spread: float = 0.7,
    times: float = 1.0,
    is_normal: bool = False,
    is_cost: bool = False,
    is_sequential: bool = False,
) -> Trial:
    """Draw log-normal (or normal) values of runs without samples, as Fréchet distances of GANs and times are.

    spread: of a's and b's logarithm, or of their values as a share of the mean. times: how many times b's mean is a's.
    is_fixed: does b never vary?
    """

    def drawn() -> Array:
        normal = random.standard_normal(seeds)
        return 1 + spread * normal if is_normal else np.exp(spread * normal - spread**2 / 2)

    values = {"a": drawn(), "b": times * (np.ones(seeds) if is_fixed else drawn())}
    models = {name: keyed(found) for name, found in values.items()}
    seen = Observations(models, higher=False, low=0.0, is_cost=is_cost)
    return Trial(seen, {"a": 1.0, "b": times}, is_sequential=is_sequential)


def gaussian(random: Random, effect: float, seeds: int = 30) -> Trial:
    """Draw paired values whose differences are normal with so many standard deviations of mean, looked at each seed."""
    first = random.standard_normal(seeds)
    models = {"a": keyed(first + effect + random.standard_normal(seeds)), "b": keyed(first)}
    return Trial(Observations(models), {"a": effect, "b": 0.0}, is_sequential=True)


def series(random: Random, n: int, seeds: int, rho: float) -> Trial:
    """Draw errors on windows of a series whose differences are autocorrelated, with a little noise of each seed."""
    models = {}
    for name in "ab":
        steps = random.standard_normal(n) * math.sqrt(1 - rho**2)
        steps[0] /= math.sqrt(1 - rho**2)
        for place in range(1, n):
            steps[place] += rho * steps[place - 1]
        models[name] = keyed(steps + 0.3 * random.standard_normal((seeds, n)))
    return Trial(Observations(models, higher=False, is_series=True), {"a": 0.0, "b": 0.0})


def clusters(random: Random, count: int, seeds: int) -> Trial:
    """Draw scores in groups of 5 to 35 samples, of which a third of the variance is the group's."""
    groups = np.repeat(np.arange(count), random.integers(5, 36, count))
    models = {}
    for name in "ab":
        own = random.standard_normal(count)[groups] * math.sqrt(1 / 3) + random.standard_normal(
            len(groups)
        ) * math.sqrt(2 / 3)
        models[name] = keyed(own + 0.3 * random.standard_normal((seeds, len(groups))))
    return Trial(Observations(models, groups={"official": groups}), {"a": 0.0, "b": 0.0})


def resplits(
    random: Random,
    size: int,
    splits: int = 10,
    lead: float = 0.0,
    margin: float | None = None,
    is_sequential: bool = False,
) -> Trial:
    """Train two least-squares classifiers on holdout splits of one sample; each sees features of its own.

    The features of the two are drawn alike, so that the classifiers are equal by construction but for `lead`: how many
    points of accuracy the second one's features are worth less.
    """
    from scipy.special import ndtri

    labels = random.integers(0, 2, size)
    test = size // 5
    models: dict[str, dict[RunKey, Array]] = {}
    for name, accuracy in (("a", 0.95), ("b", 0.95 - lead)):
        shift = float(ndtri(accuracy)) / math.sqrt(5)
        x = np.hstack([(2 * labels[:, None] - 1) * shift + random.standard_normal((size, 5)), np.ones((size, 1))])
        models[name] = {}
        for split in range(splits):
            order = np.random.default_rng(split).permutation(size)
            train, held = order[test:], order[:test]
            weights = np.linalg.lstsq(x[train], 2.0 * labels[train] - 1, rcond=None)[0]
            models[name][RunKey(split, f"holdout {split}")] = ((x[held] @ weights > 0) == labels[held]).astype(float)
    # What training parts of this size reach is not known in closed form; the lead is of endless training.
    observations = Observations(models, low=0.0, high=1.0, test_to_train=test / (size - test))
    return Trial(observations, {"a": lead, "b": 0.0}, margin, is_sequential, has_scores=False)
