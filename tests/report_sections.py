"""Sections made by hand from records, for tests of what is drawn from kept answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model import Problem
from bench.record import RunRecord, Score, SplitPlan, Times
from bench.report.repetition import Repetition
from bench.report.section import Measure, ModelRow, SectionData, Summary, Variable
from bench.spaces import Space
from tests.report_records import plan, record

ACCURACY = Variable("accuracy", Measure("accuracy", "Accuracy", "", "higher", "score", low=0.0, high=1.0))
TRAINING = Variable("train_seconds", Measure("train_seconds", "Training", "s", "lower", "time"))
Arrays = Mapping[str, NDArray[Any]]


class Kept:
    """Records with what they answered; calling it returns a record's arrays and counts the reading."""

    def __init__(self) -> None:
        self.records: list[RunRecord] = []
        self.arrays: dict[str, Arrays] = {}
        self.read: list[str] = []

    def __call__(self, each: RunRecord) -> Arrays:
        self.read.append(each.run.run_id)
        return self.arrays[each.run.run_id]

    def add(
        self, label: str, arrays: Arrays, *, names: Sequence[str] = (), seconds: float = 1.0, **changes: Any
    ) -> RunRecord:
        """Keep what one run answered."""
        split = changes.pop("split", SplitPlan())
        run = plan(label, split=split, **changes)
        run = run.model_copy(update={"run_id": f"{run.run_id} {split}"})
        classes = arrays["probabilities"].shape[1] if "probabilities" in arrays else 0
        target = Space(kind="index", size=classes, names=tuple(names)) if classes else Space()
        images = Space("chw", (1, 8, 8), bounds=(0.0, 1.0))
        made = record(
            run,
            kept=tuple(sorted(arrays)),
            truth="t",
            problem=Problem(run.task, run.dataset, 100, "predict", images, target),
            scores=(Score(name="accuracy", value=_accuracy(arrays), higher_is_better=True),),
            times=Times(train_seconds=seconds),
        )
        self.records.append(made)
        self.arrays[run.run_id] = arrays
        return made

    def section(self) -> SectionData:
        """Return the section of all records."""
        return section_of(self.records)


def _accuracy(arrays: Arrays) -> float:
    if "probabilities" not in arrays:
        return math.nan
    return float((arrays["probabilities"].argmax(1) == arrays["labels"]).mean())


def section_of(records: Sequence[RunRecord]) -> SectionData:
    """Return a section of records, a row per label and variant, with mean accuracy and training time."""
    cells: dict[tuple[str, str], list[RunRecord]] = {}
    for each in records:
        cells.setdefault((each.run.label, repr(each.run.variant)), []).append(each)
    first = records[0].run
    return SectionData(
        first.dataset,
        first.task,
        first.protocol,
        "accuracy",
        [each for each in records if each.is_ok],
        (ACCURACY, TRAINING),
        [_row(runs) for runs in cells.values()],
        failed=[each for each in records if not each.is_ok],
    )


def _row(runs: Sequence[RunRecord]) -> ModelRow:
    run, good = runs[0].run, [each for each in runs if each.is_ok]
    values = {
        "accuracy": _summary({Repetition.of(each): each.score("accuracy") or math.nan for each in good}),
        "train_seconds": _summary({Repetition.of(each): each.times.train_seconds for each in good}),
    }
    seeds, splits = {each.run.seed for each in good}, {each.run.split for each in good}
    return ModelRow(
        run.label,
        run.family,
        run.variant,
        run.hyperparameters,
        {"ok": len(good)},
        len(seeds),
        len(splits),
        len(good),
        values,
    )


def _summary(runs: Mapping[Repetition, float]) -> Summary:
    return Summary(float(np.mean([*runs.values()])), None, None, runs, len(runs))
