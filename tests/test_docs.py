"""What the documentation shows works: its code runs, its suites are valid, its command lines parse."""

from __future__ import annotations

import importlib
import io
import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import click
import numpy as np
import pytest

from bench.arrays import pack
from bench.cli import cli
from bench.plugins import Owner, Plugins, discover
from bench.runner.plan import Choices, expand
from bench.sources import hash_bytes
from bench.store import open_store
from bench.suite import load_suite, shipped_suites
from bench.testing import check_dataset, check_model, check_task, tiny_datasets
from bench_reports import json_report
from tests.conftest import Bench
from tests.pages import DOCS, PAGES, Block, blocks, command_lines, module_name, modules
from tests.report_records import plan, whole_suite
from tests.report_records import record as record_of
from tests.sample_report import sample_report

COMMAND_LINES = command_lines()
OF_THE_EXAMPLE = {"hello"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Be in an empty folder on the path; modules imported from it are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def installed(page: Path, folder: Path) -> dict[str, ModuleType]:
    """Write a page's modules into a folder that is on the path, and import them."""
    sources = modules(page)
    for file, source in sources.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(source, encoding="utf-8")
    importlib.invalidate_caches()
    return {name: importlib.import_module(name) for name in map(module_name, sources)}


def test_there_is_something_to_test() -> None:
    assert {"README.md", "index.md", "first-run.md", "suites.md", "hooks.md"} <= {page.name for page in PAGES}
    assert [len(blocks(language)) >= 5 for language in ("python", "toml", "sh")] == [True] * 3
    assert len(COMMAND_LINES) > 30
    assert len([block for block in blocks("python") if not block.is_run]) <= 2


@pytest.mark.parametrize("page", [PAGES[0], DOCS / "writing-a-model.md"], ids=lambda page: page.name)
def test_every_model_shown_keeps_its_contract(page: Path, folder: Path) -> None:
    offers = [spec for module in installed(page, folder).values() for spec in getattr(module, "bench_models", list)()]
    assert offers
    for spec in offers:
        check_model(spec)


def test_the_data_set_shown_keeps_its_contract(folder: Path) -> None:
    (spec,) = installed(DOCS / "data.md", folder)["my_data"].bench_datasets()
    buffer = io.BytesIO()
    np.save(buffer, np.column_stack([np.random.RandomState(0).normal(size=(200, 4)), np.arange(200) % 2]))
    (file,) = spec.files
    (folder / file.path).parent.mkdir()
    (folder / file.path).write_bytes(buffer.getvalue())
    file = replace(file, checksum=hash_bytes(buffer.getvalue(), "sha256"))
    assert len(check_dataset(replace(spec, files=(file,)), folder).test) == 40


def test_the_task_shown_keeps_its_contract(folder: Path) -> None:
    task = installed(DOCS / "tasks.md", folder)["my_task"].LowerHalf
    images = [dataset for dataset in tiny_datasets() if dataset.spec.inputs.axes == "chw"]
    assert len(images) > 1
    for dataset in images:
        check_task(task(), dataset)


def test_the_task_shown_meets_models_that_never_heard_of_it(bench: Bench) -> None:
    page = DOCS / "tasks.md"
    bench.plugin("my_task", modules(page)["my_task.py"])
    (suite,) = blocks("toml", page)
    bench("run", str(bench.suite(suite.code, "halves")), "--no-report")
    errors: dict[str, list[float]] = {}
    for record in bench.records():
        scores = {score["name"]: score["value"] for score in record["scores"]}
        # The core's scores of values meet it, too.
        assert scores.keys() == {"mse", "worst_error", "rmse", "mae", "r2"}
        assert record["objective"] == "mse"
        errors.setdefault(record["run"]["label"], []).append(scores["mse"])
    assert {label: len(values) for label, values in errors.items()} == {"baseline": 2, "mlp-1": 2, "mlp": 2}
    # The baseline hands the upper half on; who learns something does better on either cut.
    assert max(errors["mlp-1"]) < min(errors["baseline"])
    cells = json.loads(bench("list", "cells", "--tasks", "lower-half", "--json").stdout)
    refused = {cell["dataset"]: cell["reason"] for cell in cells if cell["dataset"] == "iris"}
    assert refused == {
        "iris": "lower-half needs images with known bounds and an even height; iris has a table of 4 columns"
    }


def test_a_plugin_that_uses_every_hook(bench: Bench) -> None:
    """Run the module of the hooks page: bench_models, bench_datasets, bench_tasks, bench_protocols, bench_metrics,
    bench_readers, bench_renderers, bench_suite_started, bench_run_started, bench_epoch_ended, bench_run_finished,
    bench_suite_finished.
    """
    page = DOCS / "hooks.md"
    bench.plugin("my_plugin", modules(page)["my_plugin.py"])
    (suite,) = blocks("toml", page)
    bench("run", str(bench.suite(suite.code, "rings")))
    for record in bench.records():
        scores = {score["name"]: score["value"] for score in record["scores"]}
        # Two classes, equally frequent, and a model that knows no more: 0.5² + 0.5².
        assert scores["brier"] == pytest.approx(0.5, abs=0.01)
        assert scores["log_loss"] == pytest.approx(np.log(2), abs=0.01)
        assert record["objective"] == "log_loss"
    events = [json.loads(line) for line in (bench.folder / "events.jsonl").read_text().splitlines()]
    of_runs = ["started", "epoch", "finished"] * 2
    assert [event["event"] for event in events] == ["suite started", *of_runs, "suite finished"]
    assert events[2]["log_loss"] == pytest.approx(np.log(2), abs=0.01)
    assert events[3]["status"] == "ok"
    assert events[-1] == {"event": "suite finished", "suite": "rings", "statuses": {"ok": 2}, "is_complete": True}
    report = bench.folder / "bench-results" / "report" / "rings" / "ranking.txt"
    assert report.read_text() == "rings · forecast · shuffled-labels: prior\n"
    (bench.folder / "notes.bits").write_text("".join(f"{n % 2}{n // 2 % 2}1 {n % 2}\n" for n in range(40)))
    said = json.loads(bench("run", "--data", "notes.bits", "--dry-run", "--json").stdout)
    assert (said["data"]["samples"], said["data"]["said"]) == (40, ["40 lines of bits"])
    assert len(said["runs"]) == 15


@pytest.mark.parametrize("block", [b for b in blocks("python") if not b.title and b.is_run], ids=str)
def test_python_runs(block: Block, folder: Path) -> None:
    with open_store(folder / "bench-results" / "bench.sqlite", create=True) as store:
        for record in whole_suite():
            store.append(record, {artifact.name: b"" for artifact in record.artifacts})
        answer, truth = {"probabilities": np.eye(3, dtype="f4")}, {"labels": np.arange(3)}
        store.append(record_of(plan(run_id="3f9a2c")), answer=pack(answer), truth=pack(truth))
    json_report.render(sample_report(), folder / "bench-results" / "report" / "quickstart")
    exec(compile(block.code, str(block), "exec"), {})


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.code)


@pytest.mark.parametrize("block", [b for b in blocks("toml") if b.title == "pyproject.toml"], ids=str)
def test_an_entry_point_names_a_module_of_its_page(block: Block) -> None:
    points = tomllib.loads(block.code)["project"]["entry-points"]["bench"]
    assert set(points.values()) <= set(map(module_name, modules(block.page)))


@pytest.mark.parametrize("block", [b for b in blocks("toml") if b.title != "pyproject.toml"], ids=str)
def test_suites_are_valid(block: Block, folder: Path) -> None:
    plugins = discover()
    for name, module in installed(block.page, folder).items():
        plugins.register(module, Owner(name, "docs", "1.0"))
    assert plugins.problems == []
    for table in blocks("csv", block.page):
        (folder / table.title).write_text(table.code, encoding="utf-8")
    path = folder / (block.title or "suite.toml")
    path.write_text(block.code, encoding="utf-8")
    jobs = expand(load_suite(str(path)), plugins, Choices())
    assert jobs
    assert {job.missing for job in jobs} == {""}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover()


@pytest.mark.parametrize(("place", "words"), COMMAND_LINES, ids=[" ".join(words) for _, words in COMMAND_LINES])
def test_command_lines_parse(place: str, words: list[str], plugins: Plugins) -> None:
    command, context = parse(words)
    if context is None:
        return
    given = context.params
    shown = {spec for page in PAGES if page.name == place.partition(":")[0] for spec in names_shown(page)}
    assert {name.removeprefix("+") for name in given.get("models", ())} <= {*plugins.models, *OF_THE_EXAMPLE, *shown}
    assert set(given.get("datasets", ())) <= {*plugins.datasets, *shown}
    assert set(given.get("formats", ())) <= set(plugins.renderers)
    if command.name == "command" and given.get("suite") is not None:
        assert given["suite"] in {*shipped_suites(), *(block.title for block in blocks("toml"))}


def parse(words: list[str]) -> tuple[click.Command, click.Context | None]:
    """Parse a command line as click will; no context where it only names a command that needs arguments."""
    command: click.Command = cli
    parent, name, rest = None, "bench", list(words)
    while isinstance(command, click.Group) and rest:
        parent, name = click.Context(command, parent, info_name=name), rest.pop(0)
        found = command.get_command(parent, name)
        assert found is not None, f"there is no command {name!r}"
        command = found
    if not rest and any(isinstance(each, click.Argument) and each.required for each in command.params):
        return command, None
    return command, command.make_context(name, rest, parent)


def names_shown(page: Path) -> set[str]:
    """Return the names of the things that a page's modules offer, without importing them."""
    return {
        line.split('name="')[1].split('"')[0]
        for source in modules(page).values()
        for line in source.splitlines()
        if 'name="' in line
    }
