"""The example plugin is a distribution like any stranger's: built as a wheel, installed, listed, run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Bench
from tests.examples import in_fresh_environment, install, own_tests

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "bench-hello"
RUN = ("run", "quickstart", "--models", "hello", "--datasets", "iris", "--seeds", "1", "--json")


@pytest.fixture
def with_example(bench: Bench) -> Bench:
    """Put the example on the path with the metadata that its own pyproject.toml asks for."""
    install(bench, EXAMPLE)
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
    assert "1 passed" in own_tests(with_example, EXAMPLE)


@pytest.mark.slow
def test_as_a_wheel_in_a_fresh_environment(tmp_path: Path) -> None:
    """Build both wheels and install them where neither was before; the gigabytes of libraries are borrowed."""
    bench = in_fresh_environment(tmp_path, EXAMPLE)
    assert "hello" in {model["name"] for model in json.loads(bench("list", "models", "--json"))}
    assert json.loads(bench(*RUN))["made"] == {"ok": 1}
