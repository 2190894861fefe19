"""Killed at any moment, a suite goes on where it was: every run is there once, nothing finished is repeated."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from pathlib import Path

from tests.conftest import Bench

SUITE = """
    seeds = 3
    [[compare]]
    task = "classification"
    datasets = ["iris", "wine"]
    models = ["mlp-1", "mlp"]
    protocol = { name = "fixed-budget", epochs = 4, batch_size = 32 }
"""


def finished(store: Path) -> dict[str, str]:
    """Return run id → the moment it finished, for every attempt."""
    if not store.exists():
        return {}
    connection = sqlite3.connect(store, timeout=60)
    try:
        rows = connection.execute("SELECT run_id || '/' || attempt, finished_at FROM runs").fetchall()
    except sqlite3.OperationalError:
        rows = []  # killed before the tables were made
    connection.close()
    return dict(rows)


def kill_everything(bench: Bench) -> None:
    while survivors := bench.survivors():
        for pid in survivors:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def test_a_suite_killed_at_five_random_moments_ends_complete(bench: Bench) -> None:
    suite, store = bench.suite(SUITE), bench.folder / "bench-results" / "bench.sqlite"
    generator = random.Random(0)
    kept: dict[str, str] = {}
    for kill in range(5):
        process = bench.start("run", str(suite), "--json", "--no-report")
        assert process.stderr is not None
        # From the first import to the middle of a run: kills land before, between and inside runs.
        wanted = kill // 2
        for line in process.stderr:
            wanted -= '"finished"' in line
            if wanted <= 0:
                break
        time.sleep(generator.uniform(0, 1.0))
        kill_everything(bench)
        process.communicate(timeout=60)
        now = finished(store)
        assert kept.items() <= now.items(), "a finished run was lost or made again"
        kept = now
        if now:
            report = bench("report", code=None)
            assert report.returncode == 0, report.stderr
    result = bench("run", str(suite), "--no-report")
    assert f"{len(kept)} were stored before" in result.stdout
    records = bench.records()
    assert len(records) == len({record["run"]["run_id"] for record in records}) == 12
    assert {record["status"] for record in records} == {"ok"}
    assert {record["attempt"] for record in records} == {1}
    assert kept.items() <= finished(store).items()
    assert "nothing new; 12 were stored before" in bench("run", str(suite), "--no-report").stdout
