"""Compare every two of several models and say which differ, which are equivalent and which are not decided.

This is the only place that decides. Each pair is analysed by the rule its runs allow (`bench.evidence.rule`), and all
pairs of a section are corrected together by Holm's method. Multiple comparisons with the best (Hsu) would need fewer
comparisons, but guards only the best model's place: where several models are equally good it claims that one of them
is worse more often than `level` (docs/calibration.md), and its groups could contradict the pairs beside them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from bench.evidence.crossed import with_pseudo_samples
from bench.evidence.differences import Asked, differences, estimated_differences, shared_runs
from bench.evidence.estimate import LEVEL, Basis, Estimate, p_values, p_values_of_margins
from bench.evidence.observations import Observations
from bench.evidence.remedy import Remedy, can_runs_decide, remedy
from bench.evidence.rule import run_values
from bench.evidence.sequential import anytime_p_value
from bench.evidence.wording import notes, scope
from bench.stats.holm import holm

__all__ = ["Pair", "Section", "Standing", "Verdict", "beaten_models", "compare", "compare_each"]

# By what the level of a test of the same samples or data is divided where one looks after every run: by 2, and less or
# more on these bases. By simulation of up to 30 runs, see docs/calibration.md.
SHARED_LEVEL: Mapping[Basis, float] = {"seeds": 1, "splits": 4}
# Of a ratio, whose values may be skewed, which the test that holds at any time takes to be normal.
RATIO_LEVEL = 10
Verdict = Literal["different", "equivalent", "open"]
Standing = Literal["best", "distinguishable", "undecided"]


@dataclass(frozen=True)
class Pair:
    """Two models: a − b, its interval of 1 − level, and the verdict.

    low, high: of this pair alone, NaN where nothing varied. p_value: of no difference; p_adjusted: corrected for all
    pairs of the section. better: the better one of a pair that is different, else "". shared: runs both have.
    remedy: what would decide an open pair, None where it is decided or where runs of the better mean failed, which no
    number of others mends. can_runs_decide: is it open, and could more seeds, or splits where there are several, still
    decide it? note: runs that failed or are missing, and what follows.
    """

    a: str
    b: str
    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    verdict: Verdict
    better: str
    shared: int
    basis: Basis
    scope: str
    remedy: Remedy | None
    can_runs_decide: bool
    note: str


@dataclass(frozen=True)
class Section:
    """All pairs of the models of one section, and where each model stands against the best.

    standing: distinguishable: some model is better. Of the others, the tie group: best where only one is left or all
    are equivalent to each other; otherwise undecided. A model without a finite score stands nowhere. scope: what the
    verdicts speak of.
    """

    pairs: tuple[Pair, ...]
    standing: Mapping[str, Standing]
    scope: str
    level: float
    margin: float | None

    @property
    def tie_group(self) -> tuple[str, ...]:
        """Models that no other is better than, in the order given."""
        return tuple(model for model, standing in self.standing.items() if standing != "distinguishable")


@dataclass(frozen=True)
class _Tested:
    """A pair before the correction: p-value of no difference, and of one as large as the margin, where there is one."""

    a: str
    b: str
    found: Estimate
    p_value: float
    p_margin: float


def compare(
    observations: Observations, *, level: float = LEVEL, margin: float | None = None, is_sequential: bool = False
) -> Section:
    """Compare all pairs of models.

    margin: differences below it do not matter, in units of the score; without one no pair is equivalent. Two one-sided
    tests (Schuirmann, 1987) on the estimate that the interval is made of, corrected over pairs as well; a pair within
    the margin is equivalent even where its small difference is beyond doubt.
    is_sequential: were runs added until something was decided? Then a claim must also hold at any time over the runs.
    More of them are worth their time while `can_runs_decide` holds of a pair.
    Raises ValueError for a margin that is not positive.
    """
    pairs = compare_each(
        [(observations, a, b) for a, b in combinations(observations.models, 2)],
        level=level, margin=margin, is_sequential=is_sequential,
    )  # fmt: skip
    return Section(pairs, _standings(observations, pairs), _scope(pairs), level, margin)


def _scope(pairs: Sequence[Pair]) -> str:
    """Return what the pairs speak of, most of them first, and how many do where not all speak of the same."""
    found = Counter(pair.scope for pair in pairs).most_common()
    if len(found) == 1:
        return found[0][0]
    return " ".join(f"{scope.removesuffix('.')} ({count} of {len(pairs)} pairs)." for scope, count in found)


def compare_each(
    pairs: Sequence[Asked],
    *,
    level: float = LEVEL,
    margin: float | None = None,
    margins: Sequence[float | None] | None = None,
    is_sequential: bool = False,
) -> tuple[Pair, ...]:
    """Compare two models of each observations, a − b, corrected for the number of all these pairs.

    For questions that are no table of models: what a protocol varied, or what changed between two versions. margins:
    one for each pair in place of `margin`, where they are of several measures.
    Raises ValueError for a margin that is not positive.
    """
    given = [margin] * len(pairs) if margins is None else list(margins)
    if wrong := [each for each in (margin, *given) if each is not None and not each > 0]:
        raise ValueError(f"an equivalence margin is positive, got {wrong[0]}")
    tested = _tested(pairs, given, is_sequential)
    # A pair that nothing can be said of is no comparison that others must be corrected for.
    count = sum(pair.found.is_testable for pair in tested)
    differ = _corrected(tested, [pair.p_value for pair in tested])
    within = _corrected(tested, [None if each is None else p.p_margin for p, each in zip(tested, given, strict=True)])
    return tuple(
        _decide(observations, pair, p_adjusted, p_within, level, each, count)
        for (observations, _, _), pair, p_adjusted, p_within, each in zip(
            pairs, tested, differ, within, given, strict=True
        )
    )


def _tested(pairs: Sequence[Asked], margins: Sequence[float | None], is_sequential: bool) -> list[_Tested]:
    estimates = [
        _with_pseudo_samples(found, observations)
        for found, (observations, _, _) in zip(estimated_differences(pairs), pairs, strict=True)
    ]
    differ = p_values(estimates).tolist()
    beyond = p_values_of_margins(estimates, [each or 0.0 for each in margins]).tolist() if any(margins) else differ
    tested = [_Tested(a, b, *rest) for (_, a, b), *rest in zip(pairs, estimates, differ, beyond, strict=True)]
    if is_sequential:
        tested = [_at_any_time(*each) for each in zip(tested, pairs, margins, strict=True)]
    return tested


def _with_pseudo_samples(found: Estimate, observations: Observations) -> Estimate:
    """Return the estimate, of a difference that is the same on every sample with a standard error all the same."""
    width = observations.high - observations.low
    if found.samples > 1 and found.standard_error == 0 and math.isfinite(width):
        return replace(found, standard_error=with_pseudo_samples(found.value, found.samples, width))
    return found


def _at_any_time(tested: _Tested, asked: Asked, margin: float | None) -> _Tested:
    """Return the p-values that hold however often one looked."""
    found = tested.found
    if not found.is_testable or found.basis == "samples":
        return tested
    values = run_values(differences(*asked)[0])
    # The same test samples, or data, are tested again after every run: half of the level pays for that, or less.
    shared_level = RATIO_LEVEL if found.ratio is not None else SHARED_LEVEL.get(found.basis, 2)
    p_value, p_margin = max(tested.p_value * shared_level, anytime_p_value(values)), tested.p_margin
    if margin is not None:
        p_margin = max(p_margin * shared_level, anytime_p_value(values, margin), anytime_p_value(values, -margin))
    return replace(tested, p_value=p_value, p_margin=p_margin)


def _corrected(tested: list[_Tested], p_values: Sequence[float | None]) -> list[float]:
    """Return p-values corrected for the number of pairs that can be tested; 1 for those that cannot or have none."""
    asked = {
        place: p_value
        for place, (pair, p_value) in enumerate(zip(tested, p_values, strict=True))
        if pair.found.is_testable and p_value is not None
    }
    corrected = dict(zip(asked, holm(list(asked.values())), strict=True))
    return [corrected.get(place, 1.0) for place in range(len(tested))]


def _decide(
    observations: Observations,
    pair: _Tested,
    p_adjusted: float,
    p_within: float,
    level: float,
    margin: float | None,
    count: int,
) -> Pair:
    a, b, found, shared = pair.a, pair.b, pair.found, shared_runs(observations, pair.a, pair.b)
    (low, high), share = found.ends(level), level / max(1, count)
    failed = {model: observations.failures(model) for model in (a, b)}
    leader = _leader(pair, observations.higher)
    # Runs that ended are a choice in favour of a model of which others failed: they can only tell against it.
    is_barred = bool(failed.get(leader))
    verdict: Verdict = "open"
    better = ""
    if p_within <= level and not any(failed.values()):
        verdict = "equivalent"
    elif p_adjusted <= level and not is_barred:
        verdict, better = "different", leader
    return Pair(
        a, b, found.value, low, high, pair.p_value, p_adjusted, verdict, better,
        shared, found.basis, scope(found, is_cost=observations.is_cost),
        remedy(found, share) if verdict == "open" and not is_barred else None,
        # What is beyond doubt, and open for failed runs alone, stays open.
        verdict == "open" and p_adjusted > level and not all(failed.values())
        and can_runs_decide(found, share, None if any(failed.values()) else margin),
        notes(observations, a, b, shared),
    )  # fmt: skip


def _leader(pair: _Tested, higher: bool) -> str:
    """Return the model with the better mean, "" where neither has one."""
    if not abs(pair.found.value) > 0:
        return ""
    return pair.a if (pair.found.value > 0) == higher else pair.b


def beaten_models(models: Sequence[str], pairs: Iterable[tuple[str, str, str]]) -> set[str]:
    """Return the models that another one is better than; pairs: two models and the better one, "" where none is.

    Models can beat each other in a circle, in pairs that share different runs; then none is beyond the others.
    """
    beaten = {loser for a, b, better in pairs if better for loser in {a, b} - {better}}
    return beaten if set(models) - beaten else set()


def _standings(observations: Observations, pairs: tuple[Pair, ...]) -> dict[str, Standing]:
    scored = [model for model in observations.models if observations.finite(model)]
    beaten = beaten_models(scored, [(pair.a, pair.b, pair.better) for pair in pairs])
    group = [model for model in scored if model not in beaten]
    inside = [pair for pair in pairs if pair.a in group and pair.b in group]
    is_decided = all(pair.verdict == "equivalent" for pair in inside) and not any(map(observations.failures, group))
    of_group: Standing = "best" if is_decided else "undecided"
    return {model: "distinguishable" if model in beaten else of_group for model in scored}
