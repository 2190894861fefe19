"""`bench run`: run a suite, show its progress, end with the table and the report."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import Bytes, Names, Seeds, SplitScheme, echo_json, json_option, plugin_option, store_option
from bench.cli.own_data import Own, own_data_options
from bench.cli.run_options import RunOptions
from bench.cli.work import Work

if TYPE_CHECKING:
    from bench.plugins import Plugins
    from bench.record import SuitePlan
    from bench.runner.jobs import Job
    from bench.runner.plan import Choices
    from bench.runner.session import Tally, Watcher
    from bench.store import Store
    from bench.suite import SuiteFile

__all__ = ["command"]

# What is left to the machine's owner, so that a run out of bounds fails before the machine does.
MEMORY_SHARE = 0.8


class SuiteName(click.ParamType[str]):
    """A shipped suite's name or a path to a TOML file."""

    name = "suite"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Offer shipped suites, then files."""
        from click.shell_completion import CompletionItem

        from bench.suite import shipped_suites

        names = [CompletionItem(name) for name in shipped_suites() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


@click.command()
@click.argument("suite", type=SuiteName(), required=False)
@own_data_options
@click.option(
    "--models",
    type=Names("models"),
    default=(),
    help="Only these models, by name or label, with commas; +NAME adds one.",
)
@click.option("--datasets", type=Names("datasets"), default=(), help="Only these data sets.")
@click.option("--seeds", type=Seeds(), default=(), help="5 (seeds 0 to 4), 0,3,7 or 2-4.")
@click.option("--splits", type=SplitScheme(), help="10 (random cuts), kfold:5 or official. [default: the suite's]")
@plugin_option
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Runs at a time; each has its own cores.",
)
@click.option("--threads", type=click.IntRange(1), help="Threads of each run. [default: its cores]")
@click.option(
    "--data-root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data lies. [default: $BENCH_DATA or the user's cache]",
)
@store_option
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    help="Seconds a run may take. [default: the suite's]",
)
@click.option("--memory-limit", type=Bytes(), help="Memory a run may take, e.g. 4GB. [default: 80 % of what is free]")
@click.option("--retry-failed", is_flag=True, help="Make failed runs again; the earlier attempts stay in the store.")
@click.option("--repeat", is_flag=True, help="Make stored runs once more: the report says what repeats bit for bit.")
@click.option(
    "--until-decided",
    is_flag=True,
    help="Add seeds until every pair of models is decided, or beyond what seeds can decide.",
)
@click.option("--max-seeds", type=click.IntRange(3), help="With --until-decided: at most so many. [default: 30]")
@click.option("--deterministic", is_flag=True, help="Only algorithms that repeat bit for bit; slower on CUDA.")
@click.option("--dry-run", is_flag=True, help="Show what would be run, and why.")
@click.option("--report/--no-report", "with_report", default=True, help="Write the report at the end.")
@json_option
def command(**options: Any) -> int:
    """Run SUITE, a shipped suite's name or a TOML file, or compare models on your own --data. Runs that are stored
    already are not made again.

    Exit codes: 0 all fine, 1 some runs failed, 2 misuse, 3 no run ended well, 130 interrupted.
    """
    from bench.cli.progress import plain
    from bench.measure.limits import usable_cores
    from bench.plugin_files import with_files
    from bench.runner.checks import check_cores
    from bench.store import open_store
    from bench.suite import read_suite

    asked = RunOptions(**options)
    asked.check_data()
    plugins, warn = with_files(asked.plugins), plain(is_json=asked.as_json).problem
    for problem in plugins.problems:
        warn(f"plugin {problem.owner} is broken: {problem.reason}")
    own = None if asked.data is None else Own(asked, plugins)
    if own is not None:
        asked = replace(asked, suite=str(own.path))
    file = read_suite(asked.suite) if own is None else own.file()
    choices = _choices(file, asked, warn)
    work = Work.of(file, plugins, choices, asked)
    # Before the store is opened: a refused command must leave its plan, and so its report, as they were.
    check_cores(work.jobs, parallel=asked.jobs, available=len(usable_cores()))
    if own is not None:
        _take_down(own, asked)
    if asked.dry_run:
        _show_plan(work, asked, own)
        return 0
    with open_store(asked.store, create=True) as opened:
        work.begin(opened)
        plan = _plan(file, work.jobs, asked)
        opened.merge_plan(plan, replace=not choices.is_partial)
        tally = _run(opened, plan, work, file.path, asked)
        _rescore(opened, plugins, work.jobs)
        if asked.with_report and not asked.as_json:
            _report(opened, plugins, file.suite.name)
    if asked.as_json:
        found = {"suite": file.suite.name, "store": asked.store, "stored": tally.stored, "made": tally.made}
        echo_json(found | work.as_json() | ({} if own is None else {"data": own.as_json()}))
    else:
        work.say()
        _show_tally(tally)
    return tally.exit_code


def _take_down(own: Own, asked: RunOptions) -> None:
    """Say what was found in the user's own data, and write the suite; a dry run writes it only where it is told to."""
    is_written = not asked.dry_run or asked.write_suite is not None
    if is_written:
        own.write()
    if not asked.as_json:
        own.say(is_written=is_written)


def _rescore(store: Store, plugins: Plugins, jobs: list[Job]) -> None:
    """Compute metrics that came after their runs, or were changed since, from what the runs answered."""
    from bench.runner.rescoring import Rescorer, metric_sources

    rescorer = Rescorer(store, metric_sources(plugins))
    rescorer.write(store.records(job.plan.run_id for job in jobs))
    for problem in rescorer.problems:
        click.echo(f"Warning: {problem}", err=True)
    if rescorer.computed:
        told = ", ".join(f"{name} for {count}" for name, count in sorted(rescorer.computed.items()))
        click.echo(f"Computed from kept answers, nothing trained: {told} stored run(s)", err=True)


def _run(store: Store, plan: SuitePlan, work: Work, suite: Path, asked: RunOptions) -> Tally:
    from bench.cli.progress import watcher
    from bench.runner.session import Session

    def keep(jobs: list[Job]) -> None:
        store.merge_plan(plan.model_copy(update={"runs": tuple(job.plan for job in jobs)}), replace=False)

    # A scheduler's SIGTERM is a Ctrl-C from further away: the runs end, what finished is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shown: Watcher
    with watcher(is_live=not asked.as_json and sys.stderr.isatty(), is_json=asked.as_json) as shown:
        session = Session(store, work.plugins, shown, parallel=asked.jobs, suite=suite)
        jobs, further = list(work.jobs), work.further(keep)
        return session.run(jobs, retry_failed=asked.retry_failed, repeat=asked.repeat, further=further)


def _choices(file: SuiteFile, asked: RunOptions, warn: Callable[[str], None]) -> Choices:
    from bench.runner.plan import Choices
    from bench.suite import Splits

    threads = asked.threads or file.suite.threads or max(1, _usable_cores() // asked.jobs)
    splits = asked.splits and Splits.model_validate(dict(zip(("scheme", "count"), asked.splits, strict=True)))
    return Choices(
        models=asked.models,
        datasets=asked.datasets,
        seeds=asked.seeds,
        splits=splits,
        devices=(_device(asked.device, warn),),
        threads=threads,
        data_root=asked.data_root,
        timeout_seconds=asked.timeout,
        memory_limit_bytes=asked.memory_limit or _free_share(asked.jobs),
        is_deterministic=asked.deterministic,
    )


def _usable_cores() -> int:
    """Return how many cores' worth of time this process may have."""
    from bench.measure.limits import core_limit, usable_cores

    count = len(usable_cores())
    return max(1, min(count, int(core_limit() or count)))


def _device(asked: str, warn: Callable[[str], None]) -> str:
    """Return cpu or cuda; asks the driver's own tool, since importing torch here would take seconds."""
    if asked == "cpu":
        return asked
    tool = shutil.which("nvidia-smi")
    found = ""
    if tool and os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in ("", "-1"):
        try:
            found = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False, timeout=30).stdout  # noqa: S603 - a path found by us, fixed arguments
        except subprocess.TimeoutExpired:
            warn("nvidia-smi did not answer within 30 s; no GPU is used")
    if "GPU" in found and _torch_has_cuda():
        return "cuda"
    if asked == "cuda":
        reason = "this torch was built without CUDA" if "GPU" in found else "nvidia-smi finds no GPU here"
        raise click.UsageError(f"--device cuda: {reason}. Use --device cpu")
    return "cpu"


def _torch_has_cuda() -> bool:
    """Read what torch was built for from its source: importing it would take seconds."""
    from importlib.util import find_spec

    torch = find_spec("torch")
    source = Path(torch.origin).with_name("version.py").read_text() if torch and torch.origin else ""
    return re.search(r"^cuda\b.*=\s*['\"]", source, re.MULTILINE) is not None


def _free_share(jobs: int) -> int:
    import psutil

    from bench.measure.limits import memory_limit_bytes

    free = min(psutil.virtual_memory().available, memory_limit_bytes() or sys.maxsize)
    return int(free * MEMORY_SHARE / jobs)


def _plan(file: SuiteFile, jobs: list[Job], asked: RunOptions) -> SuitePlan:
    from bench.record import SuitePlan

    specs = (spec for job in jobs for spec in (job.dataset, *job.extra_datasets))
    needs_data = any(not spec.embedded_in and not spec.reader for spec in specs)
    return SuitePlan(
        suite=file.suite.name,
        description=file.suite.description,
        planned_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=asked.command_line(needs_data=needs_data),
        runs=tuple(job.plan for job in jobs),
        is_sequential=asked.until_decided,
        datasets=tuple({job.dataset.name: job.dataset for job in jobs if job.dataset.reader}.values()),
    )


def _show_plan(work: Work, asked: RunOptions, own: Own | None = None) -> None:
    from bench.cli.dry_run import Stored, show, verdicts
    from bench.errors import StoreMissing
    from bench.runner.checks import missing_data
    from bench.runner.session import pending
    from bench.store import open_store

    stored = Stored()
    try:
        with open_store(asked.store, create=False) as store:
            stored.statuses = store.statuses()
            for record in store.records():
                stored.saw(record)
            work.begin(store)
    except StoreMissing:
        # Every run is new.
        work.begin(None)
    due = pending(work.jobs, dict(stored.statuses), retry_failed=asked.retry_failed, repeat=asked.repeat)
    found = verdicts(work.jobs, [job.plan.run_id for job in due], stored, missing_data(due))
    show(found, parallel=asked.jobs, as_json=asked.as_json, data=None if own is None else own.as_json())
    if not asked.as_json:
        work.say_what_may_follow()


def _report(store: Store, plugins: Plugins, suite: str) -> None:
    from bench.cli.report import print_summary, write_reports

    report, paths = write_reports(store, plugins, [suite], store.folder / "report" / suite, ())
    print_summary(report)
    for path in paths:
        if path.suffix == ".html":
            click.echo(f"Report: {path}")


def _show_tally(tally: Tally) -> None:
    every = Counter(tally.made)
    made = ", ".join(f"{count} {status}" for status, count in every.items()) or "nothing new"
    click.echo(f"Runs: {made}; {tally.stored.total()} were stored before.")
    failed = every.total() - every["ok"] - every["skipped"] - every["not-applicable"]
    if failed:
        click.echo("Failed runs are in the report with their reasons; bench show RUN has all of it.", err=True)
