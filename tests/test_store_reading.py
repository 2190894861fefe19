"""Reading a results file never changes it, sees all that was committed, and says what is wrong with a bad one."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.errors import StoreError
from bench.record import SuitePlan
from bench.store import open_store
from tests.conftest import Bench
from tests.permissions import as_user
from tests.test_store import planned, record

WRITER = """
import sys, time
from bench.store import open_store
from tests.test_store import record
store = open_store(sys.argv[1], create=True)
for number in range(3):
    store.append(record(f"run-{number}", seed=number))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A results file with one run, in a folder that cannot be written to."""
    # A name that a URI would take for a query and an escape.
    folder = tmp_path / "kept?mode=rwc #1%41"
    with open_store(folder / "s.sqlite", create=True) as store:
        store.append(record())
        run = planned()
        store.set_plan(SuitePlan(suite="s", planned_at="2026-01-01", command="bench run s", runs=(run,)))
    folder.chmod(0o555)
    yield folder / "s.sqlite"
    folder.chmod(0o755)


@contextmanager
def writing(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that commits three runs and keeps the file open."""
    words = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(words, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def damage(path: Path) -> None:
    """Overwrite every page but the first, which holds the schema."""
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)


def test_a_file_in_a_read_only_folder_is_shown_and_reported(bench: Bench, kept: Path) -> None:
    shown = as_user(bench, "show", "--json", "--store", str(kept))
    assert shown.returncode == 0, shown.stderr
    assert [each["run_id"] for each in json.loads(shown.stdout)] == ["a1"]
    report = as_user(bench, "report", "--store", str(kept), "--output", "here", "--formats", "csv")
    assert report.returncode == 0, report.stderr
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.parametrize(
    "words", [("report",), ("report", "--output", "{}/report"), ("show", "a1", "--artifacts", "{}/a")]
)
def test_a_folder_that_cannot_be_written_is_named(bench: Bench, kept: Path, words: tuple[str, ...]) -> None:
    result = as_user(bench, *(word.format(kept.parent) for word in words), "--store", str(kept))
    assert result.returncode == 3
    assert result.stderr.startswith(f"Error: {kept.parent}/")
    assert "Permission denied" in result.stderr


def test_latest_runs_in_a_read_only_folder_are_not_passed_over(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "kept" / "s.sqlite"
    with writing(path):
        pass
    # As after copying the two files that hold data.
    path.with_name("s.sqlite-shm").unlink()
    path.parent.chmod(0o555)
    result = as_user(bench, "show", "--store", str(path))
    path.parent.chmod(0o755)
    assert result.returncode == 3
    assert "s.sqlite-wal" in result.stderr
    assert "Copy both into another folder" in result.stderr


@pytest.mark.parametrize("how", [None, signal.SIGKILL])
def test_every_committed_run_is_read_while_another_writes_and_after_it_was_killed(
    tmp_path: Path, how: signal.Signals | None
) -> None:
    path = tmp_path / "s.sqlite"
    with writing(path) as process:
        if how:
            process.send_signal(how)
            process.wait()
        for _ in range(2):
            with open_store(path, create=False) as store:
                assert [each.run.run_id for each in store.records()] == ["run-0", "run-1", "run-2"]
        assert (process.poll() is None) == (how is None)


def test_runs_committed_while_the_file_is_being_read_are_seen(tmp_path: Path) -> None:
    with (
        open_store(tmp_path / "s.sqlite", create=True) as writing,
        open_store(tmp_path / "s.sqlite", create=False) as reading,
    ):
        for count in range(3):
            assert len(list(reading.records())) == count
            writing.append(record(f"run-{count}"))


def test_reading_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with open_store(path, create=True) as store:
        store.append(record())
    before = path.read_bytes()
    with open_store(path, create=False) as store:
        assert store.statuses() == {"a1": "ok"}
        with pytest.raises(StoreError, match="cannot write to"):
            store.append(record())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_whose_tables_were_not_made_yet_holds_no_runs_and_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.touch()
    with open_store(path, create=False) as store:
        assert (store.statuses(), store.plans(), list(store.records())) == ({}, {}, [])
    assert path.read_bytes() == b""


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("version", [0, 1, 7])
def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path, version: int, create: bool) -> None:
    path = tmp_path / "places.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (title TEXT)")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(
        StoreError, match=r"places\.sqlite is no results file: it holds the table\(s\) bookmarks.*--store"
    ):
        open_store(path, create=create)
    assert path.read_bytes() == before


@pytest.mark.parametrize("words", [("show",), ("show", "a1"), ("report",), ("doctor",), ("compare", "s", "t")])
def test_a_damaged_page_is_told_with_its_cure(bench: Bench, words: tuple[str, ...]) -> None:
    path = bench.folder / "s.sqlite"
    with open_store(path, create=True) as store:
        store.append(record())
        store.set_plan(SuitePlan(suite="s", planned_at="2026-01-01", command="bench run s", runs=(planned(),)))
    damage(path)
    result = bench(*words, "--store", str(path), code=None)
    assert result.returncode == (1 if words == ("doctor",) else 3)
    assert "Traceback" not in result.stderr
    assert f"cannot read {path}: database disk image is malformed" in result.stdout + result.stderr
    assert ".recover" in result.stdout + result.stderr


def change(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "UPDATE runs SET record = json_set(record, '$.mood', 'good')",
            "run a1 in {} cannot be read: mood: Extra inputs",
        ),
        ("UPDATE runs SET record = 'half a rec'", "run a1 in {} cannot be read: Invalid JSON"),
        ("UPDATE plans SET plan = '{}'", "the plan of suite s in {} cannot be read: suite: Field required"),
    ],
)
def test_a_record_that_cannot_be_read_is_named(bench: Bench, sql: str, message: str) -> None:
    path = bench.folder / "s.sqlite"
    with open_store(path, create=True) as store:
        store.append(record())
        store.set_plan(SuitePlan(suite="s", planned_at="2026-01-01", command="bench run s", runs=(planned(),)))
    change(path, sql)
    stderr = bench("report", "--store", str(path), code=3).stderr
    assert message.format(path) in stderr
    assert "pip install --upgrade depthbench" in stderr
    assert "Traceback" not in stderr
