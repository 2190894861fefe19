"""A suite of series from the command line to the report, on data that need no download."""

from __future__ import annotations

import pytest

import bench as depthbench
from bench.evidence import SampleScores
from bench.plugins import discover
from bench.store import open_store
from bench.suite import load_suite
from tests.conftest import Bench

SUITE = """
seeds = 2
threads = 1

[[compare]]
task = { name = "forecasting", look_back = 22, horizon = 11, stride = 2 }
datasets = ["sunspots"]
models = ["baseline", "seasonal-naive", "arima", "dlinear"]
protocol = { name = "fixed-budget", steps = 30, batch_size = 16 }
"""


def test_a_series_is_forecast_scored_and_reported(bench: Bench) -> None:
    pytest.importorskip("statsmodels")
    told = bench("run", str(bench.suite(SUITE))).stdout
    assert "MSE (standardised)" in told
    frame = depthbench.load_records(bench.folder / "bench-results" / "bench.sqlite")
    assert set(frame.status) == {"ok"}
    # Each seed has a cut of its own, and a cut that ends earlier.
    assert sorted(frame[frame.label == "dlinear"]["split"]) == [0, 1]
    mean = frame.groupby("label")["score.standardised_mse"].mean()
    assert mean["seasonal-naive"] < mean["baseline"]
    for name in ("standardised_mae", "smape", "mase", "rmse", "mae", "r2"):
        assert bool(frame[f"score.{name}"].notna().all()), name
    _test_samples_count_as_a_series(bench)
    page = (bench.folder / "bench-results" / "report" / "suite" / "report.md").read_text(encoding="utf-8")
    # What papers report stands in the first table.
    heading = next(line for line in page.splitlines() if line.startswith("| Model |"))
    assert all(
        f"| {title}\N{NO-BREAK SPACE}↓ |" in heading for title in ("MSE (standardised)", "MAE (standardised)", "MASE")
    )
    assert "in the order of time" in page
    assert "National Geophysical Data Center" in page


def _test_samples_count_as_a_series(bench: Bench) -> None:
    metrics = {name: offer.spec for name, offer in discover().metrics.items()}
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        samples = SampleScores(store.answer, store.truth, metrics)
        for record in store.records():
            assert samples.is_series(record)
            found = samples.read(record, ["standardised_mse", "mase", "rmse", "r2"])
            assert set(found) == {"standardised_mse", "mase", "rmse", "r2"}
            # A value for each window of the test part, in the order of time, whose mean is the score.
            assert found["standardised_mse"].shape == (26,)
            for name, values in found.items():
                assert values.mean() == pytest.approx(record.score(name), rel=1e-6)
        assert samples.problems == ()


@pytest.mark.parametrize("name", ["series", "series-small"])
def test_suites_of_series_compare_with_the_literature_or_need_no_download(name: str) -> None:
    suite = load_suite(name).suite
    settings = {entry.dataset: compare.task.settings for compare in suite.compare for entry in compare.datasets}
    if name == "series":
        assert {key: settings["etth1"][key] for key in ("look_back", "horizon")} == {"look_back": 96, "horizon": 96}
        assert settings["etth1"].get("stride", 1) == 1
    else:
        assert set(settings) == {"sunspots", "el-nino"}
    assert all("baseline" in [model.model for model in compare.models] for compare in suite.compare)
