"""Say how runs ended: those that failed, models that do not apply, and which models repeat bit for bit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.evidence.objective import is_clocked
from bench.record import RunRecord
from bench.report.blocks import family_place
from bench.report.numbers.conditions import Repetition, listed
from bench.report.numbers.grouping import Group, canonical
from bench.specs import Value

__all__ = ["failures", "inapplicable", "is_inapplicable", "repeats"]

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


# Where a run stands: its label, family, device, and whether only repeatable algorithms were allowed.
Key = tuple[str, str, str, bool]


@dataclass(frozen=True)
class Repeats:
    """Whether runs of one model that were executed again gave the same bits.

    run_count: its runs in the report; repeated: those executed more than once on one machine; differing: those of
    them whose scores or curves differ; example: the first difference. is_deterministic: were only algorithms
    allowed that repeat bit for bit?
    """

    label: str
    family: str
    device: str
    is_deterministic: bool
    run_count: int
    repeated: int
    differing: int
    example: str = ""

    @property
    def verdict(self) -> str:
        """The outcome in words."""
        if not self.repeated:
            return "not repeated"
        return "differs" if self.differing else "repeats bit for bit"


def repeats(records: Iterable[RunRecord], attempts: Iterable[RunRecord]) -> tuple[Repeats, ...]:
    """Return a verdict per model and device.

    records: those of the report; attempts: all that the store has, of which good ones of the same run on the same
    machine are compared. Scores and curves count, clocks don't.
    """
    # A run may stand under the labels of several suites.
    places: dict[Key, dict[str, None]] = defaultdict(dict)
    for record in records:
        if record.is_ok:
            places[_key(record)][record.run.run_id] = None
    known = {run_id for run_ids in places.values() for run_id in run_ids}
    tries: dict[str, dict[str, list[RunRecord]]] = defaultdict(lambda: defaultdict(list))
    for attempt in attempts:
        if attempt.is_ok and attempt.run.run_id in known:
            tries[attempt.run.run_id][attempt.environment_id].append(attempt)
    return tuple(
        _judged(key, [list(tries[run_id].values()) for run_id in run_ids])
        for key, run_ids in sorted(places.items(), key=lambda item: (family_place(item[0][1]), item[0]))
    )


def _key(record: RunRecord) -> Key:
    run = record.run
    return run.label, run.family, run.device, run.identity.get("is deterministic") == "True"


def _judged(key: Key, runs: Sequence[Sequence[Sequence[RunRecord]]]) -> Repeats:
    """runs: for each run, for each machine, its attempts."""
    repeated = [[tries for tries in machines if len(tries) > 1] for machines in runs]
    repeated = [machines for machines in repeated if machines]
    examples = [example for machines in repeated if (example := _difference(machines))]
    return Repeats(
        *key,
        run_count=len(runs),
        repeated=len(repeated),
        differing=len(examples),
        example=examples[0] if examples else "",
    )


def _difference(machines: Iterable[Sequence[RunRecord]]) -> str:
    """Return the first number that a run did not repeat, "" where it repeated all."""
    for first, *others in machines:
        for other in others:
            pairs = zip(_numbers(first), _numbers(other), strict=False)
            found = next(
                (f"{name} {x} and {y}" for (name, x), (other_name, y) in pairs if (name, x) != (other_name, y)), ""
            )
            if not found and len(first.curve) != len(other.curve):
                found = f"curves of {len(first.curve)} and {len(other.curve)} points"
            if found:
                return f"{found} ({first.run.dataset}, {Repetition.of(first)})"
    return ""


def _numbers(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Yield what must repeat, as text: every bit shows in it, and one NaN is like another."""
    for score in record.scores:
        if not is_clocked(score):
            yield score.name, repr(score.value)
    for point in record.curve:
        where = f"at step {point.step}"
        yield f"training loss {where}", repr(point.train_loss)
        for name, value in point.validation.items():
            yield f"validation {name} {where}", repr(value)
