"""Run a suite: skip what is stored, execute the rest, commit each record before the next run begins."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from bench.plugins import Plugins
from bench.record import Artifact, CurvePoint, PlannedRun, RunRecord
from bench.runner.checks import missing_data
from bench.runner.executor import Ended, Executor, Point, Trouble, open_executor
from bench.runner.jobs import Job, Outcome
from bench.store import Store

__all__ = ["Added", "Session", "Tally", "Watcher", "pending"]

# Data or a package was missing, or somebody else ended it: made again without being asked.
NOT_THE_RUNS_FAULT = frozenset({"skipped", "killed"})
# Made again where that is asked for. What is not applicable is not among them: it cannot become so without an edit.
FAILURES = frozenset({"failed", "out-of-memory", "timeout", "diverged"})
# Another process that has stored one of these has done what was to be done.
FINAL = frozenset({"ok", "not-applicable"})
INTERRUPTED = "the suite was interrupted before the run had ended; it is not stored, and made again with the suite"


class Added(NamedTuple):
    """Runs that join a suite while it runs, and the reason in words."""

    jobs: Sequence[Job]
    why: str = ""


class Watcher(Protocol):
    """Whoever shows a suite's progress."""

    def planned(self, total: int, stored: int) -> None:
        """Hear how many runs there are and how many of them need not be made again."""

    def added(self, runs: int, stored: int, why: str) -> None:
        """Hear that more runs are to be made, and how many of them need not be made again."""

    def started(self, run: PlannedRun) -> None:
        """Hear that a run has begun."""

    def point(self, run: PlannedRun, point: CurvePoint) -> None:
        """Hear a point of a learning curve."""

    def finished(self, record: RunRecord) -> None:
        """Hear that a run has ended and is stored."""

    def found(self, run: PlannedRun) -> None:
        """Hear that another process has stored a run that was still to be made."""

    def problem(self, text: str) -> None:
        """Hear of something that went wrong beside the runs."""


@dataclass
class Tally:
    """How a suite went: runs found in the store and runs made now, by status."""

    stored: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)

    @property
    def statuses(self) -> Counter[str]:
        """All runs of the suite, by status."""
        return self.stored + self.made

    @property
    def exit_code(self) -> int:
        """0: all fine; 1: some did not end well; 3: none did. What a model cannot be applied to counts for neither."""
        well = self.statuses["ok"]
        if self.statuses.total() == well + self.statuses["not-applicable"]:
            return 0
        return 1 if well else 3


def pending(jobs: Iterable[Job], statuses: dict[str, str], *, retry_failed: bool, repeat: bool = False) -> list[Job]:
    """Return the jobs that must be made: those never finished, skipped or killed; failed or all others if asked for."""
    if repeat:
        return list(jobs)
    again = NOT_THE_RUNS_FAULT | (FAILURES if retry_failed else frozenset())
    return [job for job in jobs if statuses.get(job.plan.run_id, "skipped") in again]


@dataclass
class Underway:
    """A run that has begun: when, and its learning curve so far."""

    job: Job
    began_at: str
    curve: list[CurvePoint] = field(default_factory=list)


class Session:
    """One `bench run`: jobs in, records out.

    `open_with` returns the executor that makes the jobs (see `bench.runner.executor`).
    """

    def __init__(
        self,
        store: Store,
        plugins: Plugins,
        watcher: Watcher,
        *,
        parallel: int = 1,
        suite: Path | None = None,
        open_with: Callable[..., Executor] = open_executor,
    ) -> None:
        self.store, self.plugins, self.watcher = store, plugins, watcher
        self.parallel, self.suite, self._open_with = parallel, suite, open_with
        self.tally = Tally()
        self._underway: dict[str, Underway] = {}
        self._environments: set[str] = set()
        self._repeats = self._retries = False
        # Plugin and hook: one that fails at each of a thousand events is told of once.
        self._blamed: set[tuple[str, str]] = set()

    def run(
        self,
        jobs: Sequence[Job],
        *,
        retry_failed: bool = False,
        repeat: bool = False,
        further: Callable[[], Added] | None = None,
    ) -> Tally:
        """Run what is not stored yet; with `repeat`, everything once more as a further attempt.

        further: asked for more runs whenever all before them have ended; the suite ends when there are none.
        Ctrl-C ends the runs in progress and leaves what finished.
        """
        self._repeats, self._retries = repeat, retry_failed
        waiting, statuses = self._due(jobs)
        self.watcher.planned(len(jobs), len(jobs) - len(waiting))
        suite = jobs[0].plan.suite if jobs else ""
        self._notify("bench_suite_started", suite=suite, runs=tuple(job.plan for job in waiting))
        is_complete = False
        try:
            runnable = self._runnable(waiting, statuses)
            self._make(runnable, jobs if further else runnable, further or (lambda: Added(())))
            is_complete = True
        finally:
            # Runs are left here only where something ended the suite: Ctrl-C, or the executor broke.
            for run in list(self._underway.values()):
                self._tell_interrupted(run)
            counts = dict(self.tally.statuses)
            self._notify("bench_suite_finished", suite=suite, statuses=counts, is_complete=is_complete)
        return self.tally

    def _due(self, jobs: Sequence[Job]) -> tuple[list[Job], dict[str, str]]:
        """Return the jobs that must be made, and what is stored; the others are counted."""
        statuses = self.store.statuses()
        waiting = pending(jobs, statuses, retry_failed=self._retries, repeat=self._repeats)
        due = {job.plan.run_id for job in waiting}
        self.tally.stored.update(statuses[job.plan.run_id] for job in jobs if job.plan.run_id not in due)
        return waiting, statuses

    def _runnable(self, waiting: Sequence[Job], statuses: dict[str, str]) -> list[Job]:
        """Return the jobs that have all they need; record the others as skipped, with the reason."""
        absent = missing_data(waiting)
        runnable: list[Job] = []
        for job in waiting:
            needed = (job.dataset.name, *(spec.name for spec in job.extra_datasets))
            reason = job.missing or next((absent[name] for name in needed if name in absent), "")
            if reason and statuses.get(job.plan.run_id) == "ok":
                # A repetition that cannot be made must not hide what was measured before.
                self.watcher.problem(f"{job.plan} cannot be repeated: {reason}")
                self.tally.stored["ok"] += 1
            elif reason:
                outcome = Outcome(status="skipped", reason=reason)
                self._keep(Underway(job, _now()), Ended(job, outcome))
            else:
                runnable.append(job)
        return runnable

    def _make(self, jobs: Sequence[Job], known: Sequence[Job], further: Callable[[], Added]) -> None:
        """Make the jobs, then what is added. known: what an executor that is opened should be ready for."""
        waiting, executor = deque(jobs or self._added(further)), None
        try:
            while waiting:
                executor = executor or self._open_with(known or waiting, parallel=self.parallel, suite=self.suite)
                self._finish(executor, waiting)
                waiting.extend(self._added(further))
        finally:
            if executor is not None:
                executor.close()

    def _added(self, further: Callable[[], Added]) -> list[Job]:
        """Return the next jobs that can be made; rounds that lack what they need are recorded and passed over."""
        while (added := further()).jobs:
            waiting, statuses = self._due(added.jobs)
            self.watcher.added(len(added.jobs), len(added.jobs) - len(waiting), added.why)
            if runnable := self._runnable(waiting, statuses):
                return runnable
        return []

    def _finish(self, executor: Executor, waiting: deque[Job]) -> None:
        """Make all that waits."""
        while waiting or self._underway:
            while waiting and len(self._underway) < executor.capacity:
                self._start(executor, waiting.popleft())
            if not self._underway:
                continue
            for event in executor.events():
                self._take(event)

    def _start(self, executor: Executor, job: Job) -> None:
        done = None if self._repeats else self.store.status(job.plan.run_id)
        if done in FINAL:
            # Another process with the same suite was faster.
            self.tally.stored[done] += 1
            self.watcher.found(job.plan)
            return
        began_at = _now()
        executor.submit(job)
        self._underway[job.plan.run_id] = Underway(job, began_at)
        self.watcher.started(job.plan)
        self._notify("bench_run_started", run=job.plan)

    def _take(self, event: Point | Ended | Trouble) -> None:
        if isinstance(event, Trouble):
            self.watcher.problem(event.text)
        elif isinstance(event, Point):
            self._underway[event.job.plan.run_id].curve.append(event.point)
            self.watcher.point(event.job.plan, event.point)
            self._notify("bench_epoch_ended", run=event.job.plan, point=event.point)
        else:
            self._keep(self._underway.pop(event.job.plan.run_id), event)

    def _keep(self, run: Underway, ended: Ended) -> None:
        """Store how a run ended, then tell of it."""
        environment, outcome = ended.environment, ended.outcome
        if environment is not None and environment.environment_id not in self._environments:
            self.store.add_environment(environment)
            self._environments.add(environment.environment_id)
        if environment is not None and ended.slowdowns:
            self.store.add_slowdowns(environment.environment_id, ended.slowdowns)
        contents = {name: content for name, (_, content) in outcome.artifacts.items()}
        kept = {"answer": outcome.answer or None, "truth": outcome.truth or None}
        record = self.store.append(_record(run, ended), contents, **kept)
        self.tally.made[record.status] += 1
        self._tell_finished(record)

    def _tell_interrupted(self, run: Underway) -> None:
        """Let trackers close what they opened for a run that will not be stored."""
        del self._underway[run.job.plan.run_id]
        record = _record(run, Ended(run.job, Outcome(status="killed", reason=INTERRUPTED)))
        self._notify("bench_run_finished", run=record.run, record=record)

    def _tell_finished(self, record: RunRecord) -> None:
        self.watcher.finished(record)
        self._notify("bench_run_finished", run=record.run, record=record)

    def _notify(self, hook: str, **arguments: object) -> None:
        for problem in self.plugins.notify(hook, **arguments):
            if (problem.owner.key, hook) not in self._blamed:
                self._blamed.add((problem.owner.key, hook))
                text = f"plugin {problem.owner}: {problem.reason}; should it fail again, that is not shown"
                self.watcher.problem(text)


def _record(run: Underway, ended: Ended) -> RunRecord:
    outcome = ended.outcome
    times = outcome.times
    if not times.wall_seconds:
        # It could not tell itself: what was seen from outside, and its last word.
        trained = run.curve[-1].train_seconds if run.curve else 0.0
        times = times.model_copy(update={"wall_seconds": ended.wall_seconds, "train_seconds": trained})
    fields = outcome.model_dump(exclude={"artifacts", "answer", "truth"}, round_trip=True)
    return RunRecord.model_validate(
        {
            **fields,
            "run": run.job.plan,
            "output": ended.output,
            "curve": tuple(run.curve),
            "times": times,
            "started_at": run.began_at,
            "finished_at": _now(),
            "is_alone": ended.is_alone,
            "environment_id": "" if ended.environment is None else ended.environment.environment_id,
            "artifacts": [Artifact(name=name, media_type=kind) for name, (kind, _) in outcome.artifacts.items()],
        }
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
