"""Three tasks that the core has never heard of: its own models meet them, and everything else comes free."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pytest

from bench.arrays import unpack
from bench.store import open_store
from tests.conftest import Bench
from tests.examples import EXAMPLES, in_fresh_environment, install, own_tests

EXAMPLE = EXAMPLES / "bench-problems"
SUITE = EXAMPLE / "problems.toml"
COMPARES = tomllib.loads(SUITE.read_text())["compare"]
OBJECTIVES = {
    "plain-regression": "rmse",
    "next-character": "nats_per_character",
    "super-resolution": "mse",
}
ARRAYS = {
    "plain-regression": ({"predictions"}, {"targets"}),
    "next-character": ({"log_likelihoods", "top"}, {"tokens", "ordered"}),
    "super-resolution": ({"predictions"}, {"targets", "bounds"}),
}
TITLES = ("RMSE", "R²", "MAE", "Nats per character", "Bits per character", "MSE", "PSNR", "SSIM")


def label(entry: str | dict) -> str:
    return entry if isinstance(entry, str) else entry["model"]


@pytest.fixture(scope="module")
def ran(shared_bench: Bench) -> Bench:
    install(shared_bench, EXAMPLE)
    told = shared_bench("run", str(SUITE), "--jobs", "2", "--json").stdout
    assert set(json.loads(told)["made"]) == {"ok"}
    shared_bench("report")
    return shared_bench


def scores_of(bench: Bench) -> dict[tuple[str, str], dict[str, list[float]]]:
    """Return the objective of every run: (task, data set) → label → values."""
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in bench.records():
        run = record["run"]
        value = next(score["value"] for score in record["scores"] if score["name"] == record["objective"])
        found[run["task"], run["dataset"]][run["label"]].append(value)
    return found


def test_the_core_names_none_of_the_tasks(ran: Bench) -> None:
    owners = {task["name"]: task["owner"]["distribution"] for task in json.loads(ran("list", "tasks", "--json").stdout)}
    assert {name: owners[name] for name in OBJECTIVES} == dict.fromkeys(OBJECTIVES, "bench-problems")


def test_the_suite_holds_every_model_that_the_matrix_allows(ran: Bench) -> None:
    tasks, data = ",".join(OBJECTIVES), ",".join(sorted({name for each in COMPARES for name in each["datasets"]}))
    cells = json.loads(ran("list", "cells", "--task", tasks, "--dataset", data, "--json").stdout)
    allowed = defaultdict(set)
    for cell in cells:
        # The suite must run with what the example asks for, which an extra is no part of, and in half a minute.
        if cell["is_possible"] and cell["model"] not in ("lightgbm", "rnn", "lstm", "gru", "transformer"):
            allowed[cell["task"], cell["dataset"]].add(cell["model"])
    found = scores_of(ran)
    assert {place: set(models) for place, models in found.items()} == allowed
    for compare in COMPARES:
        task = compare["task"] if isinstance(compare["task"], str) else compare["task"]["name"]
        for dataset in compare["datasets"]:
            assert set(map(label, compare["models"])) == allowed[task, dataset]
    # Models of the core meet the stranger's tasks as they are, and the stranger's task the core's data.
    core = {"baseline", "hist-gradient-boosting", "mlp", "mlp-1", "random-forest", "ridge"}
    assert core <= allowed["plain-regression", "diabetes-progression"]
    assert {"baseline", "mlp", "mlp-1", "srcnn"} <= allowed["super-resolution", "digits"]


def test_the_deep_model_beats_the_baseline_and_in_pictures_and_text_the_shallow_one(ran: Bench) -> None:
    deep = {"plain-regression": "residual-mlp", "next-character": "plain-gru", "super-resolution": "srcnn"}
    shallow = {"next-character": "n-gram", "super-resolution": "patch-ridge"}
    for (task, dataset), models in scores_of(ran).items():
        values = {name: mean(each) for name, each in models.items()}
        assert values[deep[task]] < 0.9 * values["baseline"], (task, dataset, values)
        if task in shallow:
            assert values[deep[task]] < values[shallow[task]] < values["baseline"], (task, dataset, values)


def test_answers_and_truth_are_kept_under_their_names(ran: Bench) -> None:
    with open_store(ran.folder / "bench-results" / "bench.sqlite", create=False) as store:
        for record in store.records():
            answer, truth = unpack(store.answer(record)), unpack(store.truth(record.truth))
            assert (set(answer), set(truth)) == ARRAYS[record.run.task]
            assert record.objective == OBJECTIVES[record.run.task]


def test_the_report_reads_well(ran: Bench) -> None:
    text = (ran.folder / "bench-results" / "report" / "report.md").read_text().replace("\N{NO-BREAK SPACE}", " ")
    for title in TITLES:
        assert f"| {title} " in text, title
    for compare in COMPARES:
        for entry in compare["models"]:
            assert f"| {label(entry)} |" in text
    assert not [note for record in ran.records() for note in record["notes"] if "failed" in note]


def test_the_task_that_its_page_shows_is_the_one_that_runs() -> None:
    shown = (EXAMPLE / "README.md").read_text().partition('```python title="regression.py"\n')[2].partition("```")[0]
    source = (EXAMPLE / "src" / "bench_problems" / "tasks" / "regression.py").read_text()
    assert shown.strip() == source[source.index("class ") :].strip()


def test_its_own_tests_pass(bench: Bench) -> None:
    install(bench, EXAMPLE)
    told = own_tests(bench, EXAMPLE)
    assert "passed" in told
    assert "skipped" not in told


@pytest.mark.slow
def test_as_a_wheel_in_a_fresh_environment(tmp_path: Path) -> None:
    bench = in_fresh_environment(tmp_path, EXAMPLE)
    shutil.copy(SUITE, tmp_path)
    told = json.loads(bench("run", "problems.toml", "--jobs", "2", "--json"))
    assert set(told["made"]) == {"ok"}
    bench("report")
    assert (tmp_path / "bench-results" / "report" / "report.html").is_file()
