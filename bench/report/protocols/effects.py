"""Paired effects of what a protocol varies, corrected for their number and put into one sentence."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.record import RunRecord
from bench.report.marks import ALPHA, paired
from bench.report.material import Material
from bench.report.tree import Cell, Column
from bench.report.values import RowKey, row_key
from bench.specs import Value
from bench.stats import Comparison, holm, mean_interval

__all__ = ["Effect", "cell", "effects", "main_values", "sentence"]

Seeds = Mapping[int, float]
TEST = "paired by seed, t test, Holm-corrected, 5 % level"


@dataclass(frozen=True)
class Effect:
    """A paired difference with its name; `is_real` says that it is more than noise after the correction."""

    name: str
    test: Comparison
    is_real: bool

    @property
    def sign(self) -> int:
        """1 or -1 where the difference is more than noise, else 0."""
        return int(math.copysign(1, self.test.difference)) if self.is_real else 0

    def __str__(self) -> str:
        test = self.test
        if not test.count:
            return f"{self.name}: no pairs"
        if not test.can_decide:
            return f"{self.name}: {test.difference:+.3g} (one pair, undecided)"
        if not (test.difference or test.low or test.high):
            return f"{self.name}: no difference"
        told = "" if self.is_real else ", within noise"
        return f"{self.name}: {test.difference:+.3g} ({test.low:+.3g} to {test.high:+.3g}{told})"


def main_values(
    material: Material, column: Column, records: Iterable[RunRecord] | None = None
) -> dict[str, list[tuple[Mapping[str, Value], dict[int, float]]]]:
    """Return the column's finite values on its device: label → variants with values by seed, in the table's order."""
    found: dict[RowKey, dict[int, float]] = defaultdict(dict)
    for record in material.records if records is None else records:
        value = record.score(column.measure.name)
        if record.run.device == column.device and value is not None and math.isfinite(value):
            found[row_key(record)][record.run.seed] = value
    labels: dict[str, list[tuple[Mapping[str, Value], dict[int, float]]]] = {label: [] for label in material.families}
    for (label, variant), seeds in found.items():
        labels.setdefault(label, []).append((json.loads(variant), seeds))
    return {label: variants for label, variants in labels.items() if variants}


def effects(pairs: Sequence[tuple[str, Seeds, Seeds]]) -> list[Effect]:
    """Test each (name, from, to) and correct for their number; differences are to − from."""
    tests = [paired(to, start, is_score=True) for _, start, to in pairs]
    decided = [number for number, test in enumerate(tests) if test.can_decide]
    adjusted = dict(zip(decided, holm([tests[number].p_value for number in decided]), strict=True)) if decided else {}
    return [
        Effect(name, test, adjusted.get(number, 1.0) < ALPHA)
        for number, ((name, _, _), test) in enumerate(zip(pairs, tests, strict=True))
    ]


def sentence(start: str, found: Sequence[Effect]) -> str:
    """Return `start: a +0.1 (…); b …` with the number of pairs and the test behind it."""
    counts = sorted({effect.test.count for effect in found})
    pairs = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{start}: {'; '.join(map(str, found))} ({pairs} pairs each; {TEST})."


def cell(values: Sequence[float]) -> Cell:
    """Return the mean of finite values with its interval."""
    interval = mean_interval(values) if len(values) > 1 else None
    return Cell(
        mean=fmean(values),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        count=len(values),
        run_count=len(values),
    )
