"""A report is read on laptops and in pipelines: making one imports no torch, and little else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.record import SuitePlan
from bench.store import open_store
from tests.report_records import ENVIRONMENT, classifiers

HEAVY = ("torch", "torchvision", "torchmetrics", "sklearn", "optuna")
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
