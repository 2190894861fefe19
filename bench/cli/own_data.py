"""`bench run --data`: say what a user's own file holds, and write the suite that compares models on it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.cli.run_options import RunOptions
    from bench.own_data import Inspection
    from bench.plugins import Plugins
    from bench.suite import SuiteFile
    from bench.tasks.base import Task

__all__ = ["Own", "own_data_options"]

F = TypeVar("F", bound=Callable[..., Any])
# Of a table with hundreds of columns the screen shows these; the suite and --json have all.
COLUMNS_SHOWN = 60
OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--data",
        {
            "type": click.Path(),
            "help": "Your own data in place of SUITE: a table (CSV, Parquet), or a folder of images by class.",
        },
    ),
    ("--target", {"help": "With --data: the column to predict."}),
    ("--task", {"help": "With --data: what is asked. [default: what the target suggests]"}),
    ("--drop", {"multiple": True, "metavar": "COLUMN", "help": "With --data: leave a column out."}),
    ("--categorical", {"multiple": True, "metavar": "COLUMN", "help": "With --data: numbers that are categories."}),
    ("--column", {"multiple": True, "metavar": "COLUMN=KIND", "help": "With --data: number, category, date or text."}),
    (
        "--write-suite",
        {
            "type": click.Path(dir_okay=False, path_type=Path),
            "help": "With --data: where the suite goes that is made of them. [default: beside the results]",
        },
    ),
)
WRITTEN = re.compile(r"# As written: ([0-9a-f]{12})\n")


def own_data_options(function: F) -> F:
    """Add what describes a user's own data."""
    for name, kwargs in reversed(OPTIONS):
        function = click.option(name, **kwargs)(function)
    return function


class Own:
    """A user's data as the command line names them: what was found out, and the suite made of it."""

    def __init__(self, asked: RunOptions, plugins: Plugins) -> None:
        from bench.runner.own_data import inspect_own, located

        self.asked, self.plugins = asked, plugins
        path = located(asked.data or "", [Path.cwd()])
        self.found: Inspection = inspect_own(plugins, path, settings=self._settings(), task=asked.task or "")
        self.path = asked.write_suite or _results_folder(asked.store) / f"{_suite_name(path)}.toml"
        self.text = self._text()

    def file(self) -> SuiteFile:
        """Return the suite."""
        from bench.suite import suite_from

        return suite_from(self.text, self.path)

    def write(self) -> None:
        """Write the suite, but not over one that somebody has edited."""
        if self.path.exists() and not self.asked.write_suite and _is_edited(self.path.read_text(encoding="utf-8")):
            raise UsageError(
                f"{self.path} was edited since it was written: run it (bench run {self.path}), or name another place "
                "with "
                "--write-suite FILE"
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.text, encoding="utf-8")

    def say(self, *, is_written: bool) -> None:
        """Print what was inferred, left out and suspected."""
        from bench.cli.common import console, table

        spec, found = self.found.spec, self.found
        out = console(is_wide_in_pipes=True)
        rows = [(fact.name, fact.kind, fact.told) for fact in found.columns]
        if rows:
            out.print(table("", ("column", "read as", "what it holds"), rows[:COLUMNS_SHOWN], whole=2))
        if len(rows) > COLUMNS_SHOWN:
            out.print(f"… and {len(rows) - COLUMNS_SHOWN} more columns: see the suite, or --json.")
        target = f" → {spec.targets}" if spec.targets else ""
        out.print(f"{spec.source}: {spec.sample_count:,} samples: {spec.inputs}{target}.")
        for sentence in found.said:
            out.print(f"  {sentence}")
        for sentence in found.suspected:
            out.print(f"Suspected: {sentence}", style="yellow")
        compare = self._document()["compare"][0]
        out.print(f"The suite compares {', '.join(compare['models'])} by {_name(compare['task'])}.")
        if is_written:
            out.print(f"Suite: {self.path}. Edit it and run it again: bench run {self.path}")

    def as_json(self) -> dict[str, Any]:
        """Return what was found out."""
        found, spec = self.found, self.found.spec
        return {
            "file": spec.files[0].at,
            "reader": spec.reader,
            "name": spec.name,
            "samples": spec.sample_count,
            "input": str(spec.inputs),
            "target": None if spec.targets is None else str(spec.targets),
            "columns": [asdict(fact) for fact in found.columns],
            "said": list(found.said),
            "suspected": list(found.suspected),
            "suite": str(self.path),
        }

    def _settings(self) -> dict[str, Any]:
        columns = dict.fromkeys(self.asked.drop, "drop") | dict.fromkeys(self.asked.categorical, "category")
        for each in self.asked.column:
            name, equals, kind = each.rpartition("=")
            if not equals or not name:
                raise UsageError(f"--column {each}: write it as NAME=KIND, such as --column age=number")
            columns[name] = kind
        return {
            **({"target": self.asked.target} if self.asked.target else {}),
            **({"columns": columns} if columns else {}),
        }

    def _document(self) -> dict[str, Any]:
        from bench.own_data import data_name, suite_entry

        spec, suggested = self.found.spec, dict(self.found.suggested)
        entry = suite_entry(spec)
        if entry["name"] == data_name(Path(entry["path"])):
            del entry["name"]
        entry["path"] = _relative(Path(entry["path"]), self.path.parent)
        models = self._models(suggested["task"], suggested["models"])
        compare = {
            "task": suggested["task"],
            "models": models,
            "protocol": suggested["protocol"],
            "datasets": [entry],
        }
        return {
            "name": _suite_name(self.path),
            "description": f"Which models are worth it on {spec.source}?",
            "seeds": suggested["seeds"],
            "splits": suggested["splits"],
            **({"threads": suggested["threads"]} if "threads" in suggested else {}),
            "compare": [compare],
        }

    def _models(self, task: str | Mapping[str, Any], usual: list[str]) -> list[str]:
        """Return the usual contenders that are installed and fit, or all that do where hardly one of them does."""
        from bench.matching import complaint

        asked = self._task(task)
        fitting = [
            name
            for name, offer in self.plugins.models.items()
            if offer.missing() is None and not complaint(offer.spec, asked, self.found.spec)
        ]
        chosen = [name for name in usual if name in fitting]
        return chosen if len(chosen) > 1 else fitting

    def _task(self, named: str | Mapping[str, Any]) -> Task:
        given = {} if isinstance(named, str) else {key: value for key, value in named.items() if key != "name"}
        offer = self.plugins.tasks.find(_name(named), "--task")
        kind = offer.load()
        task: Task = kind(kind.Settings.model_validate(given), offer.spec.name)
        return task

    def _text(self) -> str:
        import tomli_w

        body = tomli_w.dumps(self._document())
        told = [*self.found.said, *(f"Suspected: {sentence}" for sentence in self.found.suspected)]
        remarks = "".join(f"# {sentence}\n" for sentence in told)
        rest = f"# What columns are, and all else below, may be edited; then: bench run {self.path}\n{remarks}\n{body}"
        return f"# As written: {_digest(rest)}\n{rest}"


def _name(named: str | Mapping[str, Any]) -> str:
    return named if isinstance(named, str) else str(named["name"])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _is_edited(text: str) -> bool:
    found = WRITTEN.match(text)
    return found is None or _digest(text[found.end() :]) != found[1]


def _suite_name(path: Path) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-_")[:50] or "own"


def _results_folder(store: str) -> Path:
    return Path("bench-results") if "://" in store else Path(store).parent


def _relative(path: Path, folder: Path) -> str:
    """Return a path as a suite in a folder names it: relative where it lies below, so that both can be moved."""
    base = folder.absolute()
    return os.path.relpath(path, base) if path.is_relative_to(base) else str(path)
