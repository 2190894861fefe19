"""A generator may do its worst, asked for classes or not: each run gets a clear reason, honest ones are unharmed."""

from __future__ import annotations

from typing import Any

import pytest

from bench.metrics.faults import generator_faults
from bench.record import Score
from tests.conftest import Bench
from tests.faults.generators import SOURCE

pytest.importorskip("sklearn", reason="needs the data extra")

TASKS = ("image-generation", "conditional-generation")
# The tasks differ in what they give, so a few of them are asked for both.
FEW = ("honest", "late-nan", "constant", "wide", "few", "gaussian")
LIMIT = 6
SUITE = """
    seeds = 1
    threads = 1
    [[compare]]
    task = "image-generation"
    datasets = ["digits"]
    models = [{few}]
    protocol = {{ name = "fixed-budget", steps = 8, evaluations = 1, learning_rate = 0.1 }}

    [[compare]]
    task = {{ name = "conditional-generation", real_labels = [20] }}
    datasets = ["digits"]
    models = [{every}]
    protocol = {{ name = "fixed-budget", steps = 8, evaluations = 1, learning_rate = 0.1 }}
"""

EXPECTED = {
    "honest": ("ok", ""),
    "nan": ("failed", "before any training 2 of 2 samples of Generator hold values that are not finite"),
    "late-nan": ("diverged", "samples of Generator hold values that are not finite"),
    "infinite": ("diverged", "samples of Generator hold values that are not finite"),
    "constant": ("ok", ""),
    "wide": ("ok", ""),
    "flat": ("failed", "answered with (287, 64); expected a tensor or an array of shape (287, 1, 8, 8)"),
    "few": ("failed", "answered with (286, 1, 8, 8); expected a tensor or an array of shape (287, 1, 8, 8)"),
    "many": ("failed", "answered with (574, 1, 8, 8); expected a tensor or an array of shape (287, 1, 8, 8)"),
    "listing": ("failed", "answered with list; expected a tensor or an array of shape (287, 1, 8, 8)"),
    "endless": ("timeout", f"not finished after {LIMIT} s"),
    "raises": ("failed", "ValueError: no more noise"),
    "deaf": ("ok", ""),
    "likelihood-nan": ("diverged", "359 of 359 likelihoods of real images are not a number"),
}
Records = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def outcomes(shared_bench: Bench) -> Records:
    shared_bench.plugin("faulty_generators", SOURCE)
    few, every = (", ".join(f'"{name}"' for name in names) for names in (FEW, (*EXPECTED, "gaussian")))
    suite = str(shared_bench.suite(SUITE.format(few=few, every=every)))
    ending = ",".join(name for name in (*EXPECTED, "gaussian") if name != "endless")
    # Only one of them needs a limit; a busy machine must not make the others pass it.
    for code, options in ((1, ("--models", ending)), (3, ("--models", "endless", "--timeout", str(LIMIT)))):
        result = shared_bench("run", suite, *options, "--no-report", code=code)
        assert "Traceback" not in result.stderr.replace("Traceback (most recent call last) in", "")
    assert shared_bench.survivors() == []
    return {(record["run"]["task"], record["run"]["label"]): record for record in shared_bench.records()}


def scores_of(record: dict[str, Any]) -> dict[str, Score]:
    return {score["name"]: Score(**score) for score in record["scores"]}


CELLS = [(task, name) for task in TASKS for name in EXPECTED if task != "image-generation" or name in FEW]


@pytest.mark.parametrize(("task", "name"), CELLS)
def test_status_and_reason(outcomes: Records, task: str, name: str) -> None:
    status, reason = EXPECTED[name]
    record = outcomes[task, name]
    assert record["status"] == status, record["reason"]
    assert reason in record["reason"]


@pytest.mark.parametrize("task", TASKS)
def test_what_was_known_before_the_failure_is_kept(outcomes: Records, task: str) -> None:
    for name in ("late-nan", "few"):
        assert outcomes[task, name]["data"]["train"]
        assert outcomes[task, name]["times"]["train_seconds"] > 0
        assert outcomes[task, name]["scores"] == []
    assert "in complain" in outcomes["conditional-generation", "raises"]["traceback"]


@pytest.mark.parametrize("task", TASKS)
def test_samples_beyond_the_bounds_are_clamped_and_counted(outcomes: Records, task: str) -> None:
    (note,) = (note for note in outcomes[task, "wide"]["notes"] if "lay outside" in note)
    assert "of the samples' values lay outside [-1, 1] and were clamped" in note
    assert not any("lay outside" in note for note in outcomes[task, "honest"]["notes"])


@pytest.mark.parametrize("task", TASKS)
def test_one_image_for_all_is_named(outcomes: Records, task: str) -> None:
    faults = generator_faults(scores_of(outcomes[task, "constant"]).values())
    assert any(fault.startswith("repeats few images") for fault in faults)
    assert "draws 1 of 10 classes" in faults


def test_whoever_does_not_heed_classes_is_named_and_whoever_does_is_not(outcomes: Records) -> None:
    named = {
        name: any(fault.startswith("does not heed") for fault in generator_faults(scores_of(record).values()))
        for (task, name), record in outcomes.items()
        if task == "conditional-generation" and record["status"] == "ok"
    }
    assert named == {"honest": False, "constant": True, "wide": False, "deaf": True, "gaussian": False}


@pytest.mark.parametrize("task", TASKS)
def test_honest_generators_beside_them_are_unharmed(outcomes: Records, task: str) -> None:
    """The same scores as in a suite of its own would have."""
    found = scores_of(outcomes[task, "gaussian"])
    distance = next(score for name, score in found.items() if name.startswith("fd:"))
    assert distance.value < 4
    assert found["modes_captured"].value == 10
    if task == "conditional-generation":
        assert found["conditional_accuracy"].value > 0.95
        assert found["augmentation_gain_20"].value > 0.1
