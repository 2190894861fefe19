"""Paired effects of what a protocol varies, corrected for their number and put into one sentence."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.record import RunRecord
from bench.report.levels import ALPHA, LEVEL
from bench.report.marks import paired
from bench.report.measures import score_measure
from bench.report.repetition import Repetition
from bench.report.section_data import SectionData
from bench.report.tree import Cell, Column, Measure
from bench.report.values import RowKey, row_key
from bench.specs import Value
from bench.stats import Comparison, holm, mean_interval

__all__ = ["WALL_TIME", "Effect", "Seeds", "cell", "effects", "main_values", "sentence"]

# What comes before the final training has no clock that stops for its looks, as a training has.
WALL_TIME = "wall time, set-up and looks at the validation part included"
# So many effects within noise are told together.
MANY = 5
TEST = f"paired by seed and split, t test, Holm-corrected, {LEVEL}"


@dataclass(frozen=True)
class Seeds:
    """A row's finite values by repetition; lost: its runs that failed or have no finite value."""

    values: Mapping[Repetition, float]
    lost: int = 0


@dataclass(frozen=True)
class Effect:
    """A paired difference with its name; `is_real` says that it is more than noise after the correction.

    lost: runs of either side without a value; then only the lucky seeds are paired, and nothing is real.
    """

    name: str
    test: Comparison
    is_real: bool
    lost: int = 0

    @property
    def is_within_noise(self) -> bool:
        """Was it tested and found to be no more than noise?"""
        test = self.test
        differs = bool(test.difference or test.low or test.high)
        return test.can_decide and differs and not self.lost and not self.is_real

    @property
    def sign(self) -> int:
        """1 or -1 where the difference is more than noise, else 0."""
        return int(math.copysign(1, self.test.difference)) if self.is_real else 0

    def __str__(self) -> str:
        test = self.test
        lost = f", not judged: {self.lost} run{'s' if self.lost > 1 else ''} without a value" if self.lost else ""
        if not test.count:
            return f"{self.name}: no pairs{lost}"
        if not test.can_decide:
            return f"{self.name}: {test.difference:+.3g} (one pair{lost or ', undecided'})"
        if not (test.difference or test.low or test.high):
            return f"{self.name}: no difference{lost}"
        told = lost or ("" if self.is_real else ", within noise")
        return f"{self.name}: {test.difference:+.3g} ({test.low:+.3g} to {test.high:+.3g}{told})"


def main_values(
    section: SectionData, column: Column, records: Iterable[RunRecord] | None = None
) -> dict[str, list[tuple[Mapping[str, Value], Seeds]]]:
    """Return the column's values under its condition: label → variants with values by repetition, in the table's order.

    A variant all of whose runs failed is there, too. records: what to read, failed ones included, in place of the
    section's own.
    """
    found: dict[RowKey, dict[Repetition, float]] = defaultdict(dict)
    lost: Counter[RowKey] = Counter()
    for record in (*section.records, *section.failed) if records is None else records:
        value = _value(record, column.measure) if record.is_ok else math.nan
        if not section.conditions[column.key].holds(record) or value is None:
            continue
        if math.isfinite(value):
            found[row_key(record)][Repetition.of(record)] = value
        else:
            lost[row_key(record)] += 1
    labels: dict[str, list[tuple[Mapping[str, Value], Seeds]]] = {label: [] for label in section.families}
    for key in {**found, **lost}:
        labels.setdefault(key.label, []).append((json.loads(key.variant), Seeds(found.get(key, {}), lost[key])))
    return {label: variants for label, variants in labels.items() if variants}


def _value(record: RunRecord, measure: Measure) -> float | None:
    """Return a record's score, None where it was measured with other settings than the column's."""
    for score in record.scores:
        if score.name == measure.name and {*measure.detail} <= {*score_measure(score).detail}:
            return score.value
    return None


def effects(pairs: Sequence[tuple[str, Seeds, Seeds]]) -> list[Effect]:
    """Test each (name, from, to) and correct for their number; differences are to − from.

    A side some of whose runs failed has only its lucky seeds left, so that its effect is told but not tested.
    """
    tests = [paired(to.values, start.values, is_score=True) for _, start, to in pairs]
    lost = [start.lost + to.lost for _, start, to in pairs]
    decided = [number for number, test in enumerate(tests) if test.can_decide and not lost[number]]
    adjusted = dict(zip(decided, holm([tests[number].p_value for number in decided]), strict=True)) if decided else {}
    return [
        Effect(name, test, adjusted.get(number, 1.0) < ALPHA, lost[number])
        for number, ((name, _, _), test) in enumerate(zip(pairs, tests, strict=True))
    ]


def sentence(start: str, found: Sequence[Effect]) -> str:
    """Return `start: a +0.1 (…); b …` with the number of pairs and the test behind it.

    Where many are within noise, they are told by the least and the greatest; the means of all are in the table.
    """
    counts = sorted({effect.test.count for effect in found})
    pairs = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    quiet = sorted((each for each in found if each.is_within_noise), key=lambda each: each.test.difference)
    if len(quiet) < MANY:
        told = [str(each) for each in found]
    else:
        told = [str(each) for each in found if each not in quiet]
        told.append(f"{len(quiet)} of {len(found)} within noise, from {_bare(quiet[0])} up to {_bare(quiet[-1])}")
    return f"{start}: {'; '.join(told)} ({pairs} pairs each; {TEST})."


def _bare(effect: Effect) -> str:
    test = effect.test
    return f"{effect.name}: {test.difference:+.3g} ({test.low:+.3g} to {test.high:+.3g})"


def cell(values: Sequence[float], lost: int = 0) -> Cell:
    """Return the mean of finite values with its interval; lost: runs that have none."""
    interval = mean_interval(values) if len(values) > 1 else None
    return Cell(
        mean=fmean(values),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        count=len(values),
        run_count=len(values),
        tried=len(values) + lost,
    )
