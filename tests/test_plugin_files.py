"""A plugin that is one file serves every command that a packaged one serves, wholly."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import PluginError
from bench.plugin_files import with_files
from tests.conftest import Bench

PLUGIN = """\
from bench import DatasetSpec, MetricSpec, RendererSpec, Space, hookimpl
from bench.data import Dataset, Split
import numpy as np


@hookimpl
def bench_datasets():
    yield DatasetSpec(
        name="ramp", target="one_file:load", summary="a ramp", sample_count=60, licence="CC0", source="drawn",
        inputs=Space("c", (1,)), targets=Space(kind="index", size=2, names=("low", "high")),
    )


def load(source):
    x = np.linspace(0, 1, 60, dtype=np.float32)[:, None]
    return Dataset.cut(source.spec, Split(x, (x[:, 0] > 0.5).astype(np.int64)))


@hookimpl
def bench_metrics():
    yield MetricSpec(
        name="least_chance", arrays=("probabilities", "labels"), target="one_file:least", higher_is_better=True
    )


def least(probabilities, labels):
    return float(probabilities[np.arange(len(labels)), labels].min())


@hookimpl
def bench_renderers():
    yield RendererSpec(name="titles", target="one_file:render", suffix=".txt")


def render(report, folder):
    path = folder / "titles.txt"
    path.write_text("\\n".join(section.title for section in report.sections))
    return path


@hookimpl
def bench_suite_started(suite, runs):
    raise RuntimeError("not today")
"""
SUITE = """\
seeds = 1
[[compare]]
task = "classification"
datasets = ["{data}"]
models = ["baseline"]
protocol = {{ name = "fixed-budget", epochs = 1 }}
"""
OPTION = ("--plugin", "one_file.py")


@pytest.fixture
def folder(bench: Bench) -> Path:
    """Hold a plugin's file and nothing else that knows it."""
    (bench.folder / "one_file.py").write_text(PLUGIN)
    return bench.folder


def test_a_file_brings_its_data_and_its_format_into_a_run(bench: Bench, folder: Path) -> None:
    result = bench("run", str(bench.suite(SUITE.format(data="ramp"))), *OPTION)
    assert (folder / "bench-results/report/suite/titles.txt").read_text().startswith("ramp")
    assert "plugin one_file.py: bench_suite_started raised RuntimeError: not today" in result.stderr


def test_a_file_brings_its_metric_into_the_report_of_stored_runs(bench: Bench, folder: Path) -> None:
    bench("run", str(bench.suite(SUITE.format(data="iris"))), "--no-report")
    bench("report", "suite", "--output", "plain")
    bench("report", "suite", "--output", "with", *OPTION)
    assert [(folder / place / "titles.txt").exists() for place in ("plain", "with")] == [False, True]
    assert "Least chance" not in (folder / "plain/report.md").read_text()
    assert "Least chance" in (folder / "with/report.md").read_text()


def test_lists_and_data_take_a_file(bench: Bench, folder: Path) -> None:
    assert "one_file.py" in bench("list", "plugins", *OPTION).stdout
    assert "mlp-1" in bench("list", "cells", "--dataset", "ramp", *OPTION).stdout
    assert "ramp" in bench("data", "list", *OPTION).stdout
    assert "ok" in bench("data", "verify", "ramp", *OPTION).stdout
    bench("data", "fetch", "ramp", *OPTION)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def bench_models():\n    return []\n", "bench_models is not marked: write @hookimpl above it"),
        (
            "from bench import hookimpl\n\n@hookimpl\ndef bench_run_finished(run, recrod):\n    pass\n",
            "unknown argument of bench_run_finished 'recrod'. Did you mean 'record'? Available: record, run",
        ),
        (
            "from bench import Role, hookimpl\n\n@hookimpl\ndef bench_models():\n    yield Role('predict', no=3)\n",
            ".py, line 5)",
        ),
    ],
)
def test_a_slip_is_told_with_its_place_or_its_cure(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])
    path = tmp_path / f"slip_{abs(hash(source))}.py"
    path.write_text(source)
    with pytest.raises(PluginError) as told:
        with_files([path])
    assert message in str(told.value)
