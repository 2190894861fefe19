"""The store keeps what was committed, from several writers, across versions."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from bench import load_records
from bench.errors import StoreError, UnknownName
from bench.record import Artifact, Environment, PlannedRun, RunRecord, Score, SuitePlan
from bench.store import open_store
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


def test_a_record_survives_the_trip(tmp_path: Path) -> None:
    scores = [
        Score(name="accuracy", value=0.5, higher_is_better=True),
        Score(name="x", value=float("nan"), higher_is_better=False),
    ]
    before = record(scores=scores, artifacts=[Artifact(name="samples.png", media_type="image/png")])
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        store.append(before, {"samples.png": b"\x89PNG"})
    with open_store(tmp_path / "s.sqlite", create=False) as store:
        after = next(store.records())
        assert after.model_dump_json() == before.model_dump_json()
        assert store.artifact(after, "samples.png") == b"\x89PNG"
        with pytest.raises(StoreError, match="no artifact 'other'"):
            store.artifact(after, "other")


def test_only_the_newest_attempt_counts_and_the_others_stay(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        store.append(record(status="failed", reason="first"))
        assert store.append(record(status="ok")).attempt == 2
        assert [found.status for found in store.records()] == ["ok"]
        assert store.statuses() == {"a1": "ok"}
        assert [found.status for found in store.find("a")] == ["failed", "ok"]


def test_every_attempt_can_be_read(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        for run_id, status in (("a1", "failed"), ("b2", "ok"), ("a1", "ok")):
            store.append(record(run_id, status=status))
        every = [(each.run.run_id, each.attempt, each.status) for each in store.attempts()]
        assert every == [("a1", 1, "failed"), ("b2", 1, "ok"), ("a1", 2, "ok")]
        assert [each.status for each in store.attempts(["a1"])] == ["failed", "ok"]
        assert list(store.attempts([])) == []


def test_a_run_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        store.append(record("abc"))
        store.append(record("abd"))
        assert store.find("abc")[0].run.run_id == "abc"
        for prefix in ("ab", "zz", "a%"):
            with pytest.raises(UnknownName, match="Available: abc, abd"):
                store.find(prefix)


def test_an_artifact_that_was_not_given_rolls_the_record_back(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        with pytest.raises(KeyError):
            store.append(record(artifacts=[Artifact(name="samples.png", media_type="image/png")]), {})
        assert list(store.records()) == []
        store.append(record())


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


def test_environments_are_kept_once(tmp_path: Path) -> None:
    environment = Environment(environment_id="e", facts={"cpu": "x"})
    with open_store(tmp_path / "s.sqlite", create=True) as store:
        store.add_environment(environment)
        store.add_environment(environment)
        assert store.environments() == {"e": environment}


def plan(*runs: PlannedRun) -> SuitePlan:
    return SuitePlan(suite="s", planned_at="2026-01-01T00:00:00+00:00", command="bench run s", runs=runs)


def test_a_plan_follows_its_suite() -> None:
    old = plan(planned("a", 0), planned("b", 1), planned("c", 0, device="cuda"))
    ids = {
        replace: {run.run_id for run in old.merged(plan(planned("d", 0)), replace=replace).runs}
        for replace in (True, False)
    }
    assert ids == {True: {"c", "d"}, False: {"b", "c", "d"}}
