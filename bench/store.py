"""Append and read records: one SQLite file, every finished run committed before the next begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import StoreError, UnknownName
from bench.record import Environment, RunRecord, SuitePlan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SCHEMA_VERSION", "Store", "load_records"]

# Each entry takes the file from the version before it to its own; the number of the last is the schema's.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        run_id TEXT NOT NULL, attempt INTEGER NOT NULL, suite TEXT NOT NULL, status TEXT NOT NULL,
        finished_at TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (run_id, attempt)
    );
    CREATE INDEX runs_by_suite ON runs (suite);
    CREATE TABLE artifacts (
        run_id TEXT NOT NULL, attempt INTEGER NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL,
        content BLOB NOT NULL, PRIMARY KEY (run_id, attempt, name)
    );
    CREATE TABLE environments (environment_id TEXT PRIMARY KEY, facts TEXT NOT NULL);
    CREATE TABLE plans (suite TEXT PRIMARY KEY, plan TEXT NOT NULL);
    """,
)
SCHEMA_VERSION = len(MIGRATIONS)
BUSY_SECONDS = 60.0
KEPT_STARTS = 50


class Store:
    """A results file, safe under kill -9 and with several writers.

    A run is stored under its `run_id`; a retried one gets the next attempt, and only the newest counts.
    """

    def __init__(self, path: Path | str, *, create: bool = True) -> None:
        self.path = Path(path)
        if not create and not self.path.is_file():
            raise StoreError(f"no results at {self.path}. Run a suite first: bench run quickstart --store {self.path}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # autocommit: each transaction is written out explicitly below
            self._connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open the results file {self.path}: {error}") from error

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def append(self, record: RunRecord, artifacts: Mapping[str, bytes] | None = None) -> RunRecord:
        """Commit a record and its artifacts in one transaction; return it with the attempt it was given."""
        contents = artifacts or {}
        with self._transaction() as connection:
            newest = connection.execute(
                "SELECT COALESCE(MAX(attempt), 0) FROM runs WHERE run_id = ?", (record.run.run_id,)
            ).fetchone()[0]
            kept = record.model_copy(update={"attempt": newest + 1})
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)",
                (
                    kept.run.run_id,
                    kept.attempt,
                    kept.run.suite,
                    kept.status,
                    kept.finished_at,
                    kept.model_dump_json(exclude_defaults=True),
                ),
            )
            connection.executemany(
                "INSERT INTO artifacts VALUES (?, ?, ?, ?, ?)",
                [
                    (
                        kept.run.run_id,
                        kept.attempt,
                        artifact.name,
                        artifact.media_type,
                        contents[artifact.name],
                    )
                    for artifact in kept.artifacts
                ],
            )
        return kept

    def add_environment(self, environment: Environment) -> None:
        """Keep the description of a machine once, and how busy it was at the start of each later session beside it."""
        with self._transaction() as connection:
            found = "SELECT facts FROM environments WHERE environment_id = ?"
            row = connection.execute(found, (environment.environment_id,)).fetchone()
            if row:
                facts = Environment.model_validate_json(row[0]).facts
                start = environment.facts.get("start")
                starts = [*facts.get("later_starts", ()), *([start] if start else [])]
                facts = {**facts, **({"later_starts": starts[-KEPT_STARTS:]} if starts else {})}
                environment = environment.model_copy(update={"facts": facts})
            connection.execute(
                "INSERT OR REPLACE INTO environments VALUES (?, ?)",
                (environment.environment_id, environment.model_dump_json()),
            )

    def environments(self) -> dict[str, Environment]:
        """Return every environment that runs were made in, by id."""
        rows = self._connection.execute("SELECT environment_id, facts FROM environments")
        return {key: Environment.model_validate_json(facts) for key, facts in rows}

    def set_plan(self, plan: SuitePlan) -> None:
        """Keep what a suite consists of now; an earlier plan of the same suite is replaced."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO plans VALUES (?, ?)", (plan.suite, plan.model_dump_json()))

    def merge_plan(self, plan: SuitePlan, *, replace: bool) -> None:
        """Add a newer run of a suite to what the file holds of it, whoever else writes meanwhile (see SuitePlan)."""
        with self._transaction() as connection:
            row = connection.execute("SELECT plan FROM plans WHERE suite = ?", (plan.suite,)).fetchone()
            merged = SuitePlan.model_validate_json(row[0]).merged(plan, replace=replace) if row else plan
            connection.execute("INSERT OR REPLACE INTO plans VALUES (?, ?)", (plan.suite, merged.model_dump_json()))

    def plans(self) -> dict[str, SuitePlan]:
        """Return the newest plan of every suite that was run into this file, by the suite's name."""
        rows = self._connection.execute("SELECT suite, plan FROM plans ORDER BY suite")
        return {suite: SuitePlan.model_validate_json(plan) for suite, plan in rows}

    def statuses(self) -> dict[str, str]:
        """Return the status of the newest attempt of every run, by run id."""
        rows = self._connection.execute("SELECT run_id, status, MAX(attempt) FROM runs GROUP BY run_id")
        return {run_id: status for run_id, status, _ in rows}

    def status(self, run_id: str) -> str | None:
        """Return the status of one run's newest attempt, None where it was never recorded."""
        row = self._connection.execute(
            "SELECT status FROM runs WHERE run_id = ? ORDER BY attempt DESC LIMIT 1", (run_id,)
        ).fetchone()
        return None if row is None else row[0]

    def records(self, run_ids: Iterable[str] | None = None) -> Iterator[RunRecord]:
        """Yield the newest attempt of every run, oldest first; of those run ids only, if any are given."""
        wanted = None if run_ids is None else set(run_ids)
        rows = self._connection.execute(
            "SELECT run_id, record FROM runs AS this "
            "WHERE attempt = (SELECT MAX(attempt) FROM runs WHERE run_id = this.run_id) ORDER BY rowid"
        )
        for run_id, text in rows:
            if wanted is None or run_id in wanted:
                yield RunRecord.model_validate_json(text)

    def attempts(self, run_ids: Iterable[str] | None = None) -> Iterator[RunRecord]:
        """Yield every attempt of every run, oldest first; of those run ids only, if any are given."""
        wanted = None if run_ids is None else set(run_ids)
        for run_id, text in self._connection.execute("SELECT run_id, record FROM runs ORDER BY rowid"):
            if wanted is None or run_id in wanted:
                yield RunRecord.model_validate_json(text)

    def find(self, prefix: str) -> list[RunRecord]:
        """Return every attempt, oldest first, of the one run whose id begins with `prefix`."""
        rows = self._connection.execute(
            "SELECT run_id, record FROM runs WHERE substr(run_id, 1, ?) = ? ORDER BY attempt",
            (len(prefix), prefix),
        ).fetchall()
        identities = {run_id for run_id, _ in rows}
        if len(identities) != 1:
            known = identities or set(self.statuses())
            raise UnknownName("run", prefix, sorted(known)[:10], place=str(self.path))
        return [RunRecord.model_validate_json(text) for _, text in rows]

    def artifact(self, record: RunRecord, name: str) -> bytes:
        """Return the bytes of one artifact of a record."""
        row = self._connection.execute(
            "SELECT content FROM artifacts WHERE run_id = ? AND attempt = ? AND name = ?",
            (record.run.run_id, record.attempt, name),
        ).fetchone()
        if row is None:
            raise StoreError(f"run {record.run.run_id} has no artifact {name!r} in {self.path}")
        return bytes(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            # IMMEDIATE takes the write lock before the first read, so that two writers cannot pick the same attempt.
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreError(f"cannot write to {self.path}: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _prepare(self) -> None:
        version = self._version()
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} was written by a newer depthbench (schema {version}, this one knows {SCHEMA_VERSION}): "
                "pip install --upgrade depthbench"
            )
        # WAL lets readers go on while a run is committed; file systems without shared memory answer with another mode.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        while version < SCHEMA_VERSION:
            with self._transaction() as connection:
                version = self._version()
                if version < SCHEMA_VERSION:
                    for statement in filter(str.strip, MIGRATIONS[version].split(";")):
                        connection.execute(statement)
                    version += 1
                    connection.execute(f"PRAGMA user_version = {version}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])


def load_records(path: Path | str) -> pd.DataFrame:
    """Return a results file as a pandas frame: one row per run (its newest attempt), failed ones included.

    Columns: the plan (`suite`, `label`, `dataset`, `seed` …), `status`, times in seconds, memory in bytes,
    `score.<name>` for every score and `hyperparameter.<name>` for every hyperparameter.
    """
    import pandas as pd

    with Store(path, create=False) as store:
        return pd.DataFrame([record.row() for record in store.records()])
