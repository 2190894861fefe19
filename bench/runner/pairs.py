"""Pair seeds with splits: which seed trains on which cut of the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bench.record import SplitPlan
from bench.specs import DatasetSpec
from bench.suite import MOST_SEEDS, Splits

if TYPE_CHECKING:
    from bench.tasks.base import Task

__all__ = ["default_splits", "pairs", "seeds_counted_on"]

# Below so many samples a single cut decides more of a score than most models do.
SMALL = 2000
# In the order of time each cut ends a tenth of the data earlier: a sixth one would leave a seventh of it to train on.
MOST_CUTS_IN_ORDER = 5


def pairs(seeds: Sequence[int], splits: Splits, *, paired: bool = True) -> list[tuple[int, SplitPlan]]:
    """Return the runs of one cell as (seed, split), each pair once, all of the first seed's before the second's.

    paired: run i has the i-th seed and the i-th split, and the shorter list repeats, so that one set of runs varies
    both; the order of runs is then that of i. Without it every seed meets every split.
    """
    plans = splits.plans()
    if not paired:
        return [(seed, plan) for seed in seeds for plan in plans]
    if not seeds:
        return []
    count = max(len(seeds), len(plans))
    return [(seeds[i % len(seeds)], plans[i % len(plans)]) for i in range(count)]


def default_splits(task: Task, dataset: DatasetSpec, count: int) -> Splits:
    """Return the splits where a suite names none: one holdout split for each of `count` seeds of small data without an
    official test part, whose score would otherwise depend on one cut; for all others, and for tasks whose scores
    belong to one cut, the official split. Data in the order of time have five, which further seeds share.
    """
    is_small = 0 < dataset.sample_count < SMALL
    if task.is_resplit and is_small and not dataset.has_official_test:
        most = min(count, MOST_CUTS_IN_ORDER) if dataset.ordered else count
        return Splits(scheme="holdout", count=max(1, most))
    return Splits(scheme="official")


def seeds_counted_on(listed: Sequence[int], chosen: Iterable[int]) -> list[int]:
    """Return the suite's seeds and those chosen beside them, in an order that gives each seed the place, and so the
    split, that it has in every choice: `--seeds 7-9` makes the same runs as the last three of `--seeds 10`.
    """
    others = [seed for seed in chosen if seed not in set(listed)]
    if not others:
        return list(listed)
    if list(listed) == list(range(len(listed))) and max(others) < MOST_SEEDS:
        return list(range(max(others) + 1))
    return [*listed, *others]
