"""The example plugin is a distribution like any stranger's: built as a wheel, installed, listed, run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

from tests.conftest import Bench

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "bench-hello"
RUN = ("run", "quickstart", "--models", "hello", "--datasets", "iris", "--seeds", "1", "--json")


@pytest.fixture
def with_example(bench: Bench) -> Bench:
    """Put the example on the path with the metadata that its own pyproject.toml asks for."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    place = bench.folder / "installed"
    shutil.copytree(EXAMPLE / "src", place, ignore=shutil.ignore_patterns("__pycache__"))
    info = place / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = "".join(f"{key} = {value}\n" for key, value in project["entry-points"]["bench"].items())
    (info / "entry_points.txt").write_text(f"[bench]\n{points}")
    bench.plugins.append(place)
    return bench


def test_its_model_is_listed_and_runs_in_quickstart(with_example: Bench) -> None:
    models = {model["name"]: model for model in json.loads(with_example("list", "models", "--json").stdout)}
    assert models["hello"]["owner"]["distribution"] == "bench-hello"
    assert json.loads(with_example(*RUN).stdout)["made"] == {"ok": 1}
    (record,) = with_example.records()
    assert (record["run"]["label"], record["run"]["dataset"]) == ("hello", "iris")
    # Only the linear layer behind the random features learns: 512 · 3 weights and 3 biases, one layer.
    assert record["size"]["trainable_parameter_count"] == 512 * 3 + 3
    assert record["size"]["depth"] == 1
    assert next(score["value"] for score in record["scores"] if score["name"] == "accuracy") > 0.8


def test_its_own_tests_pass(with_example: Bench) -> None:
    shutil.copytree(EXAMPLE / "tests", with_example.folder / "tests")
    shutil.copy(EXAMPLE / "pyproject.toml", with_example.folder)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=with_example.folder,
        env=with_example.environment, capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout


@pytest.mark.slow
def test_as_a_wheel_in_a_fresh_environment(tmp_path: Path) -> None:
    """Build both wheels and install them where neither was before; the gigabytes of libraries are borrowed."""
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=True)
    for project in (ROOT, EXAMPLE):
        _pip(fresh, "wheel", "--no-deps", "--wheel-dir", str(tmp_path / "wheels"), str(project))
    wheels = [str(path) for path in (tmp_path / "wheels").glob("*.whl")]
    assert sorted(Path(path).name.split("-")[0] for path in wheels) == ["bench_hello", "depthbench"]
    _pip(fresh, "install", "--no-deps", "--no-index", *wheels)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(fresh)}))
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BENCH_STORE")}

    def bench(*words: str) -> str:
        command = [str(fresh / "bin" / "bench"), *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=250
        ).stdout

    where = subprocess.run(
        [str(fresh / "bin" / "python"), "-c", "import bench, bench_hello; print(bench.__file__, bench_hello.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert all(path.startswith(str(fresh)) for path in where.split()), where
    assert "hello" in {model["name"] for model in json.loads(bench("list", "models", "--json"))}
    assert json.loads(bench(*RUN))["made"] == {"ok": 1}


def _pip(fresh: Path, *words: str) -> None:
    command = [str(fresh / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    if result.returncode and "No matching distribution found for hatchling" in result.stderr:
        pytest.skip("the wheel cannot be built: hatchling cannot be fetched from a package registry")
    assert result.returncode == 0, result.stdout + result.stderr
