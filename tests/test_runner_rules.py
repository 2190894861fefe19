"""Rules of the runner that a user relies on without seeing them: threads, repetition, what is tried again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.measure.environment import disturbances
from bench.record import STATUSES, Environment
from bench.runner.session import Tally, pending
from bench.runner.sessions import OtherSessions
from bench.store import open_store
from tests.conftest import Bench

SUITE = """
    seeds = [3, 4]
    threads = 1
    [[compare]]
    task = "classification"
    datasets = ["iris"]
    models = ["{model}"]
    protocol = {{ name = "{protocol}", epochs = 2{more} }}
"""
MODELS = """
    from bench import ModelSpec, Real, Role, hookimpl
    from bench.spaces import CLASS

    @hookimpl
    def bench_models():
        for name in ("curious", "explosive"):
            yield ModelSpec(name=name, target=f"odd:{name.title()}", family="shallow",
                            roles=(Role("predict", target=CLASS),),
                            hyperparameters={"scale": Real(1.0, 0.1, 10.0)} if name == "explosive" else {})

    class Curious:
        def __init__(self, problem):
            self.classes = problem.output_size

        def fit(self, x, y):
            import sklearn.utils.fixes  # brings threadpoolctl and OpenMP, as scikit-learn's models do
            from threadpoolctl import threadpool_info

            print("threads:", {each["num_threads"] for each in threadpool_info()})

        def predict_proba(self, x):
            import numpy as np

            return np.full((len(x), self.classes), 1 / self.classes)

    def Explosive(problem, *, scale):
        from torch import nn

        class Network(nn.Linear):
            def training_step(self, batch):
                return self(batch.x).sum() * float("nan")

        return Network(problem.input_size, problem.output_size)
"""

PATIENT = """
    import os, time
    from pathlib import Path
    from bench import ModelSpec, Role, hookimpl
    from bench.spaces import CLASS

    @hookimpl
    def bench_models():
        yield ModelSpec(
            name="patient", target="patient:Patient", family="shallow", roles=(Role("predict", target=CLASS),)
        )

    class Patient:
        def __init__(self, problem):
            self.classes = problem.output_size

        def fit(self, x, y):
            Path("waiting").touch()
            while not ("IN_A_HURRY" in os.environ or Path("go").exists()):
                time.sleep(0.05)

        def predict_proba(self, x):
            import numpy as np

            return np.full((len(x), self.classes), 1 / self.classes)
"""


def test_libraries_of_a_black_box_keep_to_the_threads_of_the_run(bench: Bench) -> None:
    bench.plugin("odd", MODELS)
    suite = bench.suite(SUITE.format(model="curious", protocol="fixed-budget", more=""))
    bench("run", str(suite), "--no-report", "--seeds", "3-3")
    (record,) = bench.records()
    assert set(record["output"].split("threads: ")[1:]) == {"{1}\n"}


def test_a_search_in_which_all_trials_diverge_is_a_divergence(bench: Bench) -> None:
    bench.plugin("odd", MODELS)
    suite = bench.suite(SUITE.format(model="explosive", protocol="tuned", more=", trials = 3"))
    bench("run", str(suite), "--no-report", "--seeds", "3-3", code=3)
    (record,) = bench.records()
    assert record["status"] == "diverged"
    assert "all of 3 trials" in record["reason"]
    refused = bench("show", record["run"]["run_id"], "--as-suite", code=2)
    assert "before it had found a setting" in refused.stderr


def test_runs_side_by_side_need_cores_of_their_own(bench: Bench) -> None:
    count = len(os.sched_getaffinity(0))
    if count < 2:
        pytest.skip("needs two cores")
    suite = bench.suite(SUITE.format(model="mlp-1", protocol="fixed-budget", more=""))
    refused = bench("run", str(suite), "--jobs", str(count), "--threads", "2", code=2)
    assert f"--jobs {count} leaves each run 1 of {count} cores" in refused.stderr


def test_a_refused_command_leaves_the_store_as_it_was(bench: Bench) -> None:
    count = len(os.sched_getaffinity(0))
    suite = str(bench.suite(SUITE.format(model="mlp-1", protocol="fixed-budget", more="")))
    refused = bench("run", suite, "--jobs", "9999", code=2)
    assert f"--jobs 9999 is more than the {count} cores there are" in refused.stderr
    assert not (bench.folder / "bench-results").exists()
    bench("run", suite, "--no-report", "--seeds", "3-3")
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        before = store.plans()
    for options in (("--jobs", "9999"), ("--jobs", "2", "--threads", str(count))):
        bench("run", suite, *options, code=2)
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        assert store.plans() == before


def test_json_speaks_of_a_broken_plugin_in_json_too(bench: Bench) -> None:
    bench.plugin("broken", "raise RuntimeError('no luck')")
    suite = str(bench.suite(SUITE.format(model="mlp-1", protocol="fixed-budget", more="")))
    for options in (("--dry-run",), ("--seeds", "3-3")):
        said = [json.loads(line) for line in bench("run", suite, "--json", *options).stderr.splitlines()]
        assert said[0]["event"] == "problem"
        assert "plugin 'broken'" in said[0]["text"]
        assert "no luck" in said[0]["text"]
    said_plainly = bench("run", suite, "--dry-run").stderr
    assert said_plainly.startswith("Warning: plugin 'broken'")


def test_the_command_in_a_report_makes_the_same_runs_again(bench: Bench) -> None:
    suite = bench.suite(SUITE.format(model="mlp-1", protocol="fixed-budget", more=""))
    bench("run", str(suite), "--no-report", "--seeds", "3-3", "--threads", "1")
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        first = store.plans()["suite"].command
    assert "--seeds 3-3" in first
    assert "--threads 1" in first
    again = json.loads(bench(*first.split()[1:], "--json").stdout)
    assert (again["stored"], again["made"]) == ({"ok": 1}, {})
    bench("run", str(suite), "--no-report")
    bench("run", str(suite), "--no-report", "--seeds", "4-4")
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        whole = store.plans()["suite"]
    assert len(whole.runs) == 2
    assert "--seeds" not in whole.command


def test_what_was_killed_or_lacked_something_is_tried_again_and_what_failed_waits_to_be_asked(bench: Bench) -> None:
    suite = bench.suite(SUITE.format(model="mlp-1", protocol="fixed-budget", more=""))
    assert json.loads(bench("run", str(suite), "--dry-run", "--json").stdout)

    class Job:
        def __init__(self, run_id: str) -> None:
            self.plan = self
            self.run_id = run_id

    statuses = {name: name for name in STATUSES}
    jobs = [Job(name) for name in (*statuses, "never")]

    def due(**options: bool) -> set[str]:
        return {job.plan.run_id for job in pending(jobs, statuses, retry_failed=False, **options)}  # type: ignore[arg-type]

    assert due() == {"killed", "skipped", "never"}
    retried = pending(jobs, statuses, retry_failed=True)  # type: ignore[arg-type]
    assert {job.plan.run_id for job in retried} == set(statuses) - {"ok", "not-applicable"} | {"never"}


def test_what_cannot_be_applied_is_neither_a_success_nor_a_failure() -> None:
    def code(**counts: int) -> int:
        return Tally(made=Counter({name.replace("_", "-"): count for name, count in counts.items()})).exit_code

    assert code() == code(ok=2) == code(ok=1, not_applicable=3) == code(not_applicable=1) == 0
    assert code(ok=1, not_applicable=1, failed=1) == 1
    assert code(not_applicable=1, failed=1) == 3


def test_a_later_session_on_a_busy_machine_is_told_too(bench: Bench) -> None:
    facts = {"threads": 1, "cpu": {"usable_cores": 2, "core_limit": None}}
    quiet = Environment(environment_id="x", facts={**facts, "start": {"busy_share": 0.0}})
    busy = Environment(environment_id="x", facts={**facts, "start": {"busy_share": 0.7}})
    with open_store(bench.folder / "some.sqlite", create=True) as store:
        store.add_environment(quiet)
        assert disturbances(store.environments()["x"]) == ()
        store.add_environment(busy)
        assert "70%" in disturbances(store.environments()["x"])[0]


def test_the_state_of_the_suite_and_of_plugins_under_git_is_written_down(bench: Bench) -> None:
    bench.plugin("odd", MODELS)
    suite = bench.suite(SUITE.format(model="curious", protocol="fixed-budget", more=""))
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", "-C", bench.folder, *words], check=True)
    suite.write_text(suite.read_text() + "# edited\n")
    bench("run", str(suite), "--no-report", "--seeds", "3-3")
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        (environment,) = store.environments().values()
    git = environment.facts["git"]
    assert git["suite"]["commit"] == git["plugin odd"]["commit"]
    assert git["suite"]["is_dirty"]


def test_two_sessions_on_one_machine_see_each_other_and_a_dead_one_is_gone(bench: Bench, tmp_path: Path) -> None:
    with OtherSessions(tmp_path / "marks") as first:
        assert first.count() == 0
        code = (
            "import os, sys; from pathlib import Path; from bench.runner.sessions import OtherSessions\n"
            "with OtherSessions(Path(sys.argv[1])) as own:\n"
            "    print(own.count(), flush=True); sys.stdin.read(); os._exit(9)"
        )
        words = [sys.executable, "-c", code, str(first.folder)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bench.environment) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"1\n"
            assert first.count() == 1
            other.communicate()
        assert first.count() == 0
    assert list(first.folder.iterdir()) == []


def test_runs_beside_another_session_are_not_called_alone(bench: Bench) -> None:
    suite = bench.suite(SUITE.format(model="mlp-1", protocol="fixed-budget", more=""))
    bench("run", str(suite), "--no-report", "--seeds", "3-3")
    with OtherSessions():
        said = bench("run", str(suite), "--no-report", "--seeds", "4-4").stderr
    alone = {record["run"]["seed"]: record["is_alone"] for record in bench.records()}
    assert alone[4] is False
    assert "another bench run is on this machine" in said


def test_a_run_that_another_process_made_meanwhile_counts_as_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.plugin("patient", PATIENT)
    suite = str(bench.suite(SUITE.format(model="patient", protocol="fixed-budget", more="")))
    with bench.start("run", suite, "--no-report") as first:
        try:
            while not (bench.folder / "waiting").exists():
                assert first.poll() is None, first.communicate()
                time.sleep(0.05)
            monkeypatch.setenv("IN_A_HURRY", "1")
            bench("run", suite, "--no-report", "--seeds", "4-4")
        finally:
            (bench.folder / "go").touch()
        out, err = first.communicate(timeout=100)
    assert "[1/2] ok" in err
    assert "[2/2] stored   patient on iris, seed 4, split 1, cpu  by another process" in err
    assert "Runs: 1 ok; 1 were stored before." in out
    assert sorted(record["run"]["seed"] for record in bench.records()) == [3, 4]
