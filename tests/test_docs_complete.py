"""The documentation leaves nothing out: every command, option, hook, setting, status and built-in thing is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from bench import ModelSpec, Problem, hookspecs
from bench.cli import COMMANDS, cli
from bench.plugins import Plugins, discover
from bench.protocols.base import Budget
from bench.record import STATUSES
from bench.suite import Compare, ModelEntry, Suite
from tests.pages import DOCS, ROOT, code_words, sections
from tests.report_records import record

HOOKS = {name for name in dir(hookspecs) if name.startswith("bench_")}
SCORED_TASKS = ("classification", "regression", "forecasting", "tokens", "anomaly detection", "clustering")
EVERYWHERE = {"--help", "-h"}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover()


def leaves() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"bench {name} {child}", command.commands[child]) for child in command.commands)
        else:
            yield f"bench {name}", command


LEAVES = dict(leaves())


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_and_every_option(name: str) -> None:
    options = [each for each in LEAVES[name].params if isinstance(each, click.Option)]
    known = {word for option in options for word in (*option.opts, *option.secondary_opts)} - EVERYWHERE
    assert set(re.findall(r"`(--[a-z-]+)", sections("command-line.md")[name])) == known


def test_every_exit_code() -> None:
    codes = re.findall(r"^\| (\d+) \|", sections("command-line.md")["Exit codes"], re.MULTILINE)
    assert codes == re.findall(r"\b\d+(?= [a-z])", (cli.help or "").partition("Exit codes:")[2])


def test_every_hook_has_a_heading_and_a_test() -> None:
    assert set(sections("hooks.md")) == HOOKS | {"Hooks"}
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    assert {hook for hook in HOOKS if not re.search(rf"\b{hook}\b", tests)} == set()


def test_every_protocol_and_its_settings(plugins: Plugins) -> None:
    pages = sections("suites.md")
    assert set(Budget.model_fields) <= code_words(pages["Protocols"])
    for name, offer in plugins.protocols.items():
        own = set(offer.load().Settings.model_fields) - set(Budget.model_fields)
        assert {setting for setting in own if not re.search(rf"\b{setting}\b", pages[name])} == set()


def test_every_setting_of_a_task(plugins: Plugins) -> None:
    words = code_words(sections("suites.md")["Task settings"])
    assert {
        word for name, offer in plugins.tasks.items() for word in (name, *offer.load().Settings.model_fields)
    } <= words


@pytest.mark.parametrize("kind", [Suite, Compare, ModelEntry])
def test_every_key_of_a_suite(kind: type[Suite | Compare | ModelEntry]) -> None:
    assert set(kind.model_fields) <= code_words(sections("suites.md")["Keys"])


def test_every_field_of_a_model_and_its_problem() -> None:
    page = sections("writing-a-model.md")
    assert {field.name for field in fields(ModelSpec)} <= code_words(page["The plugin"])
    shown = {name for name in dir(Problem) if not name.startswith("_")} | {field.name for field in fields(Problem)}
    assert shown <= code_words(page["The problem"])


def test_every_status() -> None:
    assert set(STATUSES) <= code_words(sections("measures.md")["Status of a run"])


def test_everything_built_in(plugins: Plugins) -> None:
    words = code_words((DOCS / "index.md").read_text(encoding="utf-8"))
    catalogues = (plugins.models, plugins.datasets, plugins.tasks, plugins.protocols)
    assert {name for catalogue in catalogues for name in catalogue} <= words
    scored = sections("measures.md")
    assert set(plugins.metrics) <= code_words("".join(scored[f"Scores of {task}"] for task in SCORED_TASKS))
    assert set(plugins.renderers) <= code_words(sections("results.md")["The report"])


def test_data_sets_are_as_described(plugins: Plugins) -> None:
    rows = {line.split("`")[1]: line for line in sections("data.md")["Where it lies"].splitlines() if line[:3] == "| `"}
    assert set(rows) == set(plugins.datasets)
    for name, offer in plugins.datasets.items():
        count = offer.spec.summary.split()[0]
        assert f"| `{name}` | {count} |" in rows[name]
        assert f"| {offer.spec.licence} |" in rows[name]


def test_every_column_of_the_frame() -> None:
    words = code_words(sections("results.md")["As a data frame"])
    plain = {name for name in record().row() if "." not in name}
    assert plain - {"sampling_seconds"} <= words


def test_the_picture_is_there() -> None:
    assert (DOCS / "images" / "report.png").read_bytes().startswith(b"\x89PNG")
    assert "docs/images/report.png" in (ROOT / "README.md").read_text(encoding="utf-8")
