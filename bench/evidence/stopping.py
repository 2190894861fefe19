"""Say of a pair whether more runs are worth their time: the rule by which a search for a decision ends."""

from __future__ import annotations

from typing import Literal

from bench.evidence.compare import Pair
from bench.evidence.estimate import LEVEL
from bench.evidence.observations import Observations

__all__ = ["Outlook", "outlook"]

Outlook = Literal["different", "equivalent", "open", "beyond", "failed"]


def outlook(pair: Pair, observations: Observations, *, level: float = LEVEL) -> Outlook:
    """Return the verdict of a pair, or what is to be expected of one without.

    observations: those the pair was made of, compared with is_sequential. open: more runs may decide it. beyond: no
    number of runs can, only more test samples, or splits, or other data. failed: one of the two has no run that ended
    well, or it leads beyond doubt in spite of runs that failed, and so is never said to be better.
    """
    if pair.verdict != "open":
        return pair.verdict
    failures = {model: observations.failures(model) for model in (pair.a, pair.b)}
    if any(failed and not observations.finite(model) for model, failed in failures.items()):
        return "failed"
    if any(failures.values()) and pair.p_adjusted <= level:
        return "failed"
    return "open" if pair.can_runs_decide else "beyond"
