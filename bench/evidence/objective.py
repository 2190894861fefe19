"""Say which score is the main one: the only place that decides it, for reports, comparisons and searches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from bench.record import RunRecord, Score

__all__ = ["is_clocked", "is_target", "main_score", "objective"]


def is_clocked(score: Score) -> bool:
    """Is this score a time, which compares only on one machine, as a clock does?"""
    return score.unit == "s"


def is_target(score: Score) -> bool:
    """Is this the time to a target, so that its infinite value is one that was missed?"""
    return "is_reached" in score.detail


def main_score(records: Iterable[RunRecord]) -> str:
    """Return the name of the score that runs are ordered, judged and drawn by, "" where they have none.

    Runs that were made to reach a target are about the time to it; all others about their task's objective.
    """
    listed = list(records)
    targets = (score.name for record in listed for score in record.scores if is_target(score))
    return next(targets, "") or objective(listed)


def objective(records: Iterable[RunRecord]) -> str:
    """Return the name of the objective of the runs' task, "" where it has none.

    Where runs of several versions name several, it is the one that most of them name.
    """
    listed = list(records)
    stored = Counter(record.objective for record in listed if record.objective)
    return _commonest(stored) or _objective_of_before(listed)


def _objective_of_before(records: Iterable[RunRecord]) -> str:
    """Return the objective of records that were written before it was stored.

    What a score names as its objective counts first, then what training watched first, and at last, for models that
    are fitted as a whole, the first score. Records that keep their answers are younger: their task has no objective.
    """
    older = [record for record in records if record.scores and not record.truth]
    details = [score.detail for each in older for score in each.scores]
    named = Counter(str(detail["objective"]) for detail in details if "objective" in detail)
    watched = Counter(name for each in older for name in _watched(each))
    first = (score.name for each in older for score in each.scores if not is_clocked(score))
    return _commonest(named) or _commonest(watched) or next(first, "")


def _watched(record: RunRecord) -> Iterator[str]:
    """Yield the first name that validation gave a number for, provided that the test part has it too."""
    scored = {score.name for score in record.scores}
    names = (name for point in record.curve[:1] for name in point.validation if name in scored)
    yield from islice(names, 1)


def _commonest(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0] if counts else ""
