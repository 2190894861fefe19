"""Collect the numbers of a section: one entry per column, row → repetition → value."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import NamedTuple

from bench.record import RunRecord, Score
from bench.report.numbers.conditions import EVERYWHERE, Condition, Conditions, Repetition
from bench.report.numbers.grouping import canonical
from bench.report.numbers.measures import RESOURCES, score_measure, score_scope, shown_scores
from bench.report.section import Measure
from bench.specs import Value

__all__ = ["RowKey", "Values", "by_size", "collect", "column_words", "mean", "row_key"]

# Under these a task writes what real data get against real data; the last is what older records have.
REFERENCE, REFERENCE_ENDS, OLD_REFERENCE = "reference", ("reference_low", "reference_high"), "floor"


class RowKey(NamedTuple):
    """What a row stands for: a label and, as canonical text, the variant."""

    label: str
    variant: str


def mean(values: Iterable[float]) -> float:
    """Return the mean, NaN of +∞ and −∞ together, and whatever the numbers' size."""
    listed = list(values)
    if len(listed) == 1:
        return listed[0] + 0.0  # never minus nothing, as of several
    try:
        return fmean(listed)
    except (OverflowError, ValueError):
        return sum(value / len(listed) for value in listed)


def row_key(record: RunRecord) -> RowKey:
    """Return the row a record belongs to."""
    variant = record.run.variant
    return RowKey(record.run.label, canonical(variant) if variant else "{}")


def by_size(variant: str) -> list[tuple[bool, float, str]]:
    """Order variants by number where they are numbers, so that 1000 comes after 200."""
    values = json.loads(variant).values()
    return [(isinstance(value, str), 0.0 if isinstance(value, str) else float(value), str(value)) for value in values]


@dataclass
class Values:
    """One column: its numbers by row and repetition, and the references that were measured beside them.

    members: the identities of the record objects that have a score of this column.
    """

    measure: Measure
    condition: Condition
    numbers: dict[RowKey, dict[Repetition, float]] = field(default_factory=lambda: defaultdict(dict))
    references: dict[RowKey, list[tuple[float, ...]]] = field(default_factory=lambda: defaultdict(list))
    members: set[int] = field(default_factory=set)

    @property
    def worst(self) -> float:
        """What an infinitely bad value is; one that is infinitely good is no number at all."""
        return -math.inf if self.measure.better == "higher" else math.inf

    def finite(self, key: RowKey) -> dict[Repetition, float]:
        """Return the values of a row that are finite, by repetition."""
        return {each: value for each, value in self.numbers.get(key, {}).items() if math.isfinite(value)}

    def infinite(self, key: RowKey) -> int:
        """Count the values of a row that are infinitely bad."""
        return list(self.numbers.get(key, {}).values()).count(self.worst)


def collect(records: Sequence[RunRecord], main: str) -> list[Values]:
    """Return the columns that have a number: the main score, the others as they were recorded, then resources."""
    return [*_scores(records, main), *_resources(records)]


def _scores(records: Sequence[RunRecord], main: str) -> list[Values]:
    unstable = _unstable_details(records)
    found: dict[tuple[Measure, Condition], Values] = {}
    several: dict[tuple[Measure, Condition], dict[RowKey, dict[Repetition, list[float]]]] = {}
    order: dict[str, int] = {}
    # The column of all scores that say the same of themselves is looked up once: there may be a hundred thousand.
    columns: dict[tuple[object, ...], tuple[Values, dict[RowKey, dict[Repetition, list[float]]]]] = {}
    for record in records:
        key, repetition, timed = row_key(record), Repetition.of(record), Condition.of(record, "machine")
        # Of several scores of one name the first counts, as in `bench.evidence`.
        for score in _once_each(record):
            condition = timed if score_scope(record, score) == "machine" else EVERYWHERE
            same = (score.name, score.title, score.unit, score.higher_is_better, score.low, score.high)
            known = (condition, *same, *score.detail.items())
            if known not in columns:
                order.setdefault(score.name, len(order))
                place = _without(score_measure(score), unstable[score.name]), condition
                if place not in found:
                    found[place], several[place] = Values(*place), defaultdict(lambda: defaultdict(list))
                columns[known] = found[place], several[place]
            values, rows = columns[known]
            values.members.add(id(record))
            rows[key][repetition].append(score.value)
            if score.detail and (reference := _reference(score.detail)):
                values.references[key].append(reference)
    for place, rows in several.items():
        for key, repetitions in rows.items():
            # A score is one score on every device: runs of one seed and split on several of them are averaged.
            found[place].numbers[key] = {each: mean(scores) for each, scores in repetitions.items()}
    shown = shown_scores(order, main)
    for values in found.values():
        values.measure = replace(values.measure, is_shown=values.measure.name in shown)
    return sorted(found.values(), key=lambda values: (values.measure.name != main, order[values.measure.name]))


def _once_each(record: RunRecord) -> Iterable[Score]:
    found: dict[str, Score] = {}
    for score in record.scores:
        found.setdefault(score.name, score)
    return found.values()


def _reference(detail: Mapping[str, Value]) -> tuple[float, ...]:
    names = (REFERENCE, *REFERENCE_ENDS) if REFERENCE in detail else (OLD_REFERENCE,)
    values = [detail[name] for name in names if isinstance(detail.get(name), float)]
    return tuple(float(value) for value in values if math.isfinite(float(value)))


def _resources(records: Sequence[RunRecord]) -> Iterable[Values]:
    parts: dict[str, dict[Condition, list[tuple[RowKey, Repetition, RunRecord]]]] = {}
    for scope in ("model", "machine"):
        parts[scope] = defaultdict(list)
        for record in records:
            parts[scope][Condition.of(record, scope)].append((row_key(record), Repetition.of(record), record))
    for resource in RESOURCES:
        for condition, runs in sorted(parts[resource.scope].items(), key=lambda item: item[0]):
            found = Values(resource.measure, condition)
            for key, repetition, record in runs:
                number = resource.read(record)
                if number is not None:
                    found.numbers[key][repetition] = float(number)
            if found.numbers:
                yield found


def _unstable_details(records: Sequence[RunRecord]) -> dict[str, frozenset[str]]:
    """Find details that vary between runs of one cell: outcomes, not settings, so they split no column.

    What varies from machine to machine only, such as the judge that each trained for itself, is a setting.
    """
    seen: dict[str, dict[tuple[RowKey, str, str, str], set[object]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        if not any(score.detail for score in record.scores):
            continue
        key = row_key(record)
        for score in record.scores:
            for name, value in score.detail.items():
                seen[score.name][key, record.run.device, record.environment_id, name].add(value)
    return defaultdict(
        frozenset,
        {
            score: frozenset(name for (*_, name), values in details.items() if len(values) > 1)
            for score, details in seen.items()
        },
    )


def _without(measure: Measure, names: frozenset[str]) -> Measure:
    return replace(measure, detail=tuple(item for item in measure.detail if item[0] not in names)) if names else measure


def column_words(columns: Sequence[Values], conditions: Conditions) -> Iterator[str]:
    """Yield the condition of every column in words, with a metric's settings where they tell two columns apart."""
    details: dict[str, set[tuple[tuple[str, object], ...]]] = defaultdict(set)
    for values in columns:
        details[values.measure.name].add(values.measure.detail)
    for values in columns:
        words = [conditions.name(values.condition)]
        known = details[values.measure.name]
        if len(known) > 1:
            shared = set.intersection(*(set(detail) for detail in known))
            words += [f"{name} {value}" for name, value in values.measure.detail if (name, value) not in shared]
        yield ", ".join(word for word in words if word)
