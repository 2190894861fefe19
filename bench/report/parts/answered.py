"""Choose the runs and the models of a section whose kept answers are drawn: few enough to read, and fair to all."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from bench.matching import BASELINE
from bench.record import RunRecord
from bench.report import text
from bench.report.numbers.conditions import Repetition, split_count
from bench.report.numbers.grouping import canonical
from bench.report.section import ModelRow, SectionData, Variable
from bench.specs import Value

__all__ = ["Answered", "Arrays", "answered", "class_names"]

# What a run answered and what that is scored against, by name (see docs/tasks.md).
Arrays = Callable[[RunRecord], Mapping[str, NDArray[Any]]]
MOST_MODELS = 8
MOST_RUNS = 5
# Probabilities that are read for one figure, above which fewer runs are.
MOST_NUMBERS = 20_000_000


@dataclass(frozen=True)
class Answered:
    """The runs whose answers are read: at most five of each model drawn, of equal seeds and splits where possible.

    runs: by label, the best model of the main score first. left_out: labels that have answers, too, but no room.
    variant: of the protocol, the same for all of them.
    """

    runs: Mapping[str, tuple[RunRecord, ...]]
    left_out: tuple[str, ...]
    variant: Mapping[str, Value]

    def affordable(self, numbers: int) -> Answered:
        """Return fewer runs of each model where the answer of one holds many numbers."""
        most = max(1, MOST_NUMBERS // max(1, numbers * len(self.runs)))
        return replace(self, runs={label: each[:most] for label, each in self.runs.items()})

    @property
    def first(self) -> RunRecord:
        """Any one of the runs."""
        return next(iter(self.runs.values()))[0]

    @property
    def about_runs(self) -> str:
        """What the answers are of: `5 runs of each model on 5 splits at training size 100`."""
        counts = {len(runs) for runs in self.runs.values()}
        many = str(max(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
        noun = "run" if counts == {1} else "runs"
        splits = split_count(Repetition.of(run) for runs in self.runs.values() for run in runs)
        where = f"on {splits} splits of the data" if splits > 1 else "on one test part"
        varied = f" at {text.variant(self.variant)}" if self.variant else ""
        return f"{many} {noun} of each model {where}{varied}"

    @property
    def about_models(self) -> str:
        """A sentence on the models that are not drawn, empty where all are."""
        if not self.left_out:
            return ""
        return (
            f"Drawn are the {len(self.runs) - 1} best models by the main score and the fastest to train of the others; "
            f"left out: {text.join(self.left_out)}."
        )


def answered(section: SectionData, arrays: Collection[str], *, is_one_test_part: bool = False) -> Answered | None:
    """Return the runs that kept these arrays; None where none did.

    Of a protocol with variants the one is taken that most models have, and of those the one with the best scores. The
    trivial baseline, which answers every sample alike, is left out.
    is_one_test_part: take the runs of one split alone, the one that most models have, and all models.
    """
    kept = [each for each in section.records if each.run.model != BASELINE and each.truth and {*arrays} <= {*each.kept}]
    if not kept:
        return None
    variant = _variant(section, kept)
    kept = [each for each in kept if canonical(each.run.variant) == variant]
    by_label: dict[str, list[RunRecord]] = defaultdict(list)
    for each in _of_one_test_part(kept) if is_one_test_part else kept:
        by_label[each.run.label].append(each)
    ranked = sorted(by_label, key=lambda label: _place(section, label, variant))
    is_short = is_one_test_part or len(ranked) <= MOST_MODELS
    shown = ranked if is_short else _best_and_fastest(section, ranked, variant)
    common = _repetitions([by_label[label] for label in shown])
    runs = {label: _chosen(by_label[label], common) for label in shown}
    left_out = tuple(label for label in ranked if label not in runs)
    return Answered(runs, left_out, next(iter(runs.values()))[0].run.variant)


def class_names(record: RunRecord, count: int) -> tuple[str, ...]:
    """Return the names of so many classes, their numbers where the data set names none."""
    target = None if record.problem is None else record.problem.target
    known = () if target is None else target.names
    return known if len(known) == count else tuple(map(str, range(count)))


def _variant(section: SectionData, records: Sequence[RunRecord]) -> str:
    labels: dict[str, set[str]] = defaultdict(set)
    for each in records:
        labels[canonical(each.run.variant)].add(each.run.label)

    def place(variant: str) -> tuple[int, float]:
        means = [_cost(section.main, row) for row in section.rows if canonical(row.variant) == variant]
        known = [value for value in means if math.isfinite(value)]
        return -len(labels[variant]), sum(known) / len(known) if known else math.inf

    return min(labels, key=place)


def _of_one_test_part(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the runs that were asked about the same samples: those of one truth, which most models share."""
    truths: dict[str, list[RunRecord]] = defaultdict(list)
    for each in runs:
        truths[each.truth].append(each)
    counts = {truth: (len({each.run.label for each in found}), len(found)) for truth, found in truths.items()}
    return truths[min(truths, key=lambda truth: (*(-n for n in counts[truth]), Repetition.of(truths[truth][0])))]


def _place(section: SectionData, label: str, variant: str) -> tuple[float, int]:
    rows = [(number, row) for number, row in enumerate(section.rows) if row.label == label]
    found = [(number, row) for number, row in rows if canonical(row.variant) == variant]
    number, row = next(iter(found or rows), (len(section.rows), None))
    return (math.inf if row is None else _cost(section.main, row)), number


def _cost(variable: Variable | None, row: ModelRow) -> float:
    """Return a mean such that lower is better; infinite where there is none."""
    summary = None if variable is None else row.values.get(variable.key)
    if variable is None or summary is None or math.isnan(summary.mean):
        return math.inf
    return -summary.mean if variable.measure.better == "higher" else summary.mean


def _best_and_fastest(section: SectionData, ranked: Sequence[str], variant: str) -> list[str]:
    best, others = list(ranked[: MOST_MODELS - 1]), ranked[MOST_MODELS - 1 :]
    clock = next((each for each in section.variables if each.measure.name == "train_seconds"), None)
    costs = {row.label: _cost(clock, row) for row in section.rows if canonical(row.variant) == variant}
    return [*best, min(others, key=lambda label: costs.get(label, math.inf))]


def _repetitions(models: Sequence[Sequence[RunRecord]]) -> list[Repetition]:
    """Return the repetitions in the order in which they are taken: those of most models first."""
    counts = Counter(each for runs in models for each in {*map(Repetition.of, runs)})
    return sorted(counts, key=lambda each: (-counts[each], each))


def _chosen(runs: Sequence[RunRecord], order: Sequence[Repetition]) -> tuple[RunRecord, ...]:
    """Return one run per repetition, of the first device where there are several."""
    found = {Repetition.of(each): each for each in sorted(runs, key=lambda each: each.run.device, reverse=True)}
    return tuple(found[each] for each in order if each in found)[:MOST_RUNS]
