"""`bench compare`: what got better or worse, is equivalent or open, and what cannot be compared."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import console, echo_json, json_option, store_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.compare import Differences, Margin, SampleReader
    from bench.evidence import SampleScores
    from bench.plugins import Plugins
    from bench.record import RunRecord

__all__ = ["command"]

KINDS = ("score", "time", "memory")


class MarginOf(click.ParamType[tuple[str, float, bool]]):
    """`accuracy=0.005`, `time=10%`."""

    name = "margin"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float, bool]:
        """Split into measure, number, and whether the number is a share."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"\s*([^=\s]+)\s*=\s*(\d+(?:\.\d+)?(?:e-?\d+)?)\s*(%?)\s*", value)
        if not found:
            self.fail(f"{value!r} is no margin; write accuracy=0.005, train_seconds=10% or time=5%", param, ctx)
        return found[1], float(found[2]) / (100 if found[3] else 1), bool(found[3])


@click.command()
@click.argument("a")
@click.argument("b")
@store_option
@click.option(
    "--fail-on",
    type=click.Choice(["regression"]),
    help="Exit with 1 when something got worse beyond noise.",
)
@click.option(
    "--margin",
    "margins",
    type=MarginOf(),
    multiple=True,
    help="Differences up to this do not matter: MEASURE=NUMBER or MEASURE=SHARE%; score, time and memory "
    "stand for all of a kind. [default: time=10%, memory=5% but at least 1 MB]",
)
@click.option("--all-scores", is_flag=True, help="Compare every score, not only the main one.")
@json_option
def command(
    a: str,
    b: str,
    store: str,
    fail_on: str | None,
    margins: tuple[tuple[str, float, bool], ...],
    all_scores: bool,
    as_json: bool,
) -> int:
    """List what changed from A to B: each a results file, or a suite or a model's label in --store.

    \b
    A name is looked up in this order:
      suite:NAME, label:NAME    that kind of thing in --store
      a path                    an existing file, or a name ending in .sqlite, .sqlite3 or .db
      NAME                      a suite or a label in --store; an error where it is both

    Runs are paired by data set, task, protocol with its settings, device, label, variant, seed
    and split; two labels are paired without the label. Times and memory are compared within one environment only.
    Scores of the same code on the same test part are compared over seeds: did it change? Those of other code over
    test samples as well, where runs kept their answers.

    Exit codes: 0 compared, 1 something got worse (with --fail-on regression), 2 misuse, 3 nothing could be compared.
    """
    from bench.cli.sides import find_side
    from bench.compare import Margin, compare, plain
    from bench.plugins import discover

    if a == b:
        raise click.UsageError(f"A and B are both {a!r}; name two different things")
    chosen = {name: Margin(value, is_relative=is_share) for name, value, is_share in margins}
    readers: list[SampleScores] = []
    with find_side(a, store) as left, find_side(b, store) as right:
        tasks = {each.run.task for side in (left, right) for each in side.records if each.truth}
        samples = _reader(discover(), tasks, readers)
        found = compare(left, right, margins=chosen, every_score=all_scores, samples=samples)
    for problem in dict.fromkeys(problem for reader in readers for problem in reader.problems):
        click.echo(f"Warning: {problem}", err=True)
    _refuse_unknown(chosen, found)
    if as_json:
        echo_json(plain(found))
    else:
        _print(found)
    if not found.is_compared:
        click.echo("Nothing could be compared.", err=True)
        return 3
    return int(found.is_regression and fail_on is not None)


def _reader(plugins: Plugins, tasks: set[str], made: list[SampleScores]) -> SampleReader:
    """Return what makes readers of kept answers; `made` holds them, for what they could not read to be told."""
    from bench.evidence import SampleScores
    from bench.tasks.scoring import own_scores

    metrics = {name: offer.spec for name, offer in plugins.metrics.items()}
    own = own_scores(plugins.tasks, tasks)

    def reader(answer: Callable[[RunRecord], bytes | None], truth: Callable[[str], bytes]) -> SampleScores:
        made.append(SampleScores(answer, truth, metrics, own))
        return made[-1]

    return reader


def _print(found: Differences) -> None:
    """Print line by line: what reads a pipe looks for names, and would miss one that is folded or cut."""
    from bench_reports.comparison import comparison

    out = console()
    for line in comparison(found):
        out.print(line, soft_wrap=not sys.stdout.isatty())


def _refuse_unknown(margins: dict[str, Margin], found: Differences) -> None:
    known = {change.measure.name for change in found.changes}
    for name in margins:
        if known and name not in known and name not in KINDS:
            raise click.UsageError(f"--margin {name}: no such measure. Compared: {', '.join(sorted(known))}")
