"""Collect the numbers of a section: one entry per column, row → repetition → value."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bench.record import RunRecord
from bench.report.conditions import Condition, Conditions
from bench.report.grouping import canonical
from bench.report.measures import RESOURCES, score_measure, score_scope
from bench.report.repetition import Repetition
from bench.report.tree import Measure

__all__ = ["FLOOR", "REFERENCE", "RowKey", "Values", "by_variant", "collect", "column_names", "row_key"]

# The score's detail under which a task writes what real data gets against real data; older records call it a floor.
REFERENCE, FLOOR = "reference", "floor"


class RowKey(NamedTuple):
    """What a row stands for: a label and, as canonical text, the variant."""

    label: str
    variant: str


def row_key(record: RunRecord) -> RowKey:
    """Return the row a record belongs to."""
    variant = record.run.variant
    return RowKey(record.run.label, canonical(variant) if variant else "{}")


@dataclass
class Values:
    """One column: its numbers by row and repetition, and the floors that were measured beside them."""

    measure: Measure
    condition: Condition
    numbers: dict[RowKey, dict[Repetition, float]] = field(default_factory=lambda: defaultdict(dict))
    floors: dict[RowKey, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def sign(self) -> float:
        """1 where higher is better, -1 where lower is."""
        return 1.0 if self.measure.better == "higher" else -1.0

    def finite(self, key: RowKey) -> dict[Repetition, float]:
        """Return a row's finite values by repetition."""
        return {each: value for each, value in self.numbers.get(key, {}).items() if math.isfinite(value)}

    def infinite(self, key: RowKey) -> int:
        """Return how many of a row's values are infinitely bad; one that is infinitely good is no number at all."""
        return sum(value == -self.sign * math.inf for value in self.numbers.get(key, {}).values())


def collect(records: Sequence[RunRecord], main: str) -> list[Values]:
    """Return the columns that have a number: the main score, the others as they were recorded, then resources."""
    return [*_scores(records, main), *_resources(records)]


def _scores(records: Sequence[RunRecord], main: str) -> list[Values]:
    unstable = _unstable_details(records)
    found: dict[tuple[Measure, Condition], Values] = {}
    order: dict[str, int] = {}
    for record in records:
        key = row_key(record)
        for score in record.scores:
            condition = Condition.of(record, score_scope(record, score))
            order.setdefault(score.name, len(order))
            measure = _without(score_measure(score), unstable[score.name])
            values = found.setdefault((measure, condition), Values(measure, condition))
            values.numbers[key][Repetition.of(record)] = score.value
            floor = score.detail.get(REFERENCE, score.detail.get(FLOOR))
            if isinstance(floor, float) and math.isfinite(floor):
                values.floors[key].append(floor)

    def place(values: Values) -> tuple[bool, int, Condition]:
        return values.measure.name != main, order[values.measure.name], values.condition

    return sorted(found.values(), key=place)


def _resources(records: Sequence[RunRecord]) -> Iterable[Values]:
    conditions = {
        scope: [Condition.of(record, scope) for record in records] for scope in ("model", "device", "machine")
    }
    keys = [row_key(record) for record in records]
    for resource in RESOURCES:
        found: dict[Condition, Values] = {}
        for key, condition, record in zip(keys, conditions[resource.scope], records, strict=True):
            number = resource.read(record)
            if number is not None:
                values = found.get(condition) or found.setdefault(condition, Values(resource.measure, condition))
                values.numbers[key][Repetition.of(record)] = float(number)
        yield from (found[condition] for condition in sorted(found))


def _unstable_details(records: Sequence[RunRecord]) -> dict[str, frozenset[str]]:
    """Find details that vary between seeds of one cell: outcomes, not settings, so they split no column.

    What varies from machine to machine only, such as the judge that each trained for itself, is a setting.
    """
    seen: dict[str, dict[tuple[RowKey, str, str, str], set[object]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        for score in record.scores:
            for name, value in score.detail.items():
                seen[score.name][row_key(record), record.run.device, record.environment_id, name].add(value)
    return defaultdict(
        frozenset,
        {
            score: frozenset(name for (*_, name), values in details.items() if len(values) > 1)
            for score, details in seen.items()
        },
    )


def _without(measure: Measure, names: frozenset[str]) -> Measure:
    if not names:
        return measure
    return replace(measure, detail=tuple(item for item in measure.detail if item[0] not in names))


def column_names(columns: Sequence[Values], conditions: Conditions) -> list[str]:
    """Return the condition of every column in words, with a metric's settings where they tell two columns apart."""
    details: dict[str, set[tuple[tuple[str, object], ...]]] = defaultdict(set)
    for values in columns:
        details[values.measure.name].add(values.measure.detail)
    return [_column_name(values, conditions, details[values.measure.name]) for values in columns]


def _column_name(values: Values, conditions: Conditions, details: set[tuple[tuple[str, object], ...]]) -> str:
    words = [conditions.name(values.condition)]
    if len(details) > 1:
        shared = set.intersection(*(set(detail) for detail in details))
        words += [f"{name} {value}" for name, value in values.measure.detail if (name, value) not in shared]
    return ", ".join(word for word in words if word)


def by_variant(values: Values, keys: Iterable[RowKey]) -> Mapping[str, dict[RowKey, dict[Repetition, float]]]:
    """Return the rows that compete with each other: those of one variant, with their finite values."""
    found: dict[str, dict[RowKey, dict[Repetition, float]]] = defaultdict(dict)
    for key in keys:
        numbers = values.finite(key)
        if numbers:
            found[key.variant][key] = numbers
    return found
