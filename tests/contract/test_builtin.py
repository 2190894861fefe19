"""Every built-in model, data set and task passes the tests that a plugin author runs."""

from __future__ import annotations

import os

import pytest

from bench.data import Dataset
from bench.errors import DataMissing
from bench.matching import refusal
from bench.plugins import Offer, discover
from bench.runner.matrix import task_of
from bench.specs import DatasetSpec, ModelSpec
from bench.testing import check_dataset, check_model, check_task, tiny_datasets

PLUGINS = discover()
METRICS = [offer.spec for offer in PLUGINS.metrics.values() if offer.missing() is None]


@pytest.mark.parametrize("name", PLUGINS.models)
def test_model(name: str) -> None:
    offer: Offer[ModelSpec] = PLUGINS.models[name]
    if missing := offer.missing():
        pytest.skip(str(missing))
    check_model(offer.spec)


@pytest.mark.parametrize("name", PLUGINS.datasets)
def test_dataset(name: str) -> None:
    offer: Offer[DatasetSpec] = PLUGINS.datasets[name]
    if missing := offer.missing():
        pytest.skip(str(missing))
    try:
        check_dataset(offer.spec, os.environ.get("BENCH_DATA"))
    except DataMissing as absent:
        pytest.skip(str(absent))


TASKS = [
    pytest.param(name, dataset, id=f"{name}-{dataset.spec.name}")
    for name in PLUGINS.tasks
    for dataset in tiny_datasets()
    if not refusal(task_of(PLUGINS.tasks[name]), dataset.spec)
]


@pytest.mark.parametrize(("name", "dataset"), TASKS)
def test_task(name: str, dataset: Dataset) -> None:
    check_task(PLUGINS.tasks[name].spec, dataset, metrics=METRICS)
