"""`bench run` says what it would do and keeps the command that does it again."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

from bench.cli.common import Names, SplitScheme, joined
from bench.record import SuitePlan
from bench.store import open_store
from tests.conftest import Bench
from tests.report_records import plan

SUITE = """
    seeds = 2
    threads = 1
    [[compare]]
    task = "classification"
    datasets = ["iris"]
    models = [{{ model = "mlp-1", label = "one, layer" }}, "logistic-regression"{more}]
    protocol = {{ name = "fixed-budget", epochs = {epochs} }}
"""


def suite(bench: Bench, *, epochs: int = 1, more: str = "") -> str:
    return str(bench.suite(SUITE.format(epochs=epochs, more=more)))


def dry(bench: Bench, *words: str) -> list[dict]:
    return json.loads(bench("run", *words, "--dry-run", "--json").stdout)


def command_of(bench: Bench, name: str = "suite") -> str:
    with open_store(bench.folder / "bench-results" / "bench.sqlite", create=False) as store:
        return store.plans()[name].command


def merged(*commands: str) -> str:
    """Return the command of a plan after partial runs, each of another model."""
    whole = None
    for number, command in enumerate(commands):
        runs = (plan(f"m{number}", suite="s", run_id=f"run-{number}"),)
        newer = SuitePlan(suite="s", planned_at="2026-01-01", command=command, runs=runs)
        whole = newer if whole is None else whole.merged(newer, replace=False)
    assert whole is not None
    return whole.command


def test_a_command_that_begins_like_another_is_kept_beside_it() -> None:
    longer, shorter = "bench run s --models mlp-2", "bench run s --models mlp"
    assert merged(longer, shorter) == f"{longer} && {shorter}"
    assert merged(longer, shorter, shorter, longer) == f"{longer} && {shorter}"


def test_the_newest_way_to_ask_for_the_same_runs_counts() -> None:
    runs = (plan("m", suite="s", run_id="run-0"),)
    plans = [
        SuitePlan(suite="s", planned_at="2026-01-01", command=command, runs=runs)
        for command in ("bench run s --models m", "bench run s --models m --data-root there")
    ]
    assert plans[0].merged(plans[1], replace=False).command == plans[1].command


@pytest.mark.parametrize("is_option", [True, False])
def test_a_command_names_the_data_root_that_its_runs_read(
    bench: Bench, is_option: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SUITE.format(epochs=1, more="").replace('"iris"', '"mnist"')
    root = str(bench.folder / "my data")
    monkeypatch.setenv("BENCH_DATA", "elsewhere" if is_option else root)
    option = ("--data-root", root) if is_option else ()
    bench("run", str(bench.suite(text)), "--no-report", *option, code=3)
    words = shlex.split(command_of(bench))
    assert words[words.index("--data-root") + 1] == root


def test_a_command_on_embedded_data_names_no_data_root(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", "elsewhere")
    bench("run", suite(bench), "--no-report", "--seeds", "0-0")
    assert "--data-root" not in command_of(bench)


def test_a_label_with_a_comma_is_chosen_in_quotes_and_written_so(bench: Bench) -> None:
    path = suite(bench)
    chosen = dry(bench, path, "--models", '"one, layer"')
    assert {run["run"].partition(" on ")[0] for run in chosen} == {"one, layer"}
    refused = bench("run", path, "--models", "one, layer", code=2).stderr
    assert """The label 'one, layer' has a comma: put it in double quotes, --models '"one, layer"'""" in refused
    assert "quote without its end" in bench("run", path, "--models", '"one', code=2).stderr
    bench("run", path, "--no-report", "--models", '"one, layer",logistic-regression', "--seeds", "1-1")
    again = json.loads(bench(*shlex.split(command_of(bench))[1:], "--json").stdout)
    assert (again["stored"], again["made"]) == ({"ok": 2}, {})


def test_names_are_read_as_they_are_written() -> None:
    names = ("a", "b, c", 'd "e", f', "+g")
    assert Names("models").convert(joined(names), None, None) == names


@pytest.mark.parametrize(
    ("word", "expected"),
    [("10", ("holdout", 10)), ("holdout:3", ("holdout", 3)), ("kfold:5", ("kfold", 5)), ("official", ("official", 1))],
)
def test_splits_are_read(word: str, expected: tuple[str, int]) -> None:
    assert SplitScheme().convert(word, None, None) == expected


@pytest.mark.parametrize("word", ["0", "kfold", "kfold:1", "official:2", "five", "-3", "kfold:5x"])
def test_splits_that_cannot_be_are_refused(bench: Bench, word: str) -> None:
    result = bench("run", "quickstart", f"--splits={word}", "--dry-run", code=2)
    assert "is not a number of splits (10), folds (kfold:5) or official" in result.stderr


def test_splits_of_the_command_line_replace_the_suites(bench: Bench) -> None:
    runs = dry(bench, suite(bench), "--splits", "kfold:3", "--models", "logistic-regression")
    assert [run["run"] for run in runs] == [
        f"logistic-regression on iris, seed {seed}, split {split}, cpu" for seed, split in ((0, 0), (1, 1), (0, 2))
    ]


def test_a_dry_run_groups_by_cell_and_says_why_and_for_how_long(bench: Bench) -> None:
    path = suite(bench)
    bench("run", path, "--no-report", "--models", "logistic-regression", "--seeds", "0-0")
    seconds = bench.records()[0]["times"]["wall_seconds"]
    found = {(run["action"], run["why"]): run["seconds"] for run in dry(bench, path)}
    assert found.keys() == {("stored", "ok"), ("run", "new")}
    one = [run for run in dry(bench, path) if run["seconds"] is not None]
    assert [run["seconds"] for run in one] == [pytest.approx(seconds)], "the cell of the stored run, and no other"
    shown = bench("run", path, "--dry-run").stdout
    rows = [line for line in shown.splitlines() if " iris " in line]
    assert len(rows) == 2
    assert "2: 2 seeds" in rows[0]
    assert "2 new" in rows[0] or " new " in rows[0]
    assert "1 new; 1 stored" in rows[1]
    assert "about 0:" in rows[1]
    assert "not known" in rows[0]
    assert "3 to run, 1 stored; about 0:" in shown
    changed = suite(bench, epochs=2)
    assert {run["why"] for run in dry(bench, changed)} == {"new", "changed: protocol"}


def test_a_dry_run_shows_missing_data_as_missing_with_the_cure_once(bench: Bench) -> None:
    path = str(bench.suite(SUITE.format(epochs=1, more="").replace('"iris"', '"iris", "mnist"')))
    root = ("--data-root", str(bench.folder / "nothing"))
    runs = dry(bench, path, *root)
    assert {run["action"] for run in runs if " on mnist" in run["run"]} == {"missing"}
    assert {run["action"] for run in runs if " on iris" in run["run"]} == {"run"}
    shown = bench("run", path, "--dry-run", *root).stdout
    assert shown.count("Run: bench data fetch mnist") == 1
    assert "4 to run, 0 stored, 4 lack something" in shown


@pytest.mark.parametrize("words", [["report"], ["show"], ["compare", "label:a", "label:b"]])
def test_a_store_that_is_not_there_is_named_with_its_absolute_path(bench: Bench, words: list[str]) -> None:
    result = bench(*words, "--store", "here/there.sqlite", code=2 if "compare" in words else 3)
    assert str(bench.folder / "here" / "there.sqlite") in result.stderr


@pytest.mark.parametrize("words", [["report"], ["compare", "label:a", "label:b"], ["show"]])
def test_reading_results_imports_no_torch(bench: Bench, words: list[str]) -> None:
    with open_store(bench.folder / "s.sqlite", create=True) as store:
        from tests.report_records import record

        for label in ("a", "b"):
            runs = tuple(plan(label, suite="s", seed=seed, run_id=f"{label}-{seed}") for seed in (0, 1, 2))
            for run in runs:
                store.append(record(run))
            store.merge_plan(SuitePlan(suite="s", planned_at="2026-01-01", command="c", runs=runs), replace=False)
    code = (
        "import sys\nfrom bench.cli import main\n"
        f"try:\n    main({[*words, '--store', 's.sqlite']!r})\n"
        "finally:\n    print('torch' in sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, env=bench.environment, cwd=bench.folder, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stderr.strip().splitlines()[-1] == "False"
