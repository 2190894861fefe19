"""Say which models reproduce bit for bit: runs of one identity that were executed more than once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.record import RunRecord
from bench.report.families import family_place
from bench.report.measures import is_clocked
from bench.report.repetition import Repetition

__all__ = ["repeats"]

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
