"""Turn the records of one group into the columns, rows and findings of its table."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from statistics import fmean

from bench.record import RunRecord
from bench.report.conditions import Condition, Conditions
from bench.report.failures import is_inapplicable
from bench.report.families import family_place
from bench.report.marks import Judgement, judge
from bench.report.repetition import Repetition, noun, split_count
from bench.report.tree import Cell, Column, Row
from bench.report.values import RowKey, Values, by_variant, collect, column_names, row_key
from bench.report.wording import findings
from bench.specs import Value
from bench.stats import mean_interval

__all__ = ["MEMORY_RESOLUTION_MB", "Table", "by_size"]

# Below a megabyte the high-water mark shows the allocator's pages, not the model.
MEMORY_RESOLUTION_MB = 1.0
# Stands for a hyperparameter that a search chose anew in every run.
SEARCHED = "searched"


class Table:
    """The values of one section by column and row, with what they allow to say."""

    def __init__(self, records: Sequence[RunRecord], machine_names: Mapping[str, str], main: str) -> None:
        self._main = main
        self._records: dict[RowKey, list[RunRecord]] = defaultdict(list)
        for record in records:
            self._records[row_key(record)].append(record)
        # A model that does not apply here has a row that says so, and nothing else is made of it.
        self._runs = {key: [run for run in runs if not is_inapplicable(run)] for key, runs in self._records.items()}
        applicable = [record for record in records if not is_inapplicable(record)]
        self.values = collect([record for record in records if record.is_ok], main)
        names = column_names(self.values, Conditions(applicable, machine_names))
        self.columns = tuple(
            Column(f"{values.measure.name}#{number}", values.measure, name, values.condition.device or "")
            for number, (values, name) in enumerate(zip(self.values, names, strict=True))
        )
        self.conditions = {
            column.key: values.condition for column, values in zip(self.columns, self.values, strict=True)
        }
        self._judgements = [self._judge(values) for values in self.values]

    def rows(self) -> tuple[Row, ...]:
        """Return the rows: by family, the best of the main score first, variants of one model together."""
        places = self._places()
        keys = sorted(self._records, key=lambda key: (*places[key.label], key.label, by_size(key.variant)))
        return tuple(self._row(key) for key in keys)

    @property
    def _noun(self) -> str:
        return noun(Repetition.of(run) for runs in self._runs.values() for run in runs)

    def findings(self) -> tuple[str, ...]:
        """Say, for the main score, what can and what cannot be told apart."""
        return tuple(
            sentence
            for column, values, judgements in zip(self.columns, self.values, self._judgements, strict=True)
            if self._is_main(column)
            for sentence in findings(column, judgements, self._left_out(values), self._noun)
        )

    def cell(self, key: RowKey, number: int) -> Cell | None:
        """Return one cell of the column with that number, None where the row has no finite value there."""
        values = self.values[number]
        numbers, infinite = list(values.finite(key).values()), values.infinite(key)
        if not numbers and not infinite:
            return None
        has_interval = len(numbers) > 1 and not infinite and values.measure.kind != "size"
        interval = mean_interval(numbers) if has_interval else None
        floors = values.floors.get(key)
        judged = self._judgements[number].get(key.variant)
        return Cell(
            mean=fmean(numbers) if numbers else -values.sign * math.inf,
            low=None if interval is None else interval.low,
            high=None if interval is None else interval.high,
            count=len(numbers),
            run_count=self._ok_count(key, values.condition),
            floor=fmean(floors) if floors else None,
            is_best=judged is not None and key in judged.best,
            infinite=infinite,
            tried=self._tried(key, values),
        )

    def _row(self, key: RowKey) -> Row:
        runs = self._records[key]
        run = runs[-1].run
        good = {Repetition.of(record) for record in runs if record.is_ok}
        cells = {column.key: self.cell(key, number) for number, column in enumerate(self.columns)}
        return Row(
            label=run.label,
            family=run.family,
            variant=run.variant,
            hyperparameters=_hyperparameters(runs),
            outcomes=dict(Counter(record.status for record in runs)),
            seed_count=len({each.seed for each in good}),
            split_count=split_count(good),
            good_count=len(good),
            cells={name: cell for name, cell in cells.items() if cell is not None},
            tried={device: len(each) for device, each in _by_device(self._runs[key]).items()},
        )

    def _ok_count(self, key: RowKey, condition: Condition) -> int:
        # A section may hold a run on several devices or with several threads, but a cell has one value for each.
        return len({Repetition.of(run) for run in self._runs[key] if run.is_ok and condition.holds(run)})

    def _tried(self, key: RowKey, values: Values) -> int:
        """Count the runs that have a value, be it no number, and those that failed under the column's condition."""
        condition = values.condition
        failed = {Repetition.of(run) for run in self._runs[key] if not run.is_ok and condition.holds(run)}
        return len({*values.numbers.get(key, {}), *failed})

    def _judge(self, values: Values) -> dict[str, Judgement[RowKey]]:
        """Judge a column, each variant for itself. A model some of whose runs failed, or missed their target, has
        only its lucky seeds left in the mean, and cannot be called the best.
        """
        if not values.measure.better:
            return {}
        sound = [key for key in self._records if self._is_sound(key, values)]
        floor = MEMORY_RESOLUTION_MB if values.measure.kind == "memory" else -math.inf
        return {
            variant: judge(
                {key: {each: max(value, floor) for each, value in numbers.items()} for key, numbers in rows.items()},
                higher_is_better=values.measure.better == "higher",
                is_score=values.measure.kind == "score" and values.measure.unit != "s",
            )
            for variant, rows in by_variant(values, sound).items()
        }

    def _is_sound(self, key: RowKey, values: Values) -> bool:
        return all(run.is_ok for run in self._on_device(key, values)) and not values.infinite(key)

    def _left_out(self, values: Values) -> Mapping[str, frozenset[RowKey]]:
        """Return, by variant, the rows that were tried but not judged; one that was only skipped was never tried."""
        found: dict[str, set[RowKey]] = defaultdict(set)
        for key in self._records:
            was_tried = any(run.status != "skipped" for run in self._on_device(key, values))
            if was_tried and not self._is_sound(key, values):
                found[key.variant].add(key)
        return {variant: frozenset(keys) for variant, keys in found.items()}

    def _on_device(self, key: RowKey, values: Values) -> list[RunRecord]:
        device = values.condition.device
        return [run for run in self._runs[key] if device in (None, run.run.device)]

    def _is_main(self, column: Column) -> bool:
        return column.measure.kind == "score" and column.measure.name == self._main

    def _places(self) -> dict[str, tuple[int, int, float]]:
        """Return where each label stands: its family, then its misses, then its best mean of the main score."""
        best: dict[str, float] = {}
        misses: Counter[str] = Counter()
        mains = (values for values, column in zip(self.values, self.columns, strict=True) if self._is_main(column))
        for values in islice(mains, 1):
            for key in values.numbers:
                numbers = [values.sign * value for value in values.finite(key).values()]
                best[key.label] = max([best.get(key.label, -math.inf), *([fmean(numbers)] if numbers else [])])
                misses[key.label] += values.infinite(key)
        families = {key.label: family_place(runs[0].run.family) for key, runs in self._records.items()}
        return {label: (family, misses[label], -best.get(label, -math.inf)) for label, family in families.items()}


def _hyperparameters(runs: Sequence[RunRecord]) -> dict[str, Value]:
    """Return what the model was trained with: "searched" where a search found another value for every run."""
    # The setting of a search that failed is not known: the plan's own is only where it began.
    runs = [each for each in runs if each.is_ok]
    found: dict[str, list[Value]] = defaultdict(list)
    for each in runs:
        for name, value in each.hyperparameters.items():
            found[name].append(value)
    return {name: values[0] if values == values[:1] * len(values) else SEARCHED for name, values in found.items()}


def _by_device(runs: Sequence[RunRecord]) -> Mapping[str, set[Repetition]]:
    found: dict[str, set[Repetition]] = defaultdict(set)
    for record in runs:
        for device in ("", record.run.device):
            found[device].add(Repetition.of(record))
    return found


def by_size(variant: str) -> list[tuple[bool, float, str]]:
    """Order variants by number where they are numbers, so that 1000 comes after 200."""
    values = json.loads(variant).values()
    return [(isinstance(value, str), 0.0 if isinstance(value, str) else float(value), str(value)) for value in values]
