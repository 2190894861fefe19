"""Every built-in model and data set passes the tests that a plugin author runs."""

from __future__ import annotations

import os

import pytest

from bench.errors import DataMissing
from bench.plugins import Offer, discover
from bench.specs import DatasetSpec, ModelSpec
from bench.testing import check_dataset, check_model

PLUGINS = discover()


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
