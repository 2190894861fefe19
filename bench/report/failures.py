"""Gather the runs that did not end well, and the models that do not apply, each reason once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bench.record import RunRecord
from bench.report.grouping import Group, canonical
from bench.report.repetition import Repetition, listed
from bench.specs import Value

__all__ = ["failures", "inapplicable", "is_inapplicable"]

# A model may print megabytes before it dies; what it said last is what explains it.
OUTPUT_LIMIT = 4_000
TRACEBACK_LIMIT = 12_000


@dataclass(frozen=True)
class Failure:
    """Runs of one cell that did not end well, for one reason; traceback and output are the first run's.

    repetitions: their seeds, and splits where there are several, in words.
    """

    section: str
    label: str
    dataset: str
    task: str
    protocol: str
    device: str
    variant: Mapping[str, Value]
    status: str
    reason: str
    repetitions: str
    run_ids: tuple[str, ...]
    finished_at: str
    traceback: str = ""
    output: str = ""


def failures(records: Iterable[RunRecord], section: str) -> tuple[Failure, ...]:
    """Return one entry for each model, device, variant, status and reason, with its seeds and splits."""
    found: dict[tuple[str, ...], list[RunRecord]] = defaultdict(list)
    for record in records:
        run = record.run
        if not record.is_ok and not is_inapplicable(record):
            key = (run.label, run.device, canonical(run.variant), record.status, record.reason)
            found[key].append(record)
    return tuple(_failure(runs, section) for _, runs in sorted(found.items()))


def is_inapplicable(record: RunRecord) -> bool:
    """Does the model not apply to the problem at all, which is no failure of the run?"""
    return record.status == "not-applicable"


def inapplicable(groups: Iterable[Group]) -> Iterator[tuple[str, ...]]:
    """Yield for each group why models do not apply to it, once for each model and data set of the report."""
    known: set[tuple[str, ...]] = set()
    for group in groups:
        found = {}
        for record in filter(is_inapplicable, group.records):
            key = (record.run.label, group.dataset, group.task, record.reason)
            if key not in known:
                reason = f": {record.reason}" if record.reason else "."
                found[key] = f"{record.run.label} does not apply to {group.dataset}{reason}"
        known.update(found)
        yield tuple(found.values())


def _failure(runs: list[RunRecord], section: str) -> Failure:
    runs = sorted(runs, key=Repetition.of)
    first, run = runs[0], runs[0].run
    return Failure(
        section=section,
        label=run.label,
        dataset=run.dataset,
        task=run.task,
        protocol=run.protocol,
        device=run.device,
        variant=run.variant,
        status=first.status,
        reason=first.reason,
        repetitions=listed(map(Repetition.of, runs)),
        run_ids=tuple(record.run.run_id for record in runs),
        finished_at=first.finished_at,
        traceback=_tail(first.traceback, TRACEBACK_LIMIT),
        output=_tail(first.output, OUTPUT_LIMIT),
    )


def _tail(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"[{len(text) - limit} characters before this]\n{text[-limit:]}"
