"""The store keeps what was committed, from several writers, across versions."""

from __future__ import annotations

import gc
import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from bench import load_records
from bench.errors import StoreError
from bench.record import PlannedRun, RunRecord, Score, SuitePlan
from bench.store import open_store
from bench.store.sqlite import SQLiteStore
from bench.store.sqlite_file import SCHEMA_VERSION


def planned(run_id: str = "a1", seed: int = 0, **changes: object) -> PlannedRun:
    fields: dict[str, object] = {
        "run_id": run_id, "suite": "s", "label": "mlp", "model": "mlp", "family": "deep", "task": "classification",
        "dataset": "iris", "protocol": "fixed-budget", "settings": {}, "variant": {}, "hyperparameters": {"width": 8},
        "seed": seed, "device": "cpu", "threads": 1, "identity": {"seed": str(seed)},
    }  # fmt: skip
    return PlannedRun.model_validate(fields | changes)


def record(run_id: str = "a1", status: str = "ok", seed: int = 0, **changes: object) -> RunRecord:
    times = {"started_at": "2026-01-01T00:00:00+00:00", "finished_at": "2026-01-01T00:00:01+00:00"}
    return RunRecord.model_validate({"run": planned(run_id, seed), "status": status, **times, **changes})


def _write(path: Path, writer: int) -> None:
    with open_store(path, create=True) as store:
        for seed in range(20):
            store.append(record(f"{writer}-{seed}", seed=seed))
            store.append(record("shared"))


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with open_store(path, create=True) as store:
        assert len(list(store.records())) == 61
        assert len(store.find("shared")) == 60


def test_records_load_as_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with open_store(path, create=True) as store:
        store.append(record("a", scores=[Score(name="accuracy", value=0.5, higher_is_better=True)]))
        store.append(record("b", status="failed", seed=1))
    frame = load_records(path)
    assert list(frame["seed"]) == [0, 1]
    assert frame["score.accuracy"].iloc[0] == 0.5
    assert frame["score.accuracy"].isna().iloc[1]
    assert frame["hyperparameter.width"].tolist() == [8, 8]


def test_a_missing_file_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no results at .*none\.sqlite\. Run a suite first: bench run quickstart"):
        load_records(tmp_path / "none.sqlite")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but quite long enough to look like one" * 100)
    with pytest.raises(StoreError, match="cannot open the results file"):
        open_store(path, create=True)


def test_a_newer_schema_is_refused_and_an_empty_file_migrated(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    sqlite3.connect(path).close()
    open_store(path, create=True).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match="written by a newer depthbench"):
        open_store(path, create=True)


def plan(*runs: PlannedRun) -> SuitePlan:
    return SuitePlan(suite="s", planned_at="2026-01-01T00:00:00+00:00", command="bench run s", runs=runs)


def test_a_plan_follows_its_suite() -> None:
    old = plan(planned("a", 0), planned("b", 1), planned("c", 0, device="cuda"))
    ids = {
        replace: {run.run_id for run in old.merged(plan(planned("d", 0)), replace=replace).runs}
        for replace in (True, False)
    }
    assert ids == {True: {"c", "d"}, False: {"b", "c", "d"}}


# Schema 1, as the first version wrote it: never to be edited.
FIRST_SCHEMA = """
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
    PRAGMA user_version = 1;
"""
FIRST_RECORD = (
    '{"run":{"run_id":"a1","suite":"s","label":"mlp","model":"mlp","family":"deep","task":"classification",'
    '"dataset":"iris","protocol":"fixed-budget","settings":{},"variant":{},"hyperparameters":{"width":8},"seed":0,'
    '"device":"cpu","threads":1,"identity":{"seed":"0"}},"status":"ok","started_at":"2026-01-01T00:00:00+00:00",'
    '"finished_at":"2026-01-01T00:00:01+00:00"}'
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A results file as the first version left it, with one run."""
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST_SCHEMA)
    connection.execute("INSERT INTO runs VALUES ('a1', 1, 's', 'ok', '2026-01-01', ?)", (FIRST_RECORD,))
    connection.commit()
    connection.close()
    return path


def test_a_file_of_the_first_schema_is_read_and_left_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with open_store(old, create=False) as store:
        (kept,) = store.records()
        assert kept == record()
        assert (store.statuses(), store.answer(kept), kept.truth) == ({"a1": "ok"}, None, "")
        with pytest.raises(StoreError, match="cannot write to"):
            store.append(record("lost"))
    assert old.read_bytes() == before
    assert list(old.parent.iterdir()) == [old]


def test_a_file_of_the_first_schema_goes_on_in_the_newest(old: Path) -> None:
    with open_store(old, create=True) as store:
        store.append(record("b2"), answer=b"answer", truth=b"truth")
    with open_store(old, create=False) as store:
        first, second = store.records()
        assert (store.answer(first), store.answer(second), store.truth(second.truth)) == (None, b"answer", b"truth")


def test_a_run_is_found_without_looking_at_the_others(tmp_path: Path) -> None:
    def steps(count: int) -> int:
        """Return SQLite's own count of instructions for finding one run of so many, in all the ways there are."""
        path, text = tmp_path / f"{count}.sqlite", record().model_dump_json()
        open_store(path, create=True).close()
        connection = sqlite3.connect(path)
        rows = ((f"{number:05}", text) for number in range(count))
        connection.executemany("INSERT INTO runs VALUES (?, 1, 's', 'ok', '', ?)", rows)
        connection.commit()
        connection.close()
        taken = []
        with open_store(path, create=False) as store:
            assert isinstance(store, SQLiteStore)
            store._connection.set_progress_handler(lambda: taken.append(1), 1)
            assert store.status("00007") == "ok"
            assert len(store.find("00007")) == len(list(store.records(["00007"]))) == 1
        return len(taken)

    assert steps(3000) <= 1.2 * steps(30)


def test_the_collector_is_held_back_only_while_records_are_read(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        for run_id in "abc":
            store.append(record(run_id))
        reading = store.records()
        assert gc.isenabled()
        next(reading)
        assert not gc.isenabled()
        del reading
        assert gc.isenabled()
        with pytest.raises(ZeroDivisionError):
            [1 / 0 for _ in store.records()]
        assert gc.isenabled()
        assert len(list(store.records())) == 3
        assert gc.isenabled()
