"""Decide which values of a column may be called the best: only where the difference is more than noise."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Generic, TypeVar

from bench.report.levels import ALPHA
from bench.report.repetition import Repetition
from bench.stats import Comparison, holm, paired_difference

__all__ = ["Judgement", "judge", "paired"]

# Differences that agree to so many digits are one difference.
ROUNDING = 1e-9
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Judgement(Generic[K]):
    """What one column allows to say.

    best: the models that may be marked. worse: those distinguishable from the top one.
    open: those that too few shared seeds leave undecided. leader: the best mean, None where nothing competes.
    counts: how many runs stand behind each model that competed.
    """

    best: frozenset[K] = frozenset()
    worse: frozenset[K] = frozenset()
    open: frozenset[K] = frozenset()
    leader: K | None = None
    counts: tuple[int, ...] = ()


def paired(a: Mapping[Repetition, float], b: Mapping[Repetition, float], *, is_score: bool) -> Comparison:
    """Test a − b over the runs both have, with Student's t; a score whose differences are all equal is no certainty.

    Scores on a small test part move in whole samples: two or three seeds that move by the same number of them have no
    spread, and the t test would call that certain. The exact sign test knows how likely it is.
    """
    test = paired_difference(a, b)
    differences = [a[each] - b[each] for each in a.keys() & b.keys()]
    largest = max(map(abs, differences), default=0.0)
    is_constant = bool(largest) and max(differences) - min(differences) <= ROUNDING * largest
    if not (is_score and is_constant):
        return test
    return replace(test, p_value=max(test.p_value, 2.0 ** (1 - len(differences))))


def judge(
    values: Mapping[K, Mapping[Repetition, float]], *, higher_is_better: bool, is_score: bool = True
) -> Judgement[K]:
    """Compare the best mean with every other, paired by seed and split, corrected after Holm.

    values: row → repetition → number.

    The best and all that cannot be told from it are marked, provided that at least one model can. A model with too
    few shared seeds is neither marked nor beaten.
    """
    means = {key: fmean(numbers.values()) for key, numbers in values.items() if numbers}
    counts = tuple(len(numbers) for numbers in values.values() if numbers)
    if len(means) < 2:
        return Judgement(counts=counts)
    sign = 1.0 if higher_is_better else -1.0
    leader = max(means, key=lambda key: sign * means[key])
    tests = {key: paired(values[leader], values[key], is_score=is_score) for key in means if key != leader}
    decided = [key for key, test in tests.items() if test.can_decide]
    adjusted = dict(zip(decided, holm([tests[key].p_value for key in decided]), strict=True)) if decided else {}
    worse = frozenset(key for key, p_value in adjusted.items() if p_value < ALPHA)
    best = frozenset([leader, *adjusted]) - worse if worse else frozenset()
    return Judgement(best, worse, frozenset(tests) - frozenset(adjusted), leader, counts)
