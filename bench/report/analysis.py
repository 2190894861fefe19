"""Turn the records of one group into numbers: its variables, its rows, and the comparisons of its models."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.evidence import (
    FAILED,
    Observations,
    RunKey,
    SampleScores,
    compare,
    default_margin,
    observe,
    repeated,
    score_interval,
)
from bench.evidence import Section as Compared
from bench.record import RunRecord
from bench.report.conditions import Conditions, Repetition, split_count
from bench.report.grouping import Group
from bench.report.measures import is_clocked, main_score
from bench.report.section import Measure, ModelRow, SectionData, Summary, Variable
from bench.report.values import RowKey, Values, by_size, collect, column_words, mean, row_key
from bench.specs import Value

__all__ = ["MEMORY_RESOLUTION_MB", "analyse"]

# Below a megabyte the high-water mark shows the allocator's pages, not the model.
MEMORY_RESOLUTION_MB = 1.0
# Stands for a hyperparameter that a search chose anew in every run.
SEARCHED = "searched"


def analyse(
    group: Group,
    machine_names: Mapping[str, str],
    siblings: Sequence[RunRecord] = (),
    samples: SampleScores | None = None,
    margin: float | None = None,
) -> SectionData:
    """Return what the records of a group allow to say.

    siblings: records of other groups on the same data set and task. samples: reads scores of test samples from kept
    answers; without it a run is one value. margin: of equivalence, in the main score's unit; by default one hundredth
    of what a score can span.
    """
    applicable = [record for record in group.records if record.status != "not-applicable"]
    good = [record for record in applicable if record.is_ok]
    main = main_score(group.records)
    found = collect(good, main)
    words = Conditions(applicable, machine_names)
    variables = [
        Variable(f"{values.measure.name}#{number}", values.measure, values.condition, name)
        for number, (values, name) in enumerate(zip(found, column_words(found, words), strict=True))
    ]
    if samples is not None:
        samples.load(good, dict.fromkeys(each.measure.name for each in found if _is_of_samples(each.measure, good)))
    judge = _Judge(applicable, samples, main, margin)
    judged = [judge.of(variable, values) for variable, values in zip(variables, found, strict=True)]
    rows = _Rows(group.records, variables, found, judged, main).rows()
    compared = {
        (variable.key, variant): each.compared
        for variable, of in zip(variables, judged, strict=True)
        for variant, each in of.items()
        if each.compared
    }
    if samples is not None:
        samples.forget()
    return SectionData(
        group.dataset, group.task, group.protocol, main, good, variables, rows, compared,
        failed=[record for record in applicable if not record.is_ok],
        siblings=[record for record in siblings if record.is_ok],
        failed_siblings=[each for each in siblings if not each.is_ok and each.status != "not-applicable"],
        samples=samples,
    )  # fmt: skip


def _is_of_samples(measure: Measure, records: Sequence[RunRecord]) -> bool:
    """May the test samples behind a score count? Not for a time, nor for what the clock decided."""
    if measure.kind != "score" or measure.unit == "s":
        return False
    named = (score for record in records[:1] for score in record.scores if score.name == measure.name)
    return not any(is_clocked(score) for score in named)


@dataclass(frozen=True)
class _Judged:
    """The rows of one variant under one variable: their observations, and how they compare."""

    observations: Observations
    compared: Compared | None


class _Judge:
    """Gives the numbers of each variable to the evidence, variant by variant."""

    def __init__(
        self, records: Sequence[RunRecord], samples: SampleScores | None, main: str, margin: float | None
    ) -> None:
        self._samples, self._main, self._margin = samples, main, margin
        self._records: dict[str, list[RunRecord]] = defaultdict(list)
        for record in records:
            self._records[row_key(record).variant].append(record)

    def of(self, variable: Variable, values: Values) -> dict[str, _Judged]:
        """Return the comparison of the models under each variant of the protocol."""
        if variable.measure.kind == "size":
            return {}
        return {
            variant: self._judged(variable, values, variant) for variant in {key.variant: 0 for key in values.numbers}
        }

    def _judged(self, variable: Variable, values: Values, variant: str) -> _Judged:
        measure = variable.measure
        observed = self._observed(variable, values, variant)
        # Of the costs that a page shows on demand nobody asks which is the best.
        is_asked = measure.kind == "score" or measure.is_shown
        if not (measure.better and is_asked) or len(observed.models) < 2:
            return _Judged(observed, None)
        margin = default_margin(observed.low, observed.high) if measure.kind == "score" else None
        if measure.name == self._main and self._margin:
            margin = self._margin
        return _Judged(observed, compare(observed, margin=margin))

    def _observed(self, variable: Variable, values: Values, variant: str) -> Observations:
        measure = variable.measure
        records = [record for record in self._records[variant] if variable.condition.holds(record)]
        if measure.kind == "score" and not _is_time(measure):
            kept = [record for record in records if not record.is_ok or id(record) in values.members]
            return observe(kept, measure.name, self._samples)
        least = MEMORY_RESOLUTION_MB if measure.kind == "memory" else -math.inf
        numbers = {
            key.label: [max(value, least) for _, value in sorted(each.items())]
            for key, each in values.numbers.items()
            if key.variant == variant
        }
        found = repeated(numbers, higher=measure.better == "higher")
        failed: dict[str, list[RunKey]] = defaultdict(list)
        for number, record in enumerate(records):
            if record.status in FAILED and record.run.label in numbers:
                failed[record.run.label].append(RunKey(-1 - number))
        return replace(found, failed={label: frozenset(keys) for label, keys in failed.items()})


def _is_time(measure: Measure) -> bool:
    return measure.unit == "s"


class _Rows:
    """The rows of a section: one per model and variant, the best of the main score first."""

    def __init__(
        self,
        records: Sequence[RunRecord],
        variables: Sequence[Variable],
        values: Sequence[Values],
        judged: Sequence[Mapping[str, _Judged]],
        main: str,
    ) -> None:
        self._columns = list(zip(variables, values, judged, strict=True))
        self._main = main
        self._runs: dict[RowKey, list[RunRecord]] = defaultdict(list)
        for record in records:
            self._runs[row_key(record)].append(record)

    def rows(self) -> list[ModelRow]:
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

    def _summary(self, key: RowKey, values: Values, judged: Mapping[str, _Judged]) -> Summary | None:
        finite, infinite = values.finite(key), values.infinite(key)
        if not finite and not infinite:
            return None
        of = judged.get(key.variant)
        low = high = None
        centre = mean(finite.values()) if finite else values.worst
        if of is not None and finite and not infinite and key.label in of.observations.models:
            interval = score_interval(of.observations, key.label)
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
            failed=self._failed(key, values),
            reference=_mean_reference(values.references.get(key, ())),
            standing=compared.standing.get(key.label) if compared is not None and len(compared.pairs) else None,
        )

    def _tried(self, key: RowKey, values: Values) -> int:
        """Count the runs that have a value, be it no number, and those that failed under the column's condition."""
        failed = {
            Repetition.of(run)
            for run in self._runs[key]
            if not run.is_ok and run.status != "not-applicable" and values.condition.holds(run)
        }
        return len({*values.numbers.get(key, {}), *failed})

    def _failed(self, key: RowKey, values: Values) -> int:
        """Count the runs whose value is no finite number, and those that failed under the column's condition."""
        numbers = values.numbers.get(key, {})
        runs = [run for run in self._runs[key] if run.status in FAILED and values.condition.holds(run)]
        return len(numbers) - len(values.finite(key)) + len({*map(Repetition.of, runs)} - numbers.keys())


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
