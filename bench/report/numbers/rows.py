"""Make the rows of a section: one per model and variant, with mean, interval and standing of each variable."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bench.evidence import FAILED
from bench.record import RunRecord
from bench.report.numbers.conditions import Repetition, split_count
from bench.report.numbers.judged import Judged
from bench.report.numbers.values import RowKey, Values, by_size, mean, row_key
from bench.report.section import ModelRow, Summary, Variable
from bench.specs import Value

__all__ = ["Rows"]

# Stands for a hyperparameter that a search chose anew in every run.
SEARCHED = "searched"


class Rows:
    """The rows of a section: one per model and variant, the best of the main score first."""

    def __init__(
        self,
        records: Sequence[RunRecord],
        variables: Sequence[Variable],
        values: Sequence[Values],
        judged: Sequence[Mapping[str, Judged]],
        main: str,
    ) -> None:
        self._columns = list(zip(variables, values, judged, strict=True))
        self._main = main
        self._runs: dict[RowKey, list[RunRecord]] = defaultdict(list)
        self._lost: dict[RowKey, list[RunRecord]] = defaultdict(list)
        for record in records:
            self._runs[row_key(record)].append(record)
            if not record.is_ok and record.status != "not-applicable":
                self._lost[row_key(record)].append(record)

    def rows(self) -> list[ModelRow]:
        """Return the rows, those of a model together, by size of the variant."""
        places = self._places()
        order = sorted(
            self._runs, key=lambda key: (*places.get(key.label, (1, 0, 0.0)), key.label, by_size(key.variant))
        )
        return [self._row(key) for key in order]

    def _places(self) -> dict[str, tuple[int, int, float]]:
        """Return where each label stands: those without a value last, then by misses, then by mean over variants."""
        column = next((values for variable, values, _ in self._columns if self._is_main(variable)), None)
        if column is None:
            return {}
        sign = 1.0 if column.measure.better == "higher" else -1.0
        means: dict[str, list[float]] = defaultdict(list)
        misses: Counter[str] = Counter()
        for key in column.numbers:
            misses[key.label] += column.infinite(key)
            if finite := column.finite(key):
                means[key.label].append(sign * mean(finite.values()))
        labels = {key.label for key in column.numbers}
        return {
            label: (0, misses[label], -mean(means[label])) if label in means else (1, misses[label], 0.0)
            for label in labels
        }

    def _is_main(self, variable: Variable) -> bool:
        return variable.measure.kind == "score" and variable.measure.name == self._main

    def _row(self, key: RowKey) -> ModelRow:
        runs = self._runs[key]
        run = runs[-1].run
        good = {Repetition.of(record) for record in runs if record.is_ok}
        found = {variable.key: self._summary(key, values, of) for variable, values, of in self._columns}
        return ModelRow(
            label=run.label,
            family=run.family,
            variant=run.variant,
            hyperparameters=_hyperparameters(runs),
            outcomes=dict(Counter(record.status for record in runs)),
            seed_count=len({each.seed for each in good}),
            split_count=split_count(good),
            good_count=len(good),
            values={name: each for name, each in found.items() if each is not None},
        )

    def _summary(self, key: RowKey, values: Values, judged: Mapping[str, Judged]) -> Summary | None:
        finite, infinite = values.finite(key), values.infinite(key)
        if not finite and not infinite:
            return None
        of = judged.get(key.variant)
        low = high = None
        centre = mean(finite.values()) if finite else values.worst
        if of is not None and finite and not infinite and (interval := of.intervals.get(key.label)) is not None:
            # Where splits have unequal numbers of seeds, each split counts once, as in the comparisons.
            centre = interval.score if interval.basis == "splits" else centre
            if math.isfinite(interval.low) and math.isfinite(interval.high):
                low, high = interval.low, interval.high
        compared = of.compared if of is not None else None
        return Summary(
            mean=centre,
            low=low,
            high=high,
            runs=finite,
            tried=self._tried(key, values),
            infinite=infinite,
            failed=self._failed(key, values, len(finite)),
            reference=_mean_reference(values.references.get(key, ())),
            standing=compared.standing.get(key.label) if compared is not None and len(compared.pairs) else None,
        )

    def _tried(self, key: RowKey, values: Values) -> int:
        """Count the runs that have a value, be it no number, and those that failed under the column's condition."""
        numbers = values.numbers.get(key, {})
        lost = {Repetition.of(run) for run in self._lost[key] if values.condition.holds(run)}
        return len(numbers) + len(lost - numbers.keys())

    def _failed(self, key: RowKey, values: Values, finite: int) -> int:
        """Count the runs whose value is no finite number, and those that failed under the column's condition."""
        numbers = values.numbers.get(key, {})
        runs = [run for run in self._lost[key] if run.status in FAILED and values.condition.holds(run)]
        return len(numbers) - finite + len({*map(Repetition.of, runs)} - numbers.keys())


def _mean_reference(found: Sequence[tuple[float, ...]]) -> tuple[float, float | None, float | None] | None:
    if not found:
        return None
    means = [mean(each) for each in zip(*found, strict=False)]
    low, high = (means[1], means[2]) if len(means) == 3 else (None, None)
    return means[0], low, high


def _hyperparameters(runs: Sequence[RunRecord]) -> dict[str, Value]:
    """Return what the model was trained with: "searched" where a search found another value for every run."""
    # The setting of a search that failed is not known: the plan's own is only where it began.
    found: dict[str, list[Value]] = defaultdict(list)
    for each in (run for run in runs if run.is_ok):
        for name, value in each.hyperparameters.items():
            found[name].append(value)
    return {name: values[0] if values == values[:1] * len(values) else SEARCHED for name, values in found.items()}
