"""What it costs to append and to load ten thousand records."""

from __future__ import annotations

from itertools import islice

import pytest

from bench.store import load_records, open_store
from tests.report_records import classifiers

COUNT = 10_000


@pytest.fixture(scope="module")
def records():
    return list(islice(classifiers(range(COUNT)), COUNT))


@pytest.fixture(scope="module")
def filled(records, tmp_path_factory):
    path = tmp_path_factory.mktemp("filled") / "bench.sqlite"
    with open_store(path, create=True) as store:
        for record in records:
            store.append(record)
    return path


def test_append(benchmark, records, tmp_path):
    def append(path):
        with open_store(path, create=True) as store:
            for record in records:
                store.append(record)
            return len(store.statuses())

    paths = iter(tmp_path / f"{number}.sqlite" for number in range(100))
    count = benchmark.pedantic(append, setup=lambda: ((next(paths),), {}), rounds=3)
    assert count == COUNT


def test_load(benchmark, filled, records):
    def load():
        with open_store(filled, create=False) as store:
            return list(store.records())

    assert benchmark.pedantic(load, rounds=3) == records


def test_load_as_a_frame(benchmark, filled):
    frame = benchmark.pedantic(load_records, (filled,), rounds=3)
    assert len(frame) == COUNT
