"""Say in one sentence what a column allows to conclude, and how many runs stand behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.report.marks import Judgement
from bench.report.tree import Column
from bench.report.values import RowKey
from bench.specs import Value

__all__ = ["finding", "seed_range", "variant_text"]

TEST = "t test paired by seed, Holm-corrected, 5 % level"
LIST_LIMIT = 5


def variant_text(variant: Mapping[str, Value]) -> str:
    """Return a variant as `training size = 100, noise = 0.2`."""
    return ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in variant.items())


def seed_range(counts: Sequence[int]) -> str:
    """Return how many seeds stand behind each model, e.g. `5 seeds each` or `1 to 5 seeds each`."""
    low, high = min(counts), max(counts)
    if low == high:
        return f"{low} seed{'s' if low != 1 else ''} each"
    return f"{low} to {high} seeds each"


def finding(column: Column, variant: Mapping[str, Value], judged: Judgement[RowKey]) -> str:
    """Return the sentence for one column and variant."""
    where = ", ".join(word for word in (column.condition, variant_text(variant)) if word)
    return f"{column.measure.title}{f' ({where})' if where else ''}: {_conclusion(judged)}"


def _conclusion(judged: Judgement[RowKey]) -> str:
    if judged.leader is None:
        return "fewer than two models without failed runs or missed targets, so nothing is compared."
    seeds = seed_range(judged.seed_counts)
    if not judged.worse and len(judged.open) == len(judged.seed_counts) - 1:
        return f"too few shared seeds to decide anything ({seeds})."
    if not judged.worse:
        return f"no model can be told apart from the best mean, {judged.leader.label} ({seeds}; {TEST})."
    text = f"{judged.leader.label} has the best mean and can be told apart from {_listed(judged.worse)}"
    tied = judged.best - {judged.leader}
    if tied:
        text += f", but not from {_listed(tied)}"
    if judged.open:
        text += f"; {_listed(judged.open)} left undecided"
    return f"{text} ({seeds}; {TEST})."


def _listed(keys: frozenset[RowKey]) -> str:
    labels = sorted(key.label for key in keys)
    if len(labels) > LIST_LIMIT:
        return f"{len(labels)} models"
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
