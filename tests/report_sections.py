"""Sections made by hand from records, for tests of what is drawn from kept answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from bench.model import Problem
from bench.record import RunRecord, Score, SplitPlan, Times
from bench.report.numbers.analysis import analyse
from bench.report.numbers.grouping import group
from bench.report.parts.machines import machine_names
from bench.report.section import SectionData
from bench.spaces import Space
from tests.report_records import plan, record

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
            truth=str(split),
            problem=Problem(run.task, run.dataset, 100, "predict", images, target),
            scores=_scores(arrays),
            objective="accuracy" if classes else "",
            times=Times(train_seconds=seconds),
        )
        self.records.append(made)
        self.arrays[run.run_id] = arrays
        return made

    def section(self) -> SectionData:
        """Return the section of all records."""
        return section_of(self.records)


def _scores(arrays: Arrays) -> tuple[Score, ...]:
    if "probabilities" not in arrays:
        return ()
    value = float((arrays["probabilities"].argmax(1) == arrays["labels"]).mean())
    return (Score(name="accuracy", value=value, higher_is_better=True, low=0.0, high=1.0),)


def section_of(records: Sequence[RunRecord]) -> SectionData:
    """Return what a report analyses of records of one data set, task and protocol."""
    (found,) = group(records)
    return analyse(found, machine_names(records))
