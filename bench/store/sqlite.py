"""Results in one SQLite file, every finished run committed before the next begins."""

from __future__ import annotations

import hashlib
import shlex
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.errors import StoreError
from bench.record import Environment, RunRecord, Score, SuitePlan
from bench.specs import Value
from bench.store.base import Store
from bench.store.parsing import parse, parse_records
from bench.store.sqlite_file import open_to_read, open_to_write, primary_code

__all__ = ["SQLiteStore", "open_sqlite"]

DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
RESCUE = ". Put back a whole copy of it, or begin another file with --store; sqlite3 {} .recover may save what is left"
# So many run ids are looked up one by one; more are found sooner by reading everything.
FEW = 500
NEWEST = "attempt = (SELECT MAX(attempt) FROM runs WHERE run_id = this.run_id)"
# Greater than any character of a run's id.
LAST = "\U0010ffff"


def open_sqlite(rest: str, *, create: bool) -> SQLiteStore:
    """Open what follows `sqlite:`, or a plain path; `///absolute/path` as in other URLs."""
    if rest.startswith("//") and not rest.startswith("///"):
        raise StoreError(f"sqlite:{rest} names a host. Write sqlite:///absolute/path or sqlite:relative/path")
    if not rest.strip("/"):
        raise StoreError(f"'{rest}' names no file to keep results in. Write sqlite:relative/path, or a plain path")
    return SQLiteStore(Path(rest.removeprefix("//") if rest.startswith("///") else rest), create=create)


class SQLiteStore(Store):
    """One file on a local disk: network file systems lack what its write-ahead log needs.

    A file of an older schema that is opened without `create` is read from a copy in memory, as it was when opened.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.location, self.folder = str(path), path.parent
        try:
            self._connection = open_to_write(path) if create else open_to_read(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open the results file {path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def append(
        self,
        record: RunRecord,
        artifacts: Mapping[str, bytes] | None = None,
        *,
        answer: bytes | None = None,
        truth: bytes | None = None,
    ) -> RunRecord:
        """Commit a record with all that belongs to it; return it with its attempt, and the key of its truth."""
        contents, run_id = artifacts or {}, record.run.run_id
        with self._transaction() as connection:
            newest = "SELECT COALESCE(MAX(attempt), 0) FROM runs WHERE run_id = ?"
            attempt = connection.execute(newest, (run_id,)).fetchone()[0] + 1
            key = _put_truth(connection, record, truth)
            kept = record.model_copy(update={"attempt": attempt, "truth": key})
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, attempt, kept.run.suite, kept.status, kept.finished_at, _text(kept)),
            )
            connection.executemany(
                "INSERT INTO artifacts VALUES (?, ?, ?, ?, ?)",
                [(run_id, attempt, each.name, each.media_type, contents[each.name]) for each in kept.artifacts],
            )
            if answer is not None:
                connection.execute("INSERT INTO answers VALUES (?, ?, ?)", (run_id, attempt, answer))
        return kept

    def rescore(self, record: RunRecord, scores: Sequence[Score]) -> RunRecord:
        """Replace the scores of one stored attempt and nothing else of it; return it as it is stored then."""
        place = (record.run.run_id, record.attempt)
        with self._transaction() as connection:
            found = "SELECT record FROM runs WHERE run_id = ? AND attempt = ?"
            row = connection.execute(found, place).fetchone()
            if row is None:
                raise StoreError(f"run {place[0]} has no attempt {place[1]} in {self.location}: nothing to score again")
            stored = parse(RunRecord, row[0], f"run {place[0]}", self.location)
            rescored = stored.model_copy(update={"scores": tuple(scores)})
            change = "UPDATE runs SET record = ? WHERE run_id = ? AND attempt = ?"
            connection.execute(change, (_text(rescored), *place))
        return rescored

    def records(self, run_ids: Iterable[str] | None = None, *, every_attempt: bool = False) -> Iterator[RunRecord]:
        """Yield the newest attempt of every run, or every one, oldest first; with run ids, of those alone."""
        wanted = None if run_ids is None else set(run_ids)
        conditions = [] if every_attempt else [NEWEST]
        few: tuple[str, ...] = ()
        if wanted is not None and len(wanted) <= FEW:
            few = tuple(wanted)
            conditions.append(f"run_id IN ({', '.join('?' * len(few))})")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = self._rows(f"SELECT run_id, record FROM runs AS this {where} ORDER BY rowid", *few)  # noqa: S608 - question marks and our own words
        return parse_records((row for row in rows if wanted is None or row[0] in wanted), self.location)

    def statuses(self, prefix: str = "") -> dict[str, str]:
        """Return the status of the newest attempt of every run whose id begins with `prefix`, by run id."""
        # A range of the index: a comparison of substrings would look at every run.
        found = "SELECT run_id, status, MAX(attempt) FROM runs WHERE run_id >= ? AND run_id < ? GROUP BY run_id"
        return {run_id: status for run_id, status, _ in self._rows(found, prefix, prefix + LAST)}

    def artifact(self, record: RunRecord, name: str) -> bytes:
        """Return the bytes of one artifact of a stored attempt."""
        found = "SELECT content FROM artifacts WHERE run_id = ? AND attempt = ? AND name = ?"
        content = self._content(found, record.run.run_id, record.attempt, name)
        if content is None:
            raise StoreError(f"run {record.run.run_id} has no artifact {name!r} in {self.location}")
        return content

    def answer(self, record: RunRecord) -> bytes | None:
        """Return what a stored attempt answered for every test sample; None where it kept none."""
        found = "SELECT content FROM answers WHERE run_id = ? AND attempt = ?"
        return self._content(found, record.run.run_id, record.attempt)

    def truth(self, key: str) -> bytes:
        """Return what answers are scored against, by a record's `truth`."""
        content = self._content("SELECT content FROM truths WHERE key = ?", key)
        if content is None:
            raise StoreError(f"there is no truth {key!r} in {self.location}")
        return content

    def environments(self) -> dict[str, Environment]:
        """Return every environment that runs were made in, by id."""
        rows = self._rows("SELECT environment_id, facts FROM environments")
        return {key: self._environment(key, facts) for key, facts in rows}

    def update_environment(
        self, environment_id: str, change: Callable[[Environment | None], Environment | None]
    ) -> None:
        """Replace an environment by what `change` makes of it, in one transaction."""
        with self._transaction() as connection:
            found = "SELECT facts FROM environments WHERE environment_id = ?"
            row = connection.execute(found, (environment_id,)).fetchone()
            after = change(self._environment(environment_id, row[0]) if row else None)
            if after is not None:
                replace = "INSERT OR REPLACE INTO environments VALUES (?, ?)"
                connection.execute(replace, (environment_id, after.model_dump_json()))

    def plans(self) -> dict[str, SuitePlan]:
        """Return the newest plan of every suite that was run into this file, by the suite's name."""
        rows = self._rows("SELECT suite, plan FROM plans ORDER BY suite")
        return {suite: self._plan(suite, text) for suite, text in rows}

    def update_plan(self, suite: str, change: Callable[[SuitePlan | None], SuitePlan]) -> None:
        """Replace a suite's plan by what `change` makes of it (None where there is none yet), in one transaction."""
        with self._transaction() as connection:
            row = connection.execute("SELECT plan FROM plans WHERE suite = ?", (suite,)).fetchone()
            after = change(self._plan(suite, row[0]) if row else None)
            connection.execute("INSERT OR REPLACE INTO plans VALUES (?, ?)", (suite, after.model_dump_json()))

    def _environment(self, key: str, text: str) -> Environment:
        return parse(Environment, text, f"environment {key}", self.location)

    def _plan(self, suite: str, text: str) -> SuitePlan:
        return parse(SuitePlan, text, f"the plan of suite {suite}", self.location)

    def _content(self, sql: str, *parameters: Value) -> bytes | None:
        return next((bytes(content) for (content,) in self._rows(sql, *parameters)), None)

    def _rows(self, sql: str, *parameters: Value) -> Iterator[tuple[Any, ...]]:
        try:
            # `yield from` would close the cursor of a reader who stops early, which fails once the file is closed.
            for row in self._connection.execute(sql, parameters):  # noqa: UP028 - see above
                yield row
        except sqlite3.Error as error:
            cure = RESCUE.format(shlex.quote(self.location)) if primary_code(error) in DAMAGE else ""
            raise StoreError(f"cannot read {self.location}: {error}{cure}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            # IMMEDIATE takes the write lock before the first read, so that two writers cannot pick the same attempt.
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreError(f"cannot write to {self.location}: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _put_truth(connection: sqlite3.Connection, record: RunRecord, truth: bytes | None) -> str:
    """Keep a truth unless it is kept already; return its key, that of the record where there is no new one."""
    key = record.truth if truth is None else hashlib.sha256(truth).hexdigest()
    is_kept = connection.execute("SELECT 1 FROM truths WHERE key = ?", (key,)).fetchone() is not None
    if key and not is_kept:
        if truth is None:
            raise StoreError(f"run {record.run.run_id} names the truth {key!r}, which was never given to this store")
        connection.execute("INSERT INTO truths VALUES (?, ?)", (key, truth))
    return key


def _text(record: RunRecord) -> str:
    return record.model_dump_json(exclude_defaults=True)
