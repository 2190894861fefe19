"""`bench report`: write the comparative report of what is stored."""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import DEFAULT_STORE, Names, Word, console, echo_json, json_option, plugin_option, store_option
from bench.errors import BenchError, MissingExtra, PluginError, StoreError, UnknownName
from bench.plugins import BROKEN, FILE, Offer, Owner, Plugins, sentence
from bench.specs import RendererSpec

if TYPE_CHECKING:
    from bench.record import PlannedRun, RunRecord, SuitePlan
    from bench.report import Report
    from bench.store import Store

__all__ = ["command", "print_summary", "write_reports"]


def _stored_suites(ctx: click.Context) -> Iterable[str]:
    from bench.store import open_store

    with open_store(ctx.params.get("store") or DEFAULT_STORE, create=False) as store:
        return store.plans()


@click.command()
@click.argument("suites", nargs=-1, type=Word(_stored_suites))
@store_option
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write into. [default: report/ beside the store]",
)
@click.option(
    "--formats", type=Names("renderers"), default=(), help="These formats, with commas. [default: all but figures]"
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0, min_open=True),
    help="Main scores that differ by less are equivalent, in their unit. [default: 0.01 for scores from 0 to 1]",
)
@click.option(
    "--measures",
    type=Names("metrics"),
    default=(),
    help="Only these in tables, with commas, e.g. accuracy,train_seconds. [default: those that a page shows first]",
)
@plugin_option
@json_option
def command(
    suites: tuple[str, ...],
    store: str,
    output: Path | None,
    formats: tuple[str, ...],
    margin: float | None,
    measures: tuple[str, ...],
    plugins: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write the report of SUITES, all that are stored by default. Works on a suite that is still being run."""
    from bench.plugin_files import with_files
    from bench.store import open_store

    found = with_files(plugins)
    with open_store(store, create=False) as opened:
        folder = output or opened.folder / "report" / "+".join(suites)
        report, paths = write_reports(opened, found, suites, folder, formats, margin=margin, measures=measures)
    if as_json:
        echo_json([str(path) for path in paths])
        return
    print_summary(report)
    for path in paths:
        click.echo(str(path))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let the garbage collector rest: it would walk millions of objects of records again and again, and free none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collector()
def write_reports(
    store: Store,
    plugins: Plugins,
    suites: Sequence[str],
    folder: Path,
    formats: Sequence[str],
    *,
    margin: float | None = None,
    measures: Sequence[str] = (),
) -> tuple[Report, list[Path]]:
    """Build the report of some suites (all if none is named) and write it in some formats (the usual if none is named).

    measures: what tables show, everything if none is named.
    """
    from bench.cli.inputs import InputImages
    from bench.evidence import SampleScores
    from bench.report import Source, build_report
    from bench.report.parts.methods import Offers
    from bench.report.selection import with_measures
    from bench.runner.rescoring import Rescorer, metric_sources
    from bench.tasks.scoring import own_scores

    renderers = plugins.renderers
    chosen = [renderers.find(name, "--formats") for name in formats] or _default(renderers.values())
    plans = store.plans()
    for name in suites:
        if name not in plans:
            raise UnknownName("suite", name, plans, place=store.location)
    wanted = [plan for name, plan in plans.items() if name in suites or not suites]
    for spec in (each for plan in wanted for each in plan.datasets if each.name not in plugins.datasets):
        plugins.datasets.add(Offer(spec, Owner(spec.reader, "your own", FILE)))
    stored = list(_records(store, wanted))
    # The fingerprints of metrics take longer than the report of a run: only kept answers can be scored again.
    rescorer = Rescorer(store, metric_sources(plugins) if any(record.truth for record in stored) else {})
    records = list(rescorer.read(stored))
    for problem in rescorer.problems:
        click.echo(f"Warning: {problem}", err=True)
    if not records:
        raise StoreError(
            f"{store.location} holds no finished run of {', '.join(plan.suite for plan in wanted) or 'any suite'} yet"
        )
    report = build_report(
        records,
        store.environments(),
        Source(
            artifacts=store.artifact,
            samples=SampleScores(
                store.answer,
                store.truth,
                {name: offer.spec for name, offer in plugins.metrics.items()},
                own_scores(plugins.tasks, {record.run.task for record in records if record.truth}),
            ),
            inputs=InputImages(plugins),
            protocols=plugins.protocols,
            offers=Offers.of(plugins),
        ),
        title=", ".join(plan.suite for plan in wanted),
        command=" && ".join(plan.command for plan in wanted),
        # Only runs made more than once can tell whether they repeat; the others need not be read again.
        attempts=list(store.attempts(record.run.run_id for record in records if record.attempt > 1)),
        planned=len({run.run_id for plan in wanted for run in plan.runs}),
        margin=margin,
        sequential={plan.suite for plan in wanted if plan.is_sequential},
    )
    if measures:
        report = with_measures(report, measures)
    folder.mkdir(parents=True, exist_ok=True)
    return report, _written(report, folder, chosen, is_chosen=bool(formats))


def _default(renderers: Iterable[Offer[RendererSpec]]) -> list[Offer[RendererSpec]]:
    return [offer for offer in renderers if offer.spec.is_default]


def _written(report: Report, folder: Path, renderers: Iterable[Offer[RendererSpec]], *, is_chosen: bool) -> list[Path]:
    """Write the formats. One that breaks is left out with a warning, unless it was asked for or none is left.

    Those that link to files of others come after them.
    """
    paths: list[Path] = []
    failures: list[Exception] = []
    for offer in sorted(renderers, key=lambda offer: bool(offer.spec.after)):
        try:
            paths.append(_render(offer, report, folder))
        except (BenchError, OSError) as error:
            if is_chosen:
                raise
            failures.append(error)
    if failures and not paths:
        raise failures[0]
    for failure in failures:
        kind = "Note" if isinstance(failure, MissingExtra) else "Warning"
        click.echo(f"{kind}: {failure}. The other formats are written", err=True)
    return paths


def _render(offer: Offer[RendererSpec], report: Report, folder: Path) -> Path:
    if missing := offer.missing():
        raise missing
    try:
        with redirect_stdout(sys.stderr):
            return Path(offer.load()(report, folder))
    except (BenchError, OSError):
        raise
    except BROKEN as error:
        raise PluginError(f"format {offer.spec.name!r} of plugin {offer.owner} is broken: {sentence(error)}") from error


def _records(store: Store, plans: Iterable[SuitePlan]) -> Iterator[RunRecord]:
    """Yield what is stored of the plans' runs, once for every suite and label that lists it."""
    places: dict[str, list[PlannedRun]] = defaultdict(list)
    for plan in plans:
        for run in plan.runs:
            places[run.run_id].append(run)
    for record in store.records(places):
        for run in places[record.run.run_id]:
            yield record.model_copy(update={"run": run})


def print_summary(report: Report) -> None:
    """Print what was found and the report's tables in short; in a pipe, each sentence on one line."""
    from bench_reports.terminal import summary

    console(is_wide_in_pipes=True).print(summary(report, is_wrapped=sys.stdout.isatty()), crop=False)
