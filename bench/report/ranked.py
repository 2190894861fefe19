"""Ranks across data sets as plain, frozen values."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RankRow", "Ranks"]


@dataclass(frozen=True)
class RankRow:
    """A model's rank on each data set, 1 being the best; `values` are what was ranked, infinite where runs failed.

    loses: the chance, with its 95 % interval, that a run of the first model beats one of this; None for the first.
    counts: runs on each data set. shares: of its runs that reach each threshold of the ranking, with pointwise 95 %
    intervals.
    """

    label: str
    family: str
    ranks: tuple[float, ...]
    values: tuple[float, ...]
    mean_rank: float
    loses: tuple[float, float, float] | None = None
    counts: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()


@dataclass(frozen=True)
class Ranks:
    """Models ranked across data sets, best first, with Friedman's test and Nemenyi's critical difference.

    measures: what was ranked, by data set. cliques: labels that cannot be told apart, the bars of the diagram.
    can_decide: could always first against always last be told apart? left_out: models and data sets that would
    leave a hole in the table. thresholds: scores of the performance profiles; none where the scores of the data sets
    are not on one scale.
    """

    key: str
    title: str
    datasets: tuple[str, ...]
    measures: tuple[str, ...]
    rows: tuple[RankRow, ...]
    statistic: float
    p_value: float
    f_statistic: float
    f_p_value: float
    critical_difference: float
    cliques: tuple[tuple[str, ...], ...]
    can_decide: bool
    finding: str
    left_out: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = ()
