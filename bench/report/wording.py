"""Say in one sentence what a column allows to conclude, and how many runs stand behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from bench.report.levels import LEVEL
from bench.report.marks import Judgement
from bench.report.tree import Column
from bench.report.values import RowKey
from bench.specs import Value

__all__ = ["findings", "run_range", "variant_text"]

TESTS = {
    "seed": f"t test paired by seed, Holm-corrected, {LEVEL}",
    "run": f"t test paired by seed and split, Holm-corrected, {LEVEL}",
}
LIST_LIMIT = 5


def variant_text(variant: Mapping[str, Value]) -> str:
    """Return a variant as `training size = 100, noise = 0.2`."""
    return ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in variant.items())


def run_range(counts: Sequence[int], noun: str) -> str:
    """Return how many seeds, or runs, stand behind each model, e.g. `5 seeds each` or `1 to 5 seeds each`."""
    low, high = min(counts), max(counts)
    if low == high:
        return f"{low} {noun}{'s' if low != 1 else ''} each"
    return f"{low} to {high} {noun}s each"


def findings(
    column: Column, judged: Mapping[str, Judgement[RowKey]], left_out: Mapping[str, frozenset[RowKey]], noun: str
) -> Iterator[str]:
    """Yield the sentences for one column, each conclusion once.

    judged: by variant, as canonical text. left_out: by variant, the rows that failed runs kept from being judged.
    noun: what runs are counted as, see `repetition.noun`.
    """
    conclusions: dict[str, list[str]] = {}
    for variant, judgement in judged.items():
        conclusions.setdefault(_conclusion(judgement, left_out.get(variant, frozenset()), noun), []).append(
            variant_text(json.loads(variant))
        )
    for text, variants in conclusions.items():
        is_same = len(variants) > 1 and len(conclusions) == 1
        words = f"each of {len(variants)} variants" if is_same else "; ".join(filter(None, variants))
        where = ", ".join(word for word in (column.condition, words) if word)
        yield f"{column.measure.title}{f' ({where})' if where else ''}: {text}"


def _conclusion(judged: Judgement[RowKey], left_out: frozenset[RowKey], noun: str) -> str:
    without = f"left out for failed runs or missed targets: {_listed(left_out)}" if left_out else ""
    if judged.leader is None:
        start = "fewer than two models without failed runs or missed targets, so nothing is compared"
        return f"{start} ({without})." if without else f"{start}."
    runs = run_range(judged.counts, noun)
    behind = "; ".join(filter(None, (runs, TESTS[noun], without)))
    # A model that was left out may have the better mean over the seeds it has.
    mean = "best mean of those without failures" if left_out else "best mean"
    if not judged.worse and len(judged.open) == len(judged.counts) - 1:
        return f"too few shared {noun}s to decide anything ({'; '.join(filter(None, (runs, without)))})."
    if not judged.worse:
        return f"no model can be told apart from the {mean}, {judged.leader.label} ({behind})."
    text = f"{judged.leader.label} has the {mean} and can be told apart from {_listed(judged.worse)}"
    tied = judged.best - {judged.leader}
    if tied:
        text += f", but not from {_listed(tied)}"
    if judged.open:
        text += f"; {_listed(judged.open)} left undecided"
    return f"{text} ({behind})."


def _listed(keys: frozenset[RowKey]) -> str:
    labels = sorted(key.label for key in keys)
    if len(labels) > LIST_LIMIT:
        return f"{len(labels)} models"
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
