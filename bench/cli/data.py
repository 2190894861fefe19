"""`bench data`: list, fetch and verify data sets."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from bench.cli.common import Word, console, echo_json, json_option, plugin_option, table
from bench.errors import BenchError, DataError, DataMissing
from bench.plugin_files import with_files
from bench.plugins import Offer, discover
from bench.specs import DatasetSpec

__all__ = ["MISSING", "READY", "command", "state_of"]

READY = "ready"
MISSING = "missing"

root_option = click.option(
    "--data-root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data lies. [default: $BENCH_DATA or the user's cache]",
)


@click.group()
def command() -> None:
    """List, fetch and verify data sets."""


@command.command("list")
@root_option
@plugin_option
@json_option
def list_(data_root: Path | None, plugins: tuple[Path, ...], as_json: bool) -> None:
    """List data sets and whether their files are here."""
    from bench.sources import data_root as default_root

    rows = [
        (name, offer.spec.summary, offer.spec.licence, state_of(offer, data_root))
        for name, offer in with_files(plugins).datasets.items()
    ]
    if as_json:
        echo_json([dict(zip(("name", "summary", "licence", "state"), row, strict=True)) for row in rows])
        return
    out = console(is_wide_in_pipes=True)
    out.print(table("", ("data set", "what it is", "licence", "state"), rows))
    out.print(f"Data root: {default_root(data_root)}")
    if missing := [row[0] for row in rows if row[-1] == MISSING]:
        elsewhere = "" if data_root is None else f" --data-root {shlex.quote(str(data_root))}"
        out.print(f"To get what is missing: bench data fetch {' '.join(missing)}{elsewhere}")


@command.command()
@click.argument("names", nargs=-1, required=True, type=Word(lambda _: discover().datasets))
@root_option
@plugin_option
def fetch(names: tuple[str, ...], data_root: Path | None, plugins: tuple[Path, ...]) -> None:
    """Download data sets and verify their checksums."""
    from bench.fetch import fetch as fetch_files
    from bench.sources import data_root as default_root

    catalogue = with_files(plugins).datasets
    offers = [catalogue.find(name, "bench data fetch") for name in names]
    for offer in offers:
        if offer.spec.embedded_in:
            click.echo(f"{offer.spec.name}: comes inside {offer.spec.embedded_in}, nothing to fetch")
            continue
        for path in fetch_files(offer.spec, default_root(data_root)):
            click.echo(f"{offer.spec.name}: {path}")


@command.command()
@click.argument("names", nargs=-1, type=Word(lambda _: discover().datasets))
@root_option
@plugin_option
@json_option
def verify(names: tuple[str, ...], data_root: Path | None, plugins: tuple[Path, ...], as_json: bool) -> int:
    """Read every file of the data sets (all that are here by default) and compare checksums."""
    from bench.sources import verify as verify_files

    catalogue = with_files(plugins).datasets
    results: dict[str, dict[str, str]] = {}
    failed = False
    for name in names or list(catalogue):
        offer = catalogue.find(name, "bench data verify")
        try:
            results[name] = {"state": "ok", **verify_files(offer.spec, data_root)}
        except DataMissing as error:
            failed |= bool(names)
            results[name] = {"state": "missing", "reason": str(error)}
        except BenchError as error:
            failed = True
            results[name] = {"state": "wrong", "reason": str(error)}
    if as_json:
        echo_json(results)
    else:
        rows = [
            (name, found["state"], found.get("reason", f"{len(found) - 1} file(s)")) for name, found in results.items()
        ]
        console().print(table("", ("data set", "state", ""), rows))
    return int(failed)


def state_of(offer: Offer[DatasetSpec], root: Path | None = None) -> str:
    """Return "ready", "missing" where files are not there, or what must be installed or mended first."""
    from bench.sources import DataSource

    missing = offer.missing()
    if missing is not None:
        return str(missing)
    try:
        source = DataSource.of(offer.spec, root)
        for file in offer.spec.files:
            source.locate(file)
    except DataMissing:
        return MISSING
    except DataError as error:
        return str(error)
    return READY
