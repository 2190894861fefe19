"""A plugin may do its worst: every run gets the right status and reason, nobody is left alive, others are unharmed."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.conftest import Bench
from tests.faults.models import SOURCE

SUITE = """
    seeds = 1
    [[compare]]
    task = "classification"
    datasets = ["iris"]
    models = [{models}]
    protocol = {{ name = "fixed-budget", epochs = 3, batch_size = 16 }}
"""

EXPECTED = {
    "healthy": ("ok", ""),
    "raises": ("failed", "ValueError: <script>alert('a $LaTeX_model$ | broke')</script>"),
    "hangs": ("timeout", "not finished after 6 s"),
    "hangs-in-c": ("timeout", "not finished after 6 s"),
    "segfaults": ("failed", "crashed with SIGSEGV"),
    "exits": ("failed", "ended with exit code 3"),
    "leaves": ("failed", "SystemExit: leaving early"),
    "allocates": ("out-of-memory", ""),
    "allocates-in-torch": ("out-of-memory", ""),
    "allocates-in-workers": ("out-of-memory", "more than 700 MB of memory in use, the limit (--memory-limit)"),
    "allocates-shared": ("out-of-memory", "more than 700 MB of memory in use, the limit (--memory-limit)"),
    "workers-share": ("out-of-memory", "more than 700 MB of memory in use, the limit (--memory-limit)"),
    "nan": ("diverged", "the training loss is nan"),
    "wrong-shape": ("failed", "expected logits of shape (2, 3)"),
    "prints": ("ok", ""),
    "leaves-child": ("ok", ""),
    "daemon": ("ok", ""),
    "kills-itself": ("killed", "killed from outside by SIGKILL"),
    "closes-output": ("ok", ""),
    "garbage": ("failed", "wrote something else to the channel of results: b'not a message'"),
    "no-model": ("failed", "returned None; expected a torch.nn.Module or a black box"),
}


@pytest.fixture(scope="module")
def outcomes(shared_bench: Bench) -> dict[str, dict]:
    shared_bench.plugin("faulty", SOURCE)
    names = [*EXPECTED, "logistic-regression"]
    suite = shared_bench.suite(SUITE.format(models=", ".join(f'"{name}"' for name in names)))
    result = shared_bench("run", str(suite), "--timeout", "6", "--memory-limit", "700MB", code=1)
    assert "Traceback" not in result.stderr.replace("Traceback (most recent call last) in", "")
    return {record["run"]["label"]: record for record in shared_bench.records()}


@pytest.mark.parametrize("name", EXPECTED)
def test_status_and_reason(outcomes: dict[str, dict], name: str) -> None:
    status, reason = EXPECTED[name]
    assert outcomes[name]["status"] == status, outcomes[name]["reason"]
    assert reason in outcomes[name]["reason"]


def test_healthy_models_beside_them_are_unharmed(outcomes: dict[str, dict]) -> None:
    for name in ("healthy", "logistic-regression"):
        assert {score["name"] for score in outcomes[name]["scores"]} >= {"accuracy", "log_loss"}


def test_what_was_measured_before_the_failure_is_kept(outcomes: dict[str, dict]) -> None:
    assert outcomes["nan"]["curve"]
    assert outcomes["raises"]["data"]["train"]
    assert 'raise ValueError("<script>' in outcomes["raises"]["traceback"]


def test_a_native_crash_leaves_its_traceback_in_the_output(outcomes: dict[str, dict]) -> None:
    assert "Segmentation fault" in outcomes["segfaults"]["output"]
    assert "string_at" in outcomes["segfaults"]["output"]


def test_megabytes_of_output_are_cut_and_counted(outcomes: dict[str, dict]) -> None:
    output = outcomes["prints"]["output"]
    assert len(output) < 80_000
    assert "bytes left out" in output
    assert output.startswith("spam")


def test_processes_left_behind_are_ended_and_noted(outcomes: dict[str, dict], shared_bench: Bench) -> None:
    assert shared_bench.survivors() == []
    for name in ("leaves-child", "daemon"):
        assert any("left" in note for note in outcomes[name]["notes"]), outcomes[name]["notes"]


def test_failed_runs_are_made_again_only_when_asked(outcomes: dict[str, dict], shared_bench: Bench) -> None:
    suite = str(shared_bench.folder / "suite.toml")
    options = ("--models", "healthy,exits", "--timeout", "6", "--memory-limit", "700MB", "--no-report")
    assert "nothing new" in shared_bench("run", suite, *options, code=1).stdout
    assert "1 failed" in shared_bench("run", suite, *options, "--retry-failed", code=1).stdout
    shown = shared_bench("show", outcomes["exits"]["run"]["run_id"]).stdout
    assert "2 of 2" in shown


TRACKER = """
    from bench import hookimpl

    @hookimpl
    def bench_run_finished(run, record):
        note(run.label, record.status, bool(record.curve))

    @hookimpl
    def bench_suite_finished(statuses, is_complete):
        note(statuses, is_complete)

    def note(*words):
        with open("events.txt", "a") as file:
            print(*words, file=file)
"""


def test_interrupt_ends_everything_and_keeps_what_finished_and_trackers_hear_of_it(bench: Bench) -> None:
    bench.plugin("faulty", SOURCE)
    bench.plugin("tracker", TRACKER)
    suite = bench.suite(SUITE.format(models='"healthy", "hangs-in-c", "leaves-child"'))
    process = bench.start("run", str(suite), "--json")
    assert process.stderr is not None
    for line in process.stderr:
        if '"started"' in line and "hangs-in-c" in line:
            break
    time.sleep(1)
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert bench.survivors() == []
    assert [record["run"]["label"] for record in bench.records()] == ["healthy"]
    assert (bench.folder / "events.txt").read_text().splitlines() == [
        "healthy ok True", "hangs-in-c killed False", "{'ok': 1} False",
    ]  # fmt: skip


def test_runs_die_with_the_coordinator(bench: Bench) -> None:
    bench.plugin("faulty", SOURCE)
    suite = bench.suite(SUITE.format(models='"hangs-in-c"'))
    process = bench.start("run", str(suite), "--json")
    assert process.stderr is not None
    for line in process.stderr:
        if '"started"' in line:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while bench.survivors() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bench.survivors() == []
