"""Compare models over several data sets: mean ranks, win rates and verdicts that speak of other data sets.

Data sets are what is sampled, and each counts once. On each of them a model's lead over another is the share of pairs
of runs that it wins, ties half, which is 1/2 where two models differ by noise alone; its rank is 1 plus the shares that
it loses. Ranks made from verdicts on single data sets would depend on how many seeds and samples were spent, would tie
a with b and b with c where a beats c, and would throw away what many small leads of one sign say together.

Pairs are tested by flipping the signs of their leads, which holds its level for any number of data sets where two
models are alike. A t test on so few and so coarse values does not, and tests on mean ranks (Nemenyi; Conover and Iman)
make the verdict on two models depend on the others (Benavoli, Corani and Mangili, Should we really use post-hoc tests
based on mean-ranks?, 2016). See docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bench.evidence.compare import Standing, Verdict, beaten_models
from bench.evidence.estimate import LEVEL
from bench.evidence.observations import Observations
from bench.evidence.remedy import Remedy, remedy_of_datasets
from bench.evidence.wilson import wilson
from bench.evidence.wins import win_shares
from bench.stats.distributions import normal_quantile, student_quantile
from bench.stats.holm import holm
from bench.stats.ranks import RankTest, friedman
from bench.stats.signs import sign_flip_p_value

__all__ = ["LEAST_DATASETS", "LEAST_MODELS", "ModelRank", "Ranking", "WinRate", "across"]

Array = NDArray[np.float64]

LEAST_DATASETS, LEAST_MODELS = 3, 2
# Shares of wins are sums of fractions; what differs by less than this is equal.
TOLERANCE = 1e-9
# Data sets below which the end of an interval would leave out 1/2 too often: 4 won of 4.
FEWEST = 5


@dataclass(frozen=True)
class ModelRank:
    """A model's mean rank over data sets, 1 being the best, with its interval of 1 − level, inside [1, models].

    ranks: on each data set, in their order; fractions where runs of several models mix. standing: as in `compare`,
    None of a model of which no run ended anywhere.
    """

    model: str
    mean_rank: float
    low: float
    high: float
    ranks: tuple[float, ...]
    standing: Standing | None


@dataclass(frozen=True)
class WinRate:
    """How often a run of a beats one of b on the same data set, ties half, each data set counting once.

    low, high: interval of 1 − level of this pair alone. better_on, worse_on: data sets on which a wins more, or less,
    than half. p_value: of a rate of 1/2; p_adjusted: corrected for all pairs. better: the better one of a pair that
    is different, else "". remedy: how many data sets would decide an open pair, else None.
    """

    a: str
    b: str
    rate: float
    low: float
    high: float
    better_on: int
    worse_on: int
    p_value: float
    p_adjusted: float
    verdict: Verdict
    better: str
    remedy: Remedy | None


@dataclass(frozen=True)
class Ranking:
    """Models over data sets: each one's mean rank, every pair's win rate, and what can be said of other data sets.

    models: best mean rank first. pairs: in the order of the models as they were given. wins: rate by first and
    second model, 1/2 of a model with itself. test: Friedman's, and Iman and Davenport's, of equal ranks.
    scope: what the verdicts speak of.
    """

    datasets: tuple[str, ...]
    models: tuple[ModelRank, ...]
    pairs: tuple[WinRate, ...]
    wins: Mapping[tuple[str, str], float]
    test: RankTest
    scope: str
    level: float

    @property
    def tie_group(self) -> tuple[str, ...]:
        """Models that no other is better than, best mean rank first."""
        return tuple(each.model for each in self.models if each.standing in {"best", "undecided"})


def across(datasets: Mapping[str, Observations], *, level: float = LEVEL) -> Ranking:
    """Rank models over data sets and say which pairs differ on other data sets like these.

    datasets: by name; each holds runs of the same models, of any measure and direction, because only the order of runs
    counts. A failed run is one that loses; a model without any run on a data set must be left out, or the data set.
    Raises ValueError for fewer than 3 data sets or 2 models, and where data sets have different models.
    """
    models = _models(datasets)
    shares = np.array([_shares(name, observations, models) for name, observations in datasets.items()])
    ranks = np.round(shares.sum(1) + 0.5, 9)  # Σ over others of w(other, model), and 1/2 of itself
    pairs = _pairs(models, shares, level)
    ended = [model for model in models if any(each.finite(model) for each in datasets.values())]
    standings = _standings(ended, pairs)
    rows = [_row(model, ranks[:, n], len(models), standings.get(model), level) for n, model in enumerate(models)]
    mean = shares.mean(0)
    return Ranking(
        tuple(datasets),
        tuple(sorted(rows, key=lambda row: row.mean_rank)),
        pairs,
        {(a, b): float(mean[i, j]) for i, a in enumerate(models) for j, b in enumerate(models)},
        friedman(ranks.tolist(), higher_is_better=False),
        f"Holds for other data sets like these {len(datasets)}, each counted once, with runs made as these were.",
        level,
    )


def _models(datasets: Mapping[str, Observations]) -> tuple[str, ...]:
    if len(datasets) < LEAST_DATASETS:
        raise ValueError(f"ranks over data sets need at least {LEAST_DATASETS} of them, got {len(datasets)}")
    first, *others = datasets
    models = tuple(datasets[first].models)
    if len(models) < LEAST_MODELS:
        raise ValueError(f"ranks need at least {LEAST_MODELS} models, data set {first!r} has {len(models)}")
    for other in others:
        if odd := set(models) ^ set(datasets[other].models):
            raise ValueError(
                f"data sets {first!r} and {other!r} do not share {', '.join(sorted(odd))}: leave out models that are "
                "not on every data set, or data sets that lack some"
            )
    return models


def _shares(name: str, observations: Observations, models: tuple[str, ...]) -> Array:
    """Return the win shares on one data set, (models, models), in the order of `models`."""
    try:
        found = win_shares(observations)
    except ValueError as error:
        raise ValueError(f"data set {name!r}: {error}") from error
    names = list(observations.models)
    places = [names.index(model) for model in models]
    return found[np.ix_(places, places)]


def _row(model: str, ranks: Array, models: int, standing: Standing | None, level: float) -> ModelRank:
    low, high = _interval((ranks - 1) / (models - 1), level)
    mean, low, high = float(ranks.mean()), 1 + (models - 1) * low, 1 + (models - 1) * high
    return ModelRank(model, mean, min(mean, low), max(mean, high), tuple(ranks.tolist()), standing)


def _pairs(models: tuple[str, ...], shares: Array, level: float) -> tuple[WinRate, ...]:
    places = list(combinations(range(len(models)), 2))
    leads = [np.where(np.abs(lead := 2 * shares[:, i, j] - 1) <= TOLERANCE, 0.0, lead) for i, j in places]
    p_values = [sign_flip_p_value(lead) for lead in leads]
    # A pair with so few leads that no signs of them would be a verdict needs no correction of the others.
    testable = [n for n, lead in enumerate(leads) if 2.0 ** (1 - np.count_nonzero(lead)) <= level]
    adjusted = dict(zip(testable, holm([p_values[n] for n in testable]), strict=True))
    share = level / max(1, len(testable))
    return tuple(
        _pair(models[i], models[j], leads[n], p_values[n], adjusted.get(n, 1.0), level, share)
        for n, (i, j) in enumerate(places)
    )


def _pair(a: str, b: str, leads: Array, p_value: float, p_adjusted: float, level: float, share: float) -> WinRate:
    rate = (1 + float(leads.mean())) / 2
    low, high = _interval((1 + leads) / 2, level)
    is_different = p_adjusted <= level
    return WinRate(
        a, b, rate, low, high, int((leads > 0).sum()), int((leads < 0).sum()), p_value, p_adjusted,
        "different" if is_different else "open",
        (a if rate > 0.5 else b) if is_different else "",
        None if is_different else remedy_of_datasets(leads, share),
    )  # fmt: skip


def _interval(shares: Array, level: float) -> tuple[float, float]:
    """Return the interval of a mean of values in [0, 1] over data sets, (data sets,).

    Wilson's, with Student's quantile, for the number of data sets of 0 and 1 alone that would have the estimated
    variance, and with all values equal for their own number: three first places of three are no certainty. It ends
    where Wilson's for their own number does, with the normal quantile: no values in [0, 1] vary more than 0 and 1 do.
    Of fewer than 5 data sets that are all won by one of two equal models, which happens to 1 in 8, it holds 1/2.
    """
    count, mean = len(shares), min(1.0, max(0.0, float(shares.mean())))
    variance = 0.0 if np.ptp(shares) <= TOLERANCE else float(shares.var(ddof=1)) / count
    worth = mean * (1 - mean) / variance if variance > 0 else float(count)
    low, high = wilson(mean, worth, student_quantile(count - 1, 1 - level / 2))
    least, most = wilson(mean, count, float(normal_quantile(1 - level / 2)))
    if count < FEWEST:
        least, most = min(least, 0.5), max(most, 0.5)
    return max(low, least), min(high, most)


def _standings(models: Sequence[str], pairs: tuple[WinRate, ...]) -> dict[str, Standing]:
    """Return where models of which some run ended stand."""
    beaten = beaten_models(models, [(pair.a, pair.b, pair.better) for pair in pairs])
    group = [model for model in models if model not in beaten]
    of_group: Standing = "best" if len(group) == 1 else "undecided"
    return {model: of_group if model in group else "distinguishable" for model in models}
