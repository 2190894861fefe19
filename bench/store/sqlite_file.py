"""Open the file behind a SQLite store: whose it is, of which schema, and how to read it without changing it."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

from bench.errors import StoreError, StoreMissing

__all__ = ["SCHEMA_VERSION", "open_to_read", "open_to_write", "primary_code"]

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
    # A truth is stored under its SHA-256, once for all runs that share it. The index answers which runs there are
    # and how they ended without touching the records; that of the suites was never asked.
    """
    CREATE TABLE truths (key TEXT PRIMARY KEY, content BLOB NOT NULL);
    CREATE TABLE answers (
        run_id TEXT NOT NULL, attempt INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (run_id, attempt)
    );
    CREATE INDEX runs_by_status ON runs (run_id, attempt, status);
    DROP INDEX runs_by_suite;
    """,
)
SCHEMA_VERSION = len(MIGRATIONS)
BUSY_SECONDS = 60.0


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a file, made where there is none, and bring it to today's schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    try:
        _assert_ours(connection, path)
        # WAL lets readers go on while a run is committed; file systems without shared memory answer with another mode.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        while _version(connection) < SCHEMA_VERSION:
            connection.execute("BEGIN IMMEDIATE")
            try:
                _migrate(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path | str, *, is_uri: bool = False) -> sqlite3.Connection:
    # autocommit: each transaction is written out explicitly
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, uri=is_uri)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that is there without changing it; one of an older schema is read from a migrated copy in memory."""
    if not path.is_file():
        cure = f"Run a suite first: bench run quickstart --store {shlex.quote(str(path))}"
        raise StoreMissing(str(path.absolute()), cure)
    connection = _connect_to_read(path)
    _assert_ours(connection, path)
    if _version(connection) == SCHEMA_VERSION:
        return connection
    with closing(connection):
        copy = _connect(":memory:")
        connection.backup(copy)
    while _version(copy) < SCHEMA_VERSION:
        _migrate(copy)
    # What was written into the copy would be lost without a word.
    copy.execute("PRAGMA query_only = ON")
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
        if primary_code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise StoreError(
                f"cannot read {path}: its latest runs lie in {log.name}, and its folder cannot be written to. "
                "Copy both into another folder and read them there"
            ) from error
        # SQLite would make a -wal here; without one to heed, nobody is writing.
        connection = _connect(f"{uri}?immutable=1", is_uri=True)
        connection.execute("PRAGMA query_only = ON")
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


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; the bits above it tell apart cases of one kind."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
