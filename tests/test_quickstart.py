"""The suite `quickstart`: three minutes, five splits of each small table, curves that are flat or said not to be."""

from __future__ import annotations

import time

import pytest

from bench.evidence import was_flat
from bench.record import RunRecord
from bench.store import open_store
from bench.suite import load_suite
from tests.conftest import Bench

GENERATORS = {"gan", "dcgan", "vae"}


def test_every_budget_leaves_curves_to_be_judged() -> None:
    """A rate that falls to zero flattens every curve, and of fewer than ten evaluations nothing can be said."""
    suite = load_suite("quickstart").suite
    assert len(suite.seeds) == 5
    for compare in suite.compare:
        settings = compare.protocol.settings
        assert settings.get("schedule", "constant") == "constant"
        assert settings["evaluations"] >= 40
        assert settings.get("patience", 0) >= 12 or compare.task.name == "image-generation"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_ends_in_three_minutes_and_every_classifier_is_flat(bench: Bench) -> None:
    began = time.monotonic()
    bench("run", "quickstart")
    seconds = time.monotonic() - began
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        records: list[RunRecord] = list(store.records())
    assert len(records) == 125
    rising = {record.run.label for record in records if was_flat(record) is False}
    assert rising <= GENERATORS
    judged = {record.run.label for record in records if was_flat(record) is not None}
    assert judged == GENERATORS | {"mlp-1", "mlp", "lenet", "resnet-small"}
    splits = {record.run.split.number for record in records if record.run.task == "classification"}
    assert splits == set(range(5))
    assert seconds < 180
