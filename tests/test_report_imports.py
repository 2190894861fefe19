"""A report is read on laptops and in pipelines: making one imports no torch, and little else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.record import SuitePlan
from bench.specs import resolve
from bench.store import open_store
from bench_reports import bench_renderers
from tests.report_records import ENVIRONMENT, classifiers
from tests.sample_report import sample_report

HEAVY = ("torch", "torchvision", "torchmetrics", "sklearn", "optuna", "matplotlib")
SCRIPT = """
import sys
from bench.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert ended.code in (0, None), ended.code
print("loaded:", *(name for name in %r if name in sys.modules))
"""


@pytest.fixture
def stores(tmp_path: Path) -> list[str]:
    """Two results files with the same runs."""
    paths = [tmp_path / "a.sqlite", tmp_path / "b.sqlite"]
    for path in paths:
        with open_store(path, create=True) as store:
            store.add_environment(ENVIRONMENT)
            records = list(classifiers(range(2)))
            for each in records:
                store.append(each)
            runs = tuple(each.run for each in records)
            store.set_plan(SuitePlan(suite="quickstart", planned_at="", command="bench run", runs=runs))
    return [str(path) for path in paths]


def loaded(*words: str) -> str:
    command = [sys.executable, "-c", SCRIPT % (HEAVY,), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_report_imports_no_torch(stores: list[str], tmp_path: Path) -> None:
    assert loaded("report", "--store", stores[0], "--output", str(tmp_path / "out")) == "loaded:"


def test_compare_imports_no_torch(stores: list[str]) -> None:
    assert loaded("compare", *stores) == "loaded:"


def test_offering_the_formats_imports_nothing_heavy() -> None:
    code = "import sys, bench_reports; list(bench_reports.bench_renderers()); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "plotly", "jinja2", "torch", "numpy", "rich", "matplotlib"} & set(run.stdout.split())


def test_offered_formats_resolve_and_name_their_suffix(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    specs = list(bench_renderers())
    assert {spec.name for spec in specs} == {"html", "markdown", "csv", "json", "latex", "figures"}
    assert [spec.name for spec in specs if not spec.is_default] == ["figures"]
    for spec in specs:
        assert resolve(spec.target)(sample_report(), tmp_path).suffix == spec.suffix
        assert set(spec.after) <= {each.name for each in specs}


def test_figures_need_matplotlib_and_say_so() -> None:
    (spec,) = (spec for spec in bench_renderers() if spec.name == "figures")
    assert (spec.requires, spec.extra) == (("matplotlib",), "figures")
