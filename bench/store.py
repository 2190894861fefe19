"""Append and read records: one SQLite file, every finished run committed before the next begins."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from bench.errors import StoreError, UnknownName
from bench.record import Environment, RunRecord, SuitePlan
from bench.specs import Value

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
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
RESCUE = ". Put back a whole copy of it, or begin another file with --store; sqlite3 {} .recover may save what is left"
R = TypeVar("R", Environment, RunRecord, SuitePlan)


class Store:
    """A results file, safe under kill -9 and with several writers; without `create`, it is only read, never changed.

    A run is stored under its `run_id`; a retried one gets the next attempt, and only the newest counts.
    """

    def __init__(self, path: Path | str, *, create: bool = True) -> None:
        self.path = Path(path)
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = _connect(self.path)
                self._prepare()
            else:
                self._connection = _open_to_read(self.path)
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
        """Keep the description of a machine once, and beside it what differed in later sessions."""
        with self._transaction() as connection:
            before = self.environments().get(environment.environment_id)
            self._put(connection, before.followed_by(environment) if before else environment)

    def add_slowdowns(self, environment_id: str, slowdowns: Mapping[str, float]) -> None:
        """Add up by how much a machine was slowed down while runs were made (see `bench.measure.strain`)."""
        with self._transaction() as connection:
            before = self.environments().get(environment_id)
            if before is not None:
                self._put(connection, before.slowed_down(slowdowns))

    def _put(self, connection: sqlite3.Connection, environment: Environment) -> None:
        row = (environment.environment_id, environment.model_dump_json())
        connection.execute("INSERT OR REPLACE INTO environments VALUES (?, ?)", row)

    def environments(self) -> dict[str, Environment]:
        """Return every environment that runs were made in, by id."""
        rows = self._rows("SELECT environment_id, facts FROM environments")
        return {key: self._parse(Environment, facts, f"environment {key}") for key, facts in rows}

    def set_plan(self, plan: SuitePlan) -> None:
        """Keep what a suite consists of now; an earlier plan of the same suite is replaced."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO plans VALUES (?, ?)", (plan.suite, plan.model_dump_json()))

    def merge_plan(self, plan: SuitePlan, *, replace: bool) -> None:
        """Add a newer run of a suite to what the file holds of it, whoever else writes meanwhile (see SuitePlan)."""
        with self._transaction() as connection:
            row = connection.execute("SELECT suite, plan FROM plans WHERE suite = ?", (plan.suite,)).fetchone()
            merged = self._plan(*row).merged(plan, replace=replace) if row else plan
            connection.execute("INSERT OR REPLACE INTO plans VALUES (?, ?)", (plan.suite, merged.model_dump_json()))

    def plans(self) -> dict[str, SuitePlan]:
        """Return the newest plan of every suite that was run into this file, by the suite's name."""
        return {row[0]: self._plan(*row) for row in self._rows("SELECT suite, plan FROM plans ORDER BY suite")}

    def statuses(self) -> dict[str, str]:
        """Return the status of the newest attempt of every run, by run id."""
        rows = self._rows("SELECT run_id, status, MAX(attempt) FROM runs GROUP BY run_id")
        return {run_id: status for run_id, status, _ in rows}

    def status(self, run_id: str) -> str | None:
        """Return the status of one run's newest attempt, None where it was never recorded."""
        rows = self._rows("SELECT status FROM runs WHERE run_id = ? ORDER BY attempt DESC LIMIT 1", run_id)
        return next((status for (status,) in rows), None)

    def records(self, run_ids: Iterable[str] | None = None) -> Iterator[RunRecord]:
        """Yield the newest attempt of every run, oldest first; of those run ids only, if any are given."""
        wanted = None if run_ids is None else set(run_ids)
        rows = self._rows(
            "SELECT run_id, record FROM runs AS this "
            "WHERE attempt = (SELECT MAX(attempt) FROM runs WHERE run_id = this.run_id) ORDER BY rowid"
        )
        yield from (self._record(*row) for row in rows if wanted is None or row[0] in wanted)

    def attempts(self, run_ids: Iterable[str] | None = None) -> Iterator[RunRecord]:
        """Yield every attempt of every run, oldest first; of those run ids only, if any are given."""
        wanted = None if run_ids is None else set(run_ids)
        rows = self._rows("SELECT run_id, record FROM runs ORDER BY rowid")
        yield from (self._record(*row) for row in rows if wanted is None or row[0] in wanted)

    def find(self, prefix: str) -> list[RunRecord]:
        """Return every attempt, oldest first, of the one run whose id begins with `prefix`."""
        found = "SELECT run_id, record FROM runs WHERE substr(run_id, 1, ?) = ? ORDER BY attempt"
        rows = list(self._rows(found, len(prefix), prefix))
        identities = {run_id for run_id, _ in rows}
        if len(identities) != 1:
            known = identities or set(self.statuses())
            raise UnknownName("run", prefix, sorted(known)[:10], place=str(self.path))
        return [self._record(*row) for row in rows]

    def artifact(self, record: RunRecord, name: str) -> bytes:
        """Return the bytes of one artifact of a record."""
        found = "SELECT content FROM artifacts WHERE run_id = ? AND attempt = ? AND name = ?"
        for (content,) in self._rows(found, record.run.run_id, record.attempt, name):
            return bytes(content)
        raise StoreError(f"run {record.run.run_id} has no artifact {name!r} in {self.path}")

    def _rows(self, sql: str, *parameters: Value) -> Iterator[tuple[Any, ...]]:
        try:
            # `yield from` would close the cursor of a reader who stops early, which fails once the file is closed.
            for row in self._connection.execute(sql, parameters):  # noqa: UP028 - see above
                yield row
        except sqlite3.Error as error:
            cure = RESCUE.format(shlex.quote(str(self.path))) if _code(error) in DAMAGE else ""
            raise StoreError(f"cannot read {self.path}: {error}{cure}") from error

    def _plan(self, suite: str, text: str) -> SuitePlan:
        return self._parse(SuitePlan, text, f"the plan of suite {suite}")

    def _record(self, run_id: str, text: str) -> RunRecord:
        return self._parse(RunRecord, text, f"run {run_id}")

    def _parse(self, kind: type[R], text: str, what: str) -> R:
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            reason = ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
            raise StoreError(
                f"{what} in {self.path} cannot be read: {reason}. Where a newer depthbench wrote it: "
                "pip install --upgrade depthbench"
            ) from error

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
        _assert_ours(self._connection, self.path)
        # WAL lets readers go on while a run is committed; file systems without shared memory answer with another mode.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        while _version(self._connection) < SCHEMA_VERSION:
            with self._transaction() as connection:
                _migrate(connection)


def _connect(path: Path | str, *, is_uri: bool = False) -> sqlite3.Connection:
    # autocommit: each transaction is written out explicitly
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, uri=is_uri)


def _open_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that is there without changing it; one of an older schema is read from a migrated copy in memory."""
    if not path.is_file():
        raise StoreError(f"no results at {path}. Run a suite first: bench run quickstart --store {path}")
    connection = _connect_to_read(path)
    _assert_ours(connection, path)
    if _version(connection) == SCHEMA_VERSION:
        return connection
    with closing(connection):
        copy = _connect(":memory:")
        connection.backup(copy)
    while _version(copy) < SCHEMA_VERSION:
        _migrate(copy)
    return copy


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Connect to a file that may lie in a folder that cannot be written to.

    Not with mode=ro: such a reader leaves a -wal and a -shm behind, and cannot tidy up after a writer that was killed.
    """
    uri = path.absolute().as_uri()
    connection = _connect(f"{uri}?mode=rw", is_uri=True)
    try:
        connection.execute("PRAGMA query_only = ON")
        _version(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        if _code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise StoreError(
                f"cannot read {path}: its latest runs lie in {log.name}, and its folder cannot be written to. "
                "Copy both into another folder and read them there"
            ) from error
        # SQLite would make a -wal here; without one to heed, nobody is writing.
        connection = _connect(f"{uri}?immutable=1", is_uri=True)
    return connection


def _assert_ours(connection: sqlite3.Connection, path: Path) -> None:
    # In one transaction: another process may be making the tables just now.
    connection.execute("BEGIN")
    version = _version(connection)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    connection.execute("COMMIT")
    if tables and (version == 0 or "runs" not in tables):
        raise StoreError(
            f"{path} is no results file: it holds the table(s) {', '.join(tables[:5])} of another program. "
            "Name another file with --store"
        )
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer depthbench (schema {version}, this one knows {SCHEMA_VERSION}): "
            "pip install --upgrade depthbench"
        )


def _migrate(connection: sqlite3.Connection) -> None:
    """Take a file one version further, where no other process has done so meanwhile."""
    version = _version(connection)
    if version < SCHEMA_VERSION:
        for statement in filter(str.strip, MIGRATIONS[version].split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; the bits above it tell apart cases of one kind."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def load_records(path: Path | str) -> pd.DataFrame:
    """Return a results file as a pandas frame: one row per run (its newest attempt), failed ones included.

    Columns: the plan (`suite`, `label`, `dataset`, `seed` …), `status`, times in seconds, memory in bytes,
    `score.<name>` for every score and `hyperparameter.<name>` for every hyperparameter.
    """
    import pandas as pd

    with Store(path, create=False) as store:
        return pd.DataFrame([record.row() for record in store.records()])
