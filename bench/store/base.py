"""What every store offers, and the rules it keeps."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.errors import UnknownName, UsageError
from bench.record import Environment, RunRecord, Score, SuitePlan

__all__ = ["Store"]


class Store(ABC):
    """Keeps runs, what they answered, the machines they were made on, and the plans of suites.

    An engine implements the abstract methods; the others follow from them. Every engine keeps these rules, and
    `tests/test_store_engines.py` holds it to them:

    - **Commit.** Each method that writes is one transaction: all of it is there or nothing, and when the method has
      returned, it survives `kill -9` and a power cut. A run that was going on when everything died is not there.
    - **Visibility.** What one process has committed, every other sees with its next call. An iterator shows what was
      committed when it was started; whether it shows what came later is not said, but never half a record.
    - **Writers.** Several processes may write at once. Methods that read before they write (`append`, `rescore`,
      `update_environment`, `update_plan`) do both in one transaction, so no writer overwrites what it has not seen.
      A writer waits for another up to a minute, then raises StoreError.
    - **Attempts.** A run is kept under its `run_id`. Its first record is attempt 1, each later one gets the next
      number, from the store. Only the newest counts; earlier ones stay, and are never changed but by `rescore`.
    - **Order.** Records come oldest first, in the order in which they were committed.
    - **Truth.** A truth is kept once, under the SHA-256 of its bytes in hexadecimal, however many runs share it, and
      never changes. A record's `truth` is such a key, or empty.
    - **Reading only.** A store opened without `create` is never changed, not even brought to a newer format or
      tidied up, and may lie where nothing can be written. Every method that writes raises StoreError then.
    - **Errors.** Whatever the engine's own library raises reaches the caller as a StoreError that names the store.

    location: what the store is called in messages, and what `open_store` takes. folder: beside the store, where
    reports go unless another is named.
    """

    location: str
    folder: Path = Path()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of the store; what was committed stays."""

    @abstractmethod
    def append(
        self,
        record: RunRecord,
        artifacts: Mapping[str, bytes] | None = None,
        *,
        answer: bytes | None = None,
        truth: bytes | None = None,
    ) -> RunRecord:
        """Commit a record with all that belongs to it; return it with its attempt, and the key of its truth.

        artifacts: by name, the bytes of every artifact that the record lists (KeyError where one is absent).
        answer, truth: see `bench.arrays`. A record that brings a key instead of a truth names one that is kept.
        """

    @abstractmethod
    def rescore(self, record: RunRecord, scores: Sequence[Score]) -> RunRecord:
        """Replace the scores of one stored attempt and nothing else of it; return it as it is stored then.

        For scores computed from kept answers after the run. Of two writers the later one wins.
        Raises StoreError for an attempt that is not stored.
        """

    @abstractmethod
    def records(self, run_ids: Iterable[str] | None = None, *, every_attempt: bool = False) -> Iterator[RunRecord]:
        """Yield the newest attempt of every run, or every one, oldest first; with run ids, of those alone."""

    @abstractmethod
    def statuses(self, prefix: str = "") -> dict[str, str]:
        """Return the status of the newest attempt of every run whose id begins with `prefix`, by run id.

        Reads no records; for a whole id it takes as long in a store of ten thousand runs as in one of ten.
        """

    @abstractmethod
    def artifact(self, record: RunRecord, name: str) -> bytes:
        """Return the bytes of one artifact of a stored attempt; raises StoreError where it has none of that name."""

    @abstractmethod
    def answer(self, record: RunRecord) -> bytes | None:
        """Return what a stored attempt answered for every test sample; None where it kept none."""

    @abstractmethod
    def truth(self, key: str) -> bytes:
        """Return what answers are scored against, by a record's `truth`; raises StoreError for an unknown key."""

    @abstractmethod
    def environments(self) -> dict[str, Environment]:
        """Return every environment that runs were made in, by id."""

    @abstractmethod
    def update_environment(
        self, environment_id: str, change: Callable[[Environment | None], Environment | None]
    ) -> None:
        """Replace an environment by what `change` makes of it, in one transaction.

        change: gets None where there is none yet; what it returns is kept, None leaves the store as it was.
        """

    @abstractmethod
    def plans(self) -> dict[str, SuitePlan]:
        """Return the newest plan of every suite that was run into this store, by the suite's name."""

    @abstractmethod
    def update_plan(self, suite: str, change: Callable[[SuitePlan | None], SuitePlan]) -> None:
        """Replace a suite's plan by what `change` makes of it (None where there is none yet), in one transaction."""

    def status(self, run_id: str) -> str | None:
        """Return the status of one run's newest attempt, None where it was never recorded."""
        return self.statuses(run_id).get(run_id)

    def attempts(self, run_ids: Iterable[str] | None = None) -> Iterator[RunRecord]:
        """Yield every attempt of every run, oldest first; of those run ids only, if any are given."""
        return self.records(run_ids, every_attempt=True)

    def find(self, prefix: str) -> list[RunRecord]:
        """Return every attempt, oldest first, of the one run whose id begins with `prefix`."""
        found = self.statuses(prefix)
        if len(found) > 1:
            raise UnknownName("run", prefix, sorted(found)[:10], place=self.location)
        if not found:
            # Ids are hashes: the nearest ones would tell nobody anything.
            listed = f"bench show --store {shlex.quote(self.location)}"
            raise UsageError(f"no run begins with {prefix!r} in {self.location}. To list them: {listed}")
        return list(self.attempts(found))

    def add_environment(self, environment: Environment) -> None:
        """Keep the description of a machine once, and beside it what differed in later sessions."""
        self.update_environment(
            environment.environment_id, lambda before: before.followed_by(environment) if before else environment
        )

    def add_slowdowns(self, environment_id: str, slowdowns: Mapping[str, float]) -> None:
        """Add up by how much a machine was slowed down while runs were made (see `bench.measure.strain`)."""
        self.update_environment(environment_id, lambda before: before.slowed_down(slowdowns) if before else None)

    def set_plan(self, plan: SuitePlan) -> None:
        """Keep what a suite consists of now; an earlier plan of the same suite is replaced."""
        self.update_plan(plan.suite, lambda _: plan)

    def merge_plan(self, plan: SuitePlan, *, replace: bool) -> None:
        """Add a newer run of a suite to what the store holds of it, whoever else writes meanwhile (see SuitePlan)."""
        self.update_plan(plan.suite, lambda before: before.merged(plan, replace=replace) if before else plan)
