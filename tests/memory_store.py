"""A second engine, to prove the seam: everything in a dictionary of this process, gone when it ends."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.errors import StoreError, StoreMissing
from bench.record import Environment, RunRecord, Score, SuitePlan
from bench.store.base import Store

Place = tuple[str, int]


@dataclass
class Contents:
    """What one name holds; `records` in the order in which they were committed."""

    records: dict[Place, RunRecord] = field(default_factory=dict)
    artifacts: dict[tuple[str, int, str], bytes] = field(default_factory=dict)
    answers: dict[Place, bytes] = field(default_factory=dict)
    truths: dict[str, bytes] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    plans: dict[str, SuitePlan] = field(default_factory=dict)


KEPT: dict[str, Contents] = {}


def open_memory(rest: str, *, create: bool) -> MemoryStore:
    if rest not in KEPT and not create:
        raise StoreMissing(f"memory:{rest}", "Run a suite into it first")
    return MemoryStore(rest, KEPT.setdefault(rest, Contents()), is_writable=create)


class MemoryStore(Store):
    def __init__(self, name: str, contents: Contents, *, is_writable: bool) -> None:
        self.location, self._contents, self._is_writable = f"memory:{name}", contents, is_writable

    def close(self) -> None:
        pass

    def append(
        self,
        record: RunRecord,
        artifacts: Mapping[str, bytes] | None = None,
        *,
        answer: bytes | None = None,
        truth: bytes | None = None,
    ) -> RunRecord:
        held, run_id, given = self._to_write(), record.run.run_id, artifacts or {}
        key = record.truth if truth is None else hashlib.sha256(truth).hexdigest()
        if truth is None and key and key not in held.truths:
            raise StoreError(f"run {run_id} names the truth {key!r}, which was never given to this store")
        attempt = 1 + sum(1 for known, _ in held.records if known == run_id)
        kept = record.model_copy(update={"attempt": attempt, "truth": key})
        # Whatever can fail comes before the first change: the whole is there or nothing.
        held.artifacts |= {(run_id, attempt, each.name): given[each.name] for each in kept.artifacts}
        held.truths |= {} if truth is None else {key: truth}
        held.answers |= {} if answer is None else {(run_id, attempt): answer}
        held.records[run_id, attempt] = kept
        return kept

    def rescore(self, record: RunRecord, scores: Sequence[Score]) -> RunRecord:
        held, place = self._to_write(), (record.run.run_id, record.attempt)
        if place not in held.records:
            raise StoreError(f"run {place[0]} has no attempt {place[1]} in {self.location}: nothing to score again")
        held.records[place] = held.records[place].model_copy(update={"scores": tuple(scores)})
        return held.records[place]

    def records(self, run_ids: Iterable[str] | None = None, *, every_attempt: bool = False) -> Iterator[RunRecord]:
        held = self._contents.records
        wanted = {run_id for run_id, _ in held} if run_ids is None else set(run_ids)
        found = [
            record
            for (run_id, attempt), record in held.items()
            if run_id in wanted and (every_attempt or (run_id, attempt + 1) not in held)
        ]
        yield from found

    def statuses(self, prefix: str = "") -> dict[str, str]:
        held = self._contents.records
        return {run_id: record.status for (run_id, _), record in held.items() if run_id.startswith(prefix)}

    def artifact(self, record: RunRecord, name: str) -> bytes:
        try:
            return self._contents.artifacts[record.run.run_id, record.attempt, name]
        except KeyError as error:
            raise StoreError(f"run {record.run.run_id} has no artifact {name!r} in {self.location}") from error

    def answer(self, record: RunRecord) -> bytes | None:
        return self._contents.answers.get((record.run.run_id, record.attempt))

    def truth(self, key: str) -> bytes:
        if key not in self._contents.truths:
            raise StoreError(f"there is no truth {key!r} in {self.location}")
        return self._contents.truths[key]

    def environments(self) -> dict[str, Environment]:
        return dict(self._contents.environments)

    def update_environment(
        self, environment_id: str, change: Callable[[Environment | None], Environment | None]
    ) -> None:
        held = self._to_write().environments
        after = change(held.get(environment_id))
        held |= {} if after is None else {environment_id: after}

    def plans(self) -> dict[str, SuitePlan]:
        return dict(sorted(self._contents.plans.items()))

    def update_plan(self, suite: str, change: Callable[[SuitePlan | None], SuitePlan]) -> None:
        held = self._to_write().plans
        held[suite] = change(held.get(suite))

    def _to_write(self) -> Contents:
        if not self._is_writable:
            raise StoreError(f"cannot write to {self.location}: it was opened to be read")
        return self._contents
