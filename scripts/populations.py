"""Draw data sets from a population in which every model's true mean rank and win rate are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.evidence import Observations, RunKey

Array = NDArray[np.float64]
Random = np.random.Generator

# Data sets that the truth is counted on, and three standard errors of a rate that is counted so.
LARGE, PART, NEAR = 100_000, 2_000, 0.005


@dataclass(frozen=True)
class Population:
    """What data sets are like, in units of how much a model's score varies from one to another.

    means: of each model. spreads: how much it varies over data sets; noise: of one run to the next, which differs from
    data set to data set. upsets: share of data sets on which the first model is far worse than elsewhere.
    failures: share of runs that fail.
    """

    means: tuple[float, ...]
    spreads: tuple[float, ...] = ()
    noise: float = 0.5
    upsets: float = 0.0
    failures: float = 0.0

    def runs(self, random: Random, count: int, runs: int) -> Array:
        """Draw scores, (data sets, models, runs), −∞ where one failed."""
        models = len(self.means)
        scores = np.array(self.means) + np.array(self.spreads or (1.0,) * models) * random.standard_normal(
            (count, models)
        )
        scores[:, 0] -= 10 * (random.random(count) < self.upsets)
        noise = self.noise * np.exp(0.5 * random.standard_normal((count, 1, 1)))
        found = scores[:, :, None] + noise * random.standard_normal((count, models, runs))
        return np.where(random.random(found.shape) < self.failures, -np.inf, found)


@dataclass(frozen=True)
class RankTrial:
    """Data sets, and what is true of their population: win rates by pair, and mean ranks."""

    datasets: Mapping[str, Observations]
    rates: Mapping[tuple[str, str], float]
    ranks: Mapping[str, float]


def ranking(random: Random, population: Population, count: int, runs: int = 3) -> RankTrial:
    """Draw so many data sets of a population, each with the runs of its models."""
    scores = population.runs(random, count, runs)
    names = [f"m{number}" for number in range(len(population.means))]
    datasets = {
        f"d{place}": Observations(
            {
                name: {RunKey(seed): np.asarray(value) for seed, value in enumerate(values)}
                for name, values in zip(names, each, strict=True)
            }
        )
        for place, each in enumerate(scores)
    }
    rates = _rates(population)
    return RankTrial(
        datasets,
        {(a, b): rates[i, j] for i, a in enumerate(names) for j, b in enumerate(names)},
        {name: 1 + float(rates[:, place].sum()) - 0.5 for place, name in enumerate(names)},
    )


@cache
def _rates(population: Population) -> Array:
    """Return the chance that a run of one model beats one of another, (models, models); 1/2 where it is near that."""
    random = np.random.default_rng(0)
    parts = []
    for _ in range(LARGE // PART):
        values = population.runs(random, PART, 4)
        first, second = values[:, :, None, :, None], values[:, None, :, None, :]
        parts.append((first > second).mean((0, 3, 4)) + (first == second).mean((0, 3, 4)) / 2)
    rates: Array = np.mean(parts, axis=0)
    return np.where(np.abs(rates - 0.5) < NEAR, 0.5, rates)
