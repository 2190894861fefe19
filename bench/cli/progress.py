"""Show a suite's progress: a live display on a terminal, plain lines elsewhere, JSON lines for scripts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import click

from bench.cli.common import console, finite
from bench.record import CurvePoint, PlannedRun, RunRecord

__all__ = ["Estimate", "plain", "watcher"]


class Estimate:
    """How long the rest will take, from how long runs of the same cell took so far."""

    def __init__(self) -> None:
        self._seconds: dict[Any, list[float]] = defaultdict(list)
        self._begun = monotonic()
        self._spent = 0.0

    def saw(self, record: RunRecord) -> None:
        """Take in a finished run."""
        self._seconds[record.run.cell].append(record.times.wall_seconds)
        self._spent += record.times.wall_seconds

    def seconds_left(self, count: int) -> float | None:
        """Return the seconds that `count` more runs will take; None before the first has finished."""
        every = [seconds for cell in self._seconds.values() for seconds in cell]
        if not every:
            return None
        # Cells come round in the same order for every seed, so the mean over cells is the mean of what is left.
        means = [sum(cell) / len(cell) for cell in self._seconds.values()]
        # Runs side by side share the time: `at_once` of them, as seen so far.
        at_once = max(1.0, self._spent / max(monotonic() - self._begun, 1e-9))
        return count * sum(means) / len(means) / at_once


def describe(record: RunRecord, told: str = "") -> str:
    """Return one line on how a run ended; a reason that was told last needs no second telling."""
    line = f"{record.status:<8} {record.run}  {record.times.wall_seconds:.1f} s"
    if record.is_ok and (value := record.score(record.objective)) is not None:
        line += f"  {record.objective} {value:.4g}"
    if record.reason and record.reason == told:
        return f"{line}  (as above)"
    return line if not record.reason else f"{line}  {record.reason.splitlines()[0][:500]}"


class Lines:
    """Plain lines, one per finished run; for logs and pipes."""

    def __init__(self) -> None:
        self.total = self.done = 0
        self.estimate = Estimate()
        self.told = ""

    def planned(self, total: int, stored: int) -> None:
        """Say what there is to do."""
        self.total, self.done = total, stored
        click.echo(f"{_runs(total)}, {stored} stored already, {total - stored} to make", err=True)

    def added(self, runs: int, stored: int, why: str) -> None:
        """Say what there is to do besides, and why."""
        self.total += runs
        self.done += stored
        if why:
            click.echo(f"{_runs(runs - stored)} more: {why}", err=True)

    def started(self, run: PlannedRun) -> None:
        """Nothing: a line per run is enough for a log."""

    def point(self, run: PlannedRun, point: CurvePoint) -> None:
        """Nothing: as above."""

    def finished(self, record: RunRecord) -> None:
        """Print the run's line."""
        self.done += 1
        self.estimate.saw(record)
        left = self.estimate.seconds_left(self.total - self.done)
        rest = f"  ({clock(left)} left)" if left and self.done < self.total else ""
        click.echo(f"[{self.done}/{self.total}] {describe(record, self.told)}{rest}", err=True)
        self.told = record.reason

    def found(self, run: PlannedRun) -> None:
        """Say that the run need not be made."""
        self.done += 1
        click.echo(f"[{self.done}/{self.total}] stored   {run}  by another process", err=True)

    def problem(self, text: str) -> None:
        """Print a warning."""
        click.echo(f"Warning: {text}", err=True)


class JsonLines(Lines):
    """One JSON object per event on standard error, so that standard output stays one document."""

    def planned(self, total: int, stored: int) -> None:
        """Say what there is to do."""
        self._say(event="planned", total=total, stored=stored)

    def added(self, runs: int, stored: int, why: str) -> None:
        """Say what there is to do besides, and why."""
        self._say(event="added", runs=runs, stored=stored, why=why)

    def started(self, run: PlannedRun) -> None:
        """Say which run began."""
        self._say(event="started", run_id=run.run_id, run=str(run))

    def finished(self, record: RunRecord) -> None:
        """Say how a run ended."""
        scores = {score.name: score.value for score in record.scores}
        self._say(
            event="finished",
            run_id=record.run.run_id,
            status=record.status,
            reason=record.reason,
            scores=scores,
        )

    def found(self, run: PlannedRun) -> None:
        """Say which run another process has made."""
        self._say(event="found", run_id=run.run_id, run=str(run))

    def problem(self, text: str) -> None:
        """Say what went wrong beside the runs."""
        self._say(event="problem", text=text)

    def _say(self, **event: Any) -> None:
        click.echo(json.dumps(finite(event), allow_nan=False), err=True)


class Live(Lines):
    """A bar over all runs, a line for each that runs now, and a line above for each that did not end well."""

    def __init__(self, progress: Any) -> None:
        super().__init__()
        self.progress = progress
        self.whole = progress.add_task("starting: importing torch once", total=None, left="")
        self.running: dict[str, Any] = {}

    def planned(self, total: int, stored: int) -> None:
        """Set the bar."""
        self.total, self.done = total, stored
        self.progress.update(self.whole, total=total, completed=stored)

    def added(self, runs: int, stored: int, why: str) -> None:
        """Lengthen the bar."""
        self.total += runs
        self.done += stored
        if why:
            self.progress.console.print(f"{_runs(runs - stored)} more: {why}", markup=False)
        self.progress.update(self.whole, total=self.total, completed=self.done)

    def started(self, run: PlannedRun) -> None:
        """Add the run's line."""
        self.running[run.run_id] = self.progress.add_task(f"  {run}", total=None, left="")
        self._refresh()

    def point(self, run: PlannedRun, point: CurvePoint) -> None:
        """Show how far the run has come."""
        scores = "  ".join(f"{name} {value:.4g}" for name, value in list(point.validation.items())[:1])
        text = f"  {run} · epoch {point.epoch:.4g} · {scores or f'step {point.step}'}"
        self.progress.update(self.running[run.run_id], description=text)

    def finished(self, record: RunRecord) -> None:
        """Take the run's line away."""
        self.done += 1
        self.estimate.saw(record)
        task = self.running.pop(record.run.run_id, None)
        if task is not None:
            self.progress.remove_task(task)
        if not record.is_ok:
            self.progress.console.print(describe(record, self.told), style="yellow", markup=False)
            self.told = record.reason
        self._refresh()

    def found(self, run: PlannedRun) -> None:
        """Move the bar on."""
        self.done += 1
        self._refresh()

    def problem(self, text: str) -> None:
        """Print a warning above the bar."""
        self.progress.console.print(f"Warning: {text}", style="yellow", markup=False)

    def _refresh(self) -> None:
        left = self.estimate.seconds_left(self.total - self.done)
        shown = "" if left is None else f"{clock(left)} left"
        self.progress.update(self.whole, description="runs", completed=self.done, left=shown)


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"


def clock(seconds: float) -> str:
    """Return `1:02:03` or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def plain(*, is_json: bool) -> Lines:
    """Return the display that needs no terminal."""
    return JsonLines() if is_json else Lines()


@contextmanager
def watcher(*, is_live: bool, is_json: bool) -> Iterator[Lines]:
    """Return the display that fits where the output goes."""
    if not is_live:
        yield plain(is_json=is_json)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        yield Live(progress)
