"""`bench list cells`: which models can meet which data under which task, and why not where not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import click

from bench.cli.common import console, echo_json, table
from bench.plugins import Plugins
from bench.runner.matrix import Meeting, matrix

__all__ = ["Filter", "show"]


# The head of a table and its lines.
Rows = tuple[tuple[str, ...], list[tuple[str, ...]]]


@dataclass(frozen=True)
class Filter:
    """The names that were asked for; empty means all."""

    tasks: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    @property
    def is_narrow(self) -> bool:
        """Was it asked about certain models or data, so that every reason is worth a line?"""
        return bool(self.datasets or self.models)


def show(plugins: Plugins, chosen: Filter, *, as_json: bool) -> None:
    """Print the matrix: a row for each task and data set, or for each combination where it was asked about a few."""
    found = list(matrix(plugins, chosen.tasks, chosen.datasets, chosen.models))
    if as_json:
        echo_json([{**asdict(each), "is_possible": each.is_possible} for each in found])
        return
    columns, rows = _every(found) if chosen.is_narrow else _by_data(found)
    console(is_wide_in_pipes=True).print(table("", columns, rows, whole=2))
    possible = sum(each.is_possible for each in found)
    more = "" if chosen.is_narrow else ". Why a model is not among them: --model or --dataset"
    click.echo(f"{possible} of {len(found)} combinations can be run{more}")


def _every(found: Iterable[Meeting]) -> Rows:
    rows = _refusals_once(found)
    return ("task", "data set", "model", "why not"), [
        (each.task, each.dataset, name, each.reason) for each, name in rows
    ]


def _refusals_once(found: Iterable[Meeting]) -> list[tuple[Meeting, str]]:
    """Return each combination with its model's name; where the task refuses the data, once for all models."""
    told: set[tuple[str, str]] = set()
    rows = []
    for each in found:
        place = (each.task, each.dataset)
        if each.refused_by != "task":
            rows.append((each, each.model))
        elif place not in told:
            told.add(place)
            rows.append((each, "any"))
    return rows


def _by_data(found: Iterable[Meeting]) -> Rows:
    can: dict[tuple[str, str], list[str]] = defaultdict(list)
    why: dict[tuple[str, str], str] = {}
    for each in found:
        place = (each.task, each.dataset)
        can[place] += [each.model] if each.is_possible else []
        if each.refused_by == "task":
            why[place] = each.reason
    rows = [(*place, ", ".join(models) or "none", why.get(place, "")) for place, models in can.items()]
    return ("task", "data set", "models", "why not"), [*rows]
