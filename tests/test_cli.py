"""The command line: fast to start, clear when wrong, JSON for scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench.record import SuitePlan
from bench.store import open_store
from tests.conftest import Bench

HEAVY = {"torch", "pandas", "sklearn", "torchvision", "numpy", "plotly", "pydantic"}


@pytest.mark.parametrize("words", [["--help"], ["list", "models"], ["list", "plugins"], ["run", "--help"]])
def test_light_commands_import_nothing_heavy(bench: Bench, words: list[str]) -> None:
    code = (
        "import sys\nfrom bench.cli import main\n"
        f"try:\n    main({words!r})\n"
        "finally:\n    print(sorted(name for name in sys.modules if '.' not in name), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=bench.environment, check=True
    )
    assert HEAVY.isdisjoint(eval(result.stderr.strip().splitlines()[-1]))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "no such command 'rnu'. Did you mean 'run'?"),
        (["run", "quikstart"], "unknown suite 'quikstart'"),
        (["run", "quickstart", "--models", "lenett"], "Did you mean 'lenet'?"),
        (["run", "quickstart", "--datasets", "digit"], "Did you mean 'digits'?"),
        (["run", "quickstart", "--seeds", "x"], "is not a number of seeds"),
        (["run", "quickstart", "--memory-limit", "lots"], "is not a size"),
        (["run", "quickstart", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["list", "things"], "Invalid value"),
        (["report", "--store", "bench-results/x.sqlite", "nothing"], "no results at"),
        (["data", "fetch", "mnits"], "Did you mean 'mnist'?"),
    ],
)
def test_misuse_ends_in_one_sentence(bench: Bench, words: list[str], message: str) -> None:
    result = bench(*words, code=None)
    assert result.returncode in (2, 3)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["list", "models"], 0),
        (["list", "models", "--json"], 0),
        (["--help"], 0),
        (["data", "list"], 0),
        (["data", "verify", "digits", "mnist", "--data-root", "nothing"], 1),
        (["rnu"], 2),
        (["report"], 3),
    ],
)
def test_a_reader_that_leaves_changes_no_exit_code(bench: Bench, words: list[str], code: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", "from bench.cli import main; main()", *words]
    result = subprocess.run(command, stdout=writer, stderr=writer, cwd=bench.folder, env=bench.environment, check=False)
    os.close(writer)
    assert result.returncode == code


@pytest.mark.parametrize("kind", ["models", "datasets", "tasks", "protocols", "suites", "plugins"])
def test_lists_speak_json(bench: Bench, kind: str) -> None:
    documents = json.loads(bench("list", kind, "--json").stdout)
    assert documents
    assert all("name" in document or "plugin" in document for document in documents)


def test_cells_say_which_models_can_meet_which_data_and_why_not(bench: Bench) -> None:
    found = json.loads(bench("list", "cells", "--task", "classification", "--dataset", "iris", "--json").stdout)
    by_model = {each["model"]: each for each in found}
    assert by_model["mlp-1"]["is_possible"]
    assert (by_model["lenet"]["is_possible"], by_model["lenet"]["refused_by"]) == (False, "model")
    shown = bench("list", "cells", "--dataset", "iris", "--model", "lenet").stdout
    assert by_model["lenet"]["reason"] in shown
    whole = bench("list", "cells", "--task", "classification").stdout
    row = next(line for line in whole.splitlines() if " iris " in line)
    assert "mlp-1" in row
    assert "lenet" not in row
    assert "combinations can be run" in whole
    assert "unknown data set 'irs'" in bench("list", "cells", "--dataset", "irs", code=2).stderr
    assert "belong to bench list cells" in bench("list", "models", "--task", "classification", code=2).stderr


def test_cells_are_worked_out_without_torch(bench: Bench) -> None:
    code = (
        "import sys\nfrom bench.cli import main\n"
        "try:\n    main(['list', 'cells'])\n"
        "finally:\n    print(sorted({'torch', 'pandas', 'sklearn'} & set(sys.modules)), file=sys.stderr)"
    )
    words = [sys.executable, "-c", code]
    result = subprocess.run(words, capture_output=True, text=True, env=bench.environment, check=True)
    assert result.stderr.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(bench: Bench, shell: str) -> None:
    assert "_BENCH_COMPLETE" in bench("completion", shell).stdout


def test_completion_knows_what_is_installed_and_what_is_stored(bench: Bench) -> None:
    code = "from bench.cli import main; main()"

    def complete(words: str) -> str:
        environment = {
            **bench.environment,
            "_BENCH_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=bench.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    assert "plain,quickstart" in complete("bench run quick")
    assert "plain,mlp,lenet" in complete("bench run quickstart --models mlp,len")
    assert "plain,mlp,+lenet" in complete("bench run quickstart --models mlp,+len")
    assert complete("bench data fetch digits fash").split() == ["plain,fashion-mnist"]
    assert complete("bench data verify fash").split() == ["plain,fashion-mnist"]
    with open_store(bench.folder / "s.sqlite", create=True) as store:
        for name in ("quick", "slow"):
            plan = SuitePlan(suite=name, planned_at="2026-01-01", command=f"bench run {name}", runs=())
            store.set_plan(plan)
    assert complete("bench report --store s.sqlite qu").split() == ["plain,quick"]
    assert complete("bench report qu").strip() == ""


def test_missing_data_skips_with_the_cure_and_exit_code_3(bench: Bench) -> None:
    suite = bench.suite("""
        seeds = 1
        [[compare]]
        task = "classification"
        datasets = ["mnist"]
        models = ["mlp-1", "mlp"]
        protocol = { name = "fixed-budget", epochs = 1 }
    """)
    root = bench.folder / "nothing"
    result = bench("run", str(suite), "--data-root", str(root), code=3)
    cure = f"Run: bench data fetch mnist --data-root {root}\n"
    assert result.stderr.count(cure) == 1, "a reason is told once"
    assert "mlp on mnist, seed 0, cpu  0.0 s  (as above)" in result.stderr
    assert "mlp, mlp-1 on mnist, seed 0: skipped: data set 'mnist' is not under" in result.stdout


def test_lists_tell_data_that_are_there_from_data_that_are_not(bench: Bench) -> None:
    root = ("--data-root", str(bench.folder / "nothing"))
    states = {each["name"]: each["state"] for each in json.loads(bench("data", "list", "--json", *root).stdout)}
    assert (states["digits"], states["mnist"]) == ("ready", "missing")
    absent = sorted(name for name, state in states.items() if state == "missing")
    assert {"cifar10", "fashion-mnist", "mnist"} <= {*absent}
    cure = f"bench data fetch {' '.join(absent)} --data-root {root[1]}"
    assert cure in bench("data", "list", *root).stdout
    listed = {each["name"]: each["state"] for each in json.loads(bench("list", "datasets", "--json").stdout)}
    assert listed["digits"] == "ready"


def test_a_run_is_shown_whole_and_as_json(bench: Bench) -> None:
    suite = bench.suite("""
        seeds = 1
        [[compare]]
        task = "classification"
        datasets = ["iris"]
        models = ["mlp-1", "logistic-regression"]
        protocol = { name = "fixed-budget", epochs = 4, evaluations = 4 }
    """)
    document = json.loads(bench("run", str(suite), "--json").stdout)
    assert document["made"] == {"ok": 2}
    for record in bench.records():
        shown = json.loads(bench("show", record["run"]["run_id"][:10], "--json").stdout)
        assert shown["run"]["identity"].keys() >= {"model source", "data", "seed", "libraries"}
        assert shown["times"]["train_seconds"] > 0
        assert shown["latency"]["p50_seconds"] > 0
        assert {score["name"] for score in shown["scores"]} >= {"accuracy", "f1", "auroc", "calibration_error"}
        text = bench("show", record["run"]["run_id"][:10]).stdout
        assert "accuracy" in text
        assert "Learning curve" in text


def test_a_repeated_run_is_a_further_attempt_with_the_same_numbers(bench: Bench) -> None:
    suite = bench.suite("""
        seeds = 1
        threads = 1
        [[compare]]
        task = "classification"
        datasets = ["iris"]
        models = ["mlp", "random-forest"]
        protocol = { name = "fixed-budget", epochs = 3 }
    """)
    bench("run", str(suite), "--no-report")
    assert "2 ok; 0 were stored before" in bench("run", str(suite), "--repeat", "--no-report").stdout
    for record in bench.records():
        attempts = [
            json.loads(bench("show", record["run"]["run_id"], "--attempt", str(n), "--json").stdout) for n in (1, 2)
        ]
        assert attempts[0]["scores"] == attempts[1]["scores"]
        losses = [[point["train_loss"] for point in each["curve"]] for each in attempts]
        assert losses[0] == losses[1]
