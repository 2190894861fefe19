"""What a report of a thousand and of ten thousand records costs, from the store to the files."""

from __future__ import annotations

from itertools import islice

import pytest

from bench.cli.report import write_reports
from bench.plugins import discover
from bench.record import SuitePlan
from bench.store import open_store
from tests.report_records import ENVIRONMENT, classifiers

SEEDS = 20


@pytest.fixture(params=[1_000, 10_000])
def store(request, tmp_path):
    count = request.param
    datasets = (f"digits-{number}" for number in range(count))
    every = (record for name in datasets for record in classifiers(range(SEEDS), dataset=name))
    records = list(islice(every, count))
    plan = SuitePlan(
        suite="quickstart",
        planned_at="2026-03-01T09:00:00+00:00",
        command="bench run quickstart",
        runs=tuple(record.run for record in records),
    )
    with open_store(tmp_path / "bench.sqlite", create=True) as store:
        store.set_plan(plan)
        store.add_environment(ENVIRONMENT)
        for record in records:
            store.append(record)
        yield store


def test_report(benchmark, store, tmp_path):
    formats = ("html", "latex", "markdown", "csv")
    _, paths = benchmark.pedantic(write_reports, (store, discover(), (), tmp_path / "report", formats), rounds=2)
    sizes = {path.name: path.stat().st_size for path in paths}
    assert all(sizes.values())
    benchmark.extra_info["bytes"] = sizes
