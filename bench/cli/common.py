"""Options and output that several commands share."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.errors import BenchError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = [
    "DEFAULT_STORE",
    "ID_DIGITS",
    "Bytes",
    "Names",
    "Seeds",
    "SplitScheme",
    "Word",
    "console",
    "echo_json",
    "finite",
    "joined",
    "json_option",
    "plugin_option",
    "store_option",
    "table",
]

DEFAULT_STORE = "bench-results/bench.sqlite"
# Wide enough for every list: what reads a pipe looks for names, and a folded one it would miss.
PIPE_COLUMNS = 240
# Of a run's id; every command takes the beginning of one.
ID_DIGITS = 12
F = TypeVar("F", bound=Callable[..., Any])
UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them, one that has a comma itself in double quotes; completes the last one from what is
    installed.
    """

    name = "names"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split at commas outside of quotes."""
        import csv

        if isinstance(value, tuple):
            return value
        try:
            parts = next(csv.reader([value], skipinitialspace=True, strict=True), [])
        except csv.Error:
            self.fail(f"{value!r} has a quote without its end; a name with a comma is written '\"a, b\",c'", param, ctx)
        return tuple(name.strip() for name in parts if name.strip())

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Offer installed names after the last comma."""
        from click.shell_completion import CompletionItem

        from bench.plugins import discover

        done, comma, last = incomplete.rpartition(",")
        plus = "+" if last.startswith("+") else ""
        names = [name for name in getattr(discover(), self.kind) if name.startswith(last[len(plus) :])]
        return [CompletionItem(f"{done}{comma}{plus}{name}") for name in names]


def joined(names: Iterable[str]) -> str:
    """Return names as `Names` reads them."""
    return ",".join('"' + name.replace('"', '""') + '"' if set(name) & set(',"') else name for name in names)


class Word(click.ParamType[str]):
    """A name that the command looks up itself; `names` returns those that complete it."""

    name = "name"

    def __init__(self, names: Callable[[click.Context], Iterable[str]]) -> None:
        self.names = names

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Offer the names there are; where they cannot be read, none."""
        from click.shell_completion import CompletionItem

        try:
            return [CompletionItem(name) for name in self.names(ctx) if name.startswith(incomplete)]
        except BenchError:
            return []


class Seeds(click.ParamType[tuple[int, ...]]):
    """`5` is seeds 0 to 4; `0,3,7` and `2-4` name them."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Parse a count, a list or a range."""
        if isinstance(value, tuple):
            return value
        if re.fullmatch(r"[1-9]\d{0,3}", value):
            return tuple(range(int(value)))
        seeds: list[int] = []
        for part in value.split(","):
            found = re.fullmatch(r"\s*(\d{1,10})(?:-(\d{1,10}))?\s*", part)
            if not found:
                self.fail(f"{value!r} is not a number of seeds (5), a list (0,3,7) or a range (2-4)", param, ctx)
            first, last = int(found[1]), int(found[2] or found[1])
            if not first <= last < min(first + 10_000, 2**32):
                self.fail(f"{part!r} is not a range of seeds: write the smaller first", param, ctx)
            seeds += range(first, last + 1)
        return tuple(dict.fromkeys(seeds))


class SplitScheme(click.ParamType[tuple[str, int]]):
    """`10` is ten random cuts; `kfold:5`, `holdout:10` and `official` name a scheme."""

    name = "splits"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Parse a count, or a scheme with one."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(?:(holdout|kfold):)?([1-9]\d{0,3})", value)
        if found and (found[1], found[2]) != ("kfold", "1"):
            return found[1] or "holdout", int(found[2])
        if value not in ("official", "official:1"):
            self.fail(f"{value!r} is not a number of splits (10), folds (kfold:5) or official", param, ctx)
        return "official", 1


class Bytes(click.ParamType[int]):
    """`4GB`, `512MiB` or plain bytes."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse a size."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", value.lower())
        if not found or found[2] == "i":
            self.fail(f"{value!r} is not a size; write 4GB, 512MiB or a number of bytes", param, ctx)
        return int(float(found[1]) * UNITS[found[2]])


def store_option(function: F) -> F:
    """Add `--store`."""
    option = click.option(
        "--store",
        type=click.Path(dir_okay=False, path_type=str),
        default=DEFAULT_STORE,
        show_default=True,
        envvar="BENCH_STORE",
        help="Results file (SQLite), or the URL of a store.",
    )
    return option(function)


def plugin_option(function: F) -> F:
    """Add `--plugin`, which gives the command `plugins`, a tuple of paths."""
    option = click.option(
        "--plugin",
        "plugins",
        type=click.Path(exists=True, path_type=Path),
        multiple=True,
        help="A Python file, or a package's folder, that is a plugin for this command alone. "
        "May be given several times.",
    )
    return option(function)


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(function)


def console(*, stderr: bool = False, is_wide_in_pipes: bool = False) -> Console:
    """Return a console that never takes names and error texts for markup; in a pipe, lines need not be folded."""
    from rich.console import Console

    is_wide = is_wide_in_pipes and not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=PIPE_COLUMNS if is_wide else None, stderr=stderr, markup=False, highlight=False, emoji=False)


def echo_json(value: Any) -> None:
    """Print one JSON document; what JSON has no number for (NaN, infinity) is null in it."""
    click.echo(json.dumps(finite(value), indent=2, ensure_ascii=False, default=str, allow_nan=False))


def finite(value: Any) -> Any:
    """Return a plain value with None in place of every number that JSON does not know."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(title: str, columns: Iterable[str], rows: Iterable[Sequence[str]], *, whole: int = 0) -> Table:
    """Return a plain table; cells are text, not markup. The first `whole` columns are never folded."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    found = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        found.add_column(column, overflow="fold", no_wrap=number < whole)
    for row in rows:
        found.add_row(*(Text(cell) for cell in row))
    return found
