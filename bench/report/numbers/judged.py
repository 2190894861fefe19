"""Give the numbers of one section to the evidence, variable by variable and variant by variant."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bench.evidence import (
    FAILED,
    Observations,
    RunKey,
    SampleScores,
    ScoreInterval,
    compare,
    default_margin,
    observe,
    repeated,
    score_intervals,
)
from bench.evidence import Section as Compared
from bench.record import RunRecord
from bench.report.numbers.conditions import EVERYWHERE
from bench.report.numbers.values import Values, row_key
from bench.report.section import Measure, Variable

__all__ = ["MEMORY_RESOLUTION_MB", "Judge", "Judged", "Rules"]

# Below a megabyte the high-water mark shows the allocator's pages, not the model.
MEMORY_RESOLUTION_MB = 1.0


@dataclass(frozen=True)
class Judged:
    """The rows of one variant under one variable: their observations, and how they compare."""

    observations: Observations
    compared: Compared | None

    @cached_property
    def intervals(self) -> dict[str, ScoreInterval]:
        """The interval of every model's mean."""
        return score_intervals(self.observations)


@dataclass(frozen=True)
class Rules:
    """What a reader or a suite asks of comparisons.

    margin: of equivalence, in the main score's unit; by default one hundredth of what a score can span. is_sequential:
    were seeds added until something was decided? Then verdicts on scores must hold however often one looked.
    """

    margin: float | None = None
    is_sequential: bool = False


class Judge:
    """Gives the numbers of each variable to the evidence, variant by variant."""

    def __init__(self, records: Sequence[RunRecord], samples: SampleScores | None, main: str, rules: Rules) -> None:
        self._samples, self._main, self._rules = samples, main, rules
        self._records: dict[str, list[RunRecord]] = defaultdict(list)
        self._failed: dict[str, list[RunRecord]] = defaultdict(list)
        for record in records:
            variant = row_key(record).variant
            self._records[variant].append(record)
            if record.status in FAILED:
                self._failed[variant].append(record)

    def of(self, variable: Variable, values: Values) -> dict[str, Judged]:
        """Return the comparison of the models under each variant of the protocol."""
        if variable.measure.kind == "size":
            return {}
        return {
            variant: self._judged(variable, values, variant) for variant in {key.variant: 0 for key in values.numbers}
        }

    def _judged(self, variable: Variable, values: Values, variant: str) -> Judged:
        measure = variable.measure
        observed = self._observed(variable, values, variant)
        # Of the costs that a page shows on demand nobody asks which is the best.
        is_asked = measure.kind == "score" or measure.is_shown
        if not (measure.better and is_asked) or len(observed.models) < 2:
            return Judged(observed, None)
        is_score = measure.kind == "score"
        margin = default_margin(observed.low, observed.high) if is_score else None
        if measure.name == self._main and self._rules.margin:
            margin = self._rules.margin
        is_sequential = is_score and self._rules.is_sequential
        return Judged(observed, compare(observed, margin=margin, is_sequential=is_sequential))

    def _observed(self, variable: Variable, values: Values, variant: str) -> Observations:
        measure, condition = variable.measure, variable.condition
        if measure.kind == "score" and not _is_time(measure):
            kept = [
                record
                for record in self._records[variant]
                if (not record.is_ok or id(record) in values.members)
                and (condition == EVERYWHERE or condition.holds(record))
            ]
            return observe(kept, measure.name, self._samples)
        least = MEMORY_RESOLUTION_MB if measure.kind == "memory" else -math.inf
        numbers = {
            key.label: [max(value, least) for _, value in sorted(each.items())]
            for key, each in values.numbers.items()
            if key.variant == variant
        }
        found = repeated(numbers, higher=measure.better == "higher")
        failed: dict[str, list[RunKey]] = defaultdict(list)
        for number, record in enumerate(self._failed[variant]):
            if record.run.label in numbers and condition.holds(record):
                failed[record.run.label].append(RunKey(-1 - number))
        return replace(found, failed={label: frozenset(keys) for label, keys in failed.items()})


def _is_time(measure: Measure) -> bool:
    return measure.unit == "s"
