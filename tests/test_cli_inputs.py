"""The images that a report shows of a test part."""

from __future__ import annotations

import numpy as np
import pytest

from bench.cli.inputs import InputImages
from bench.errors import DataMissing
from bench.plugins import discover
from bench.record import SplitPlan
from bench.sources import DataSource
from bench.specs import resolve
from tests.report_records import plan, record


@pytest.fixture(scope="module")
def plugins():
    return discover()


@pytest.fixture(scope="module")
def digits(plugins):
    spec = plugins.datasets["digits"].spec
    return resolve(spec.target)(DataSource.of(spec))


def run_on(dataset: str, split: SplitPlan, digest: str):
    return record(plan("lenet", dataset=dataset, split=split), data={"test": digest})


@pytest.mark.parametrize(
    "split", [SplitPlan(), SplitPlan(scheme="holdout", number=3), SplitPlan(scheme="kfold", number=1, count=5)]
)
def test_images_are_those_of_the_runs_own_test_part(plugins, digits, split):
    test = digits.resplit(split.scheme, split.number, split.count).test
    found = InputImages(plugins)(run_on("digits", split, test.sha256()))
    assert found is not None
    assert found.dtype == np.uint8
    assert found.shape == test.x.shape
    assert np.abs(found / 255 - test.x).max() <= 0.5 / 255 + 1e-9


def test_data_of_another_version_are_not_shown(plugins):
    assert InputImages(plugins)(run_on("digits", SplitPlan(), "another")) is None


@pytest.mark.parametrize("name", ["iris", "cifar10", "unheard-of"])
def test_tables_large_data_and_what_nobody_offers_have_no_pictures(plugins, name):
    assert InputImages(plugins)(run_on(name, SplitPlan(), "any")) is None


def test_what_is_not_at_hand_is_not_fetched(plugins, tmp_path):
    spec = plugins.datasets["mnist"].spec
    with pytest.raises(DataMissing):
        resolve(spec.target)(DataSource.of(spec, tmp_path))
    assert InputImages(plugins, tmp_path)(run_on("mnist", SplitPlan(), "any")) is None
    assert not list(tmp_path.iterdir())


def test_a_broken_data_set_is_named_and_costs_no_report(plugins, tmp_path, capsys):
    spec = plugins.datasets["mnist"].spec
    for file in spec.files:
        place = tmp_path / f"{file.path}.gz"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"no gzip")
    assert InputImages(plugins, tmp_path)(run_on("mnist", SplitPlan(), "any")) is None
    assert "no test samples of mnist are shown" in capsys.readouterr().err


def test_a_data_set_is_read_once(plugins, digits, monkeypatch):
    reads = []
    real = DataSource.read
    monkeypatch.setattr(DataSource, "read", lambda self, path: reads.append(path) or real(self, path))
    images = InputImages(plugins)
    for _ in range(3):
        images(run_on("digits", SplitPlan(), digits.test.sha256()))
    assert len(reads) == 1
