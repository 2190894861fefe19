"""Ranks of several models across several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from bench.stats.distributions import chi_squared_tail, f_tail

__all__ = ["RankTest", "friedman"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RankTest:
    """Friedman's test of equal ranks; rank 1 is the best model.

    statistic, p_value: χ² with models − 1 degrees of freedom. f_statistic, f_p_value: Iman and Davenport's
    less conservative form; where all data sets agree it has no bound, and the p-value is the exact chance of that.
    datasets: rows behind it.
    """

    mean_ranks: tuple[float, ...]
    statistic: float
    p_value: float
    f_statistic: float
    f_p_value: float
    datasets: int


def friedman(scores: Sequence[Sequence[float]], higher_is_better: bool = True) -> RankTest:
    """Rank the models within each data set and test whether their mean ranks differ.

    scores: (data sets, models), at least 2 × 2, NaN not allowed; a failed run is infinite and
    ranks last. Ties share ranks; the statistic is Demšar's, a little smaller than a corrected one where there are any.
    Source: Demšar, Statistical comparisons of classifiers over multiple data sets, 2006, section 3.2.2.
    """
    table = _table(scores)
    count, models = table.shape
    ranks = np.array([_ranks(-row if higher_is_better else row) for row in table])
    means = ranks.mean(axis=0)
    statistic = float(12 * count / (models * (models + 1)) * ((means - (models + 1) / 2) ** 2).sum())
    rest = count * (models - 1) - statistic
    # All data sets rank the models alike: F has no bound, and rounding must not turn it negative.
    f_statistic = (count - 1) * statistic / rest if rest > 1e-9 * count else np.inf
    return RankTest(
        mean_ranks=tuple(means.tolist()),
        statistic=statistic,
        p_value=chi_squared_tail(models - 1, statistic),
        f_statistic=f_statistic,
        f_p_value=f_tail(models - 1, (models - 1) * (count - 1), f_statistic)
        if np.isfinite(f_statistic)
        else _full_agreement_p_value(count, models),
        datasets=count,
    )


def _table(scores: Sequence[Sequence[float]]) -> Array:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError(f"ranks need at least 2 data sets and 2 models, got a table of shape {table.shape}")
    if np.isnan(table).any():
        row, column = np.argwhere(np.isnan(table))[0].tolist()
        raise ValueError(f"data set {row} has no score of model {column}: leave one of them out")
    return table


def _ranks(row: Array) -> Array:
    """Return ranks from 1 for the smallest; equal values share their mean rank."""
    ordered = np.sort(row)
    below, up_to = np.searchsorted(ordered, row, "left"), np.searchsorted(ordered, row, "right")
    return (below + up_to + 1) / 2


def _full_agreement_p_value(count: int, models: int) -> float:
    """Return how likely it is that all rows are ordered as the first is, where every order is as likely.

    Only rows without ties reach the bound of Demšar's statistic.
    """
    return float(factorial(models)) ** (1 - count)
