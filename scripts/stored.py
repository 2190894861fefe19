"""Run a suite in a store of its own and read what it found as observations."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.evidence import Observations, SampleScores, observe
from bench.plugins import discover
from bench.record import RunRecord
from bench.store import open_store

__all__ = ["grouped", "read", "run"]

Reader = Callable[[list[RunRecord]], Observations]


def run(name: str, suite: str, folder: Path, *options: str) -> Path:
    """Run a suite, given as TOML, with the command line, as far as it is not stored already. Return the store.

    Raises RuntimeError where the command says more than that some runs failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, store = folder / f"{name}.toml", folder / "bench.sqlite"
    path.write_text(suite, encoding="utf-8")
    words = [sys.executable, "-m", "bench", "run", str(path), "--store", str(store), "--no-report", "--retry-failed"]
    code = subprocess.run([*words, *options], check=False).returncode  # noqa: S603 - the interpreter of this script
    if code not in {0, 1}:
        raise RuntimeError(f"bench run {path} ended with exit code {code}; what it printed says why")
    return store


@contextmanager
def read(store: Path) -> Iterator[tuple[list[RunRecord], Reader]]:
    """Open a store; yield its records and what turns some of one data set into the accuracy of each test sample."""
    metrics = {name: offer.spec for name, offer in discover().metrics.items()}
    with open_store(store, create=False) as opened:
        samples = SampleScores(opened.answer, opened.truth, metrics)
        yield list(opened.records()), lambda some: observe(some, "accuracy", samples)


def grouped(records: list[RunRecord], key: Callable[[RunRecord], str]) -> dict[str, list[RunRecord]]:
    """Return records by a key, in the order in which keys appear."""
    found: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        found[key(record)].append(record)
    return dict(found)
