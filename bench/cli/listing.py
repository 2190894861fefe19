"""`bench list`: what is installed, broken plugins included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bench.cli.common import Names, console, echo_json, json_option, plugin_option, table
from bench.cli.data import state_of
from bench.plugin_files import with_files
from bench.plugins import Catalogue, Offer, Owner, Plugins
from bench.specs import DatasetSpec, ModelSpec

__all__ = ["command"]

KINDS = ("models", "datasets", "readers", "tasks", "protocols", "suites", "plugins", "cells")
Rows = tuple[tuple[str, ...], Sequence[tuple[str, ...]]]


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--tasks", "--task", "tasks", type=Names("tasks"), default=(), help="With cells: only these tasks.")
@click.option(
    "--datasets", "--dataset", "datasets", type=Names("datasets"), default=(), help="With cells: only these data sets."
)
@click.option("--models", "--model", "models", type=Names("models"), default=(), help="With cells: only these models.")
@plugin_option
@json_option
def command(
    kind: str,
    tasks: tuple[str, ...],
    datasets: tuple[str, ...],
    models: tuple[str, ...],
    plugins: tuple[Path, ...],
    as_json: bool,
) -> None:
    """List what is installed. A thing whose extra is missing is listed with the cure.

    `bench list cells` shows which models can meet which data under which task, and why not where not.
    """
    if kind != "cells" and (tasks or datasets or models):
        raise click.UsageError(f"--tasks, --datasets and --models belong to bench list cells, not to bench list {kind}")
    found = with_files(plugins)
    if kind == "cells":
        from bench.cli.cells import Filter, show

        show(found, Filter(tasks, datasets, models), as_json=as_json)
        return
    if as_json:
        echo_json(_documents(kind, found))
        return
    columns, rows = VIEWS[kind](found)
    out = console(is_wide_in_pipes=True)
    is_narrow = kind in WHOLE and out.width < COLUMNS_FOR_ALL
    if is_narrow:
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    out.print(table("", columns, rows, whole=WHOLE.get(kind, 1)))
    if is_narrow:
        out.print(f"For {kind} with their hyperparameters: a terminal of {COLUMNS_FOR_ALL} columns, or --json.")
    if kind != "plugins" and found.problems:
        console(stderr=True).print(
            f"{len(found.problems)} problem(s) with plugins; see: bench list plugins", style="yellow"
        )


def _models(plugins: Plugins) -> Rows:
    rows = []
    for name, offer in plugins.models.items():
        spec = offer.spec
        settings = ", ".join(f"{key}={value}" for key, value in spec.defaults().items())
        can = ", ".join(dict.fromkeys(role.answer for role in spec.roles))
        rows.append((name, spec.family, can, offer.owner.distribution, _state(offer), settings))
    rows.sort(key=lambda row: (("shallow", "deep", "generative").index(row[1]), row[0]))
    return ("model", "family", "can", "from", "state", "hyperparameters"), rows


def _datasets(plugins: Plugins) -> Rows:
    rows = [
        (
            name,
            offer.spec.modality,
            f"{offer.spec.inputs} → {offer.spec.targets or 'nothing'}",
            offer.spec.summary,
            offer.spec.licence,
            state_of(offer),
        )
        for name, offer in plugins.datasets.items()
    ]
    return ("data set", "modality", "input → target", "what it is", "licence", "state"), rows


def _plain(kind: str) -> Callable[[Plugins], Rows]:
    def rows(plugins: Plugins) -> Rows:
        catalogue: Catalogue[Any] = getattr(plugins, kind)
        found = [
            (name, offer.spec.summary, offer.owner.distribution, _state(offer)) for name, offer in catalogue.items()
        ]
        return (catalogue.kind, "what it is", "from", "state"), found

    return rows


def _suites(plugins: Plugins) -> Rows:
    rows = [(name, document["description"], document["file"]) for name, document in _suite_documents()]
    return ("suite", "what it is", "file"), rows


def _plugins(plugins: Plugins) -> Rows:
    rows = [(owner.plugin, owner.distribution, owner.version, "ok") for owner in _sound(plugins)]
    rows += [
        (problem.owner.plugin, problem.owner.distribution, problem.owner.version, f"broken: {problem.reason}")
        for problem in plugins.problems
    ]
    return ("plugin", "distribution", "version", "state"), rows


def _sound(plugins: Plugins) -> list[Owner]:
    troubled = {problem.owner for problem in plugins.problems}
    return [owner for owner in plugins.owners if owner not in troubled]


# Columns that keep their words in one piece, however narrow the terminal.
WHOLE = {"models": 4}
COLUMNS_FOR_ALL = 100
VIEWS: dict[str, Callable[[Plugins], Rows]] = {
    "models": _models,
    "datasets": _datasets,
    "readers": _plain("readers"),
    "tasks": _plain("tasks"),
    "protocols": _plain("protocols"),
    "suites": _suites,
    "plugins": _plugins,
}


def _state(offer: Offer[Any]) -> str:
    missing = offer.missing()
    return "ready" if missing is None else str(missing)


def _documents(kind: str, plugins: Plugins) -> list[dict[str, Any]]:
    if kind == "suites":
        return [{"name": name, **document} for name, document in _suite_documents()]
    if kind == "plugins":
        found = [{**asdict(owner), "state": "ok", "reason": ""} for owner in _sound(plugins)]
        broken = [{**asdict(each.owner), "state": "broken", "reason": each.reason} for each in plugins.problems]
        return found + broken
    catalogue: Catalogue[Any] = getattr(plugins, kind)
    return [_document(offer) for offer in catalogue.values()]


def _document(offer: Offer[Any]) -> dict[str, Any]:
    spec = asdict(offer.spec)
    if isinstance(offer.spec, ModelSpec):
        spec["hyperparameters"] = {
            name: {"kind": type(parameter).__name__.lower(), **asdict(parameter)}
            for name, parameter in offer.spec.space.items()
        }
    state = state_of(offer) if isinstance(offer.spec, DatasetSpec) else _state(offer)
    return {**spec, "owner": asdict(offer.owner), "state": state}


def _suite_documents() -> Iterable[tuple[str, dict[str, str]]]:
    import tomllib

    from bench.suite import shipped_suites

    for name, path in shipped_suites().items():
        text = path.read_text(encoding="utf-8")
        yield name, {"description": tomllib.loads(text).get("description", ""), "file": str(path)}
