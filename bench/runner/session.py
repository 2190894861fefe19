"""Run a suite: skip what is stored, execute the rest, commit each record before the next run begins."""

from __future__ import annotations

import base64
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bench.errors import RunnerError
from bench.measure.strain import grown
from bench.plugins import Plugins
from bench.record import Artifact, CurvePoint, Environment, PlannedRun, RunRecord, Status
from bench.runner.company import Company
from bench.runner.identity import imported_modules, own_modules
from bench.runner.jobs import Job, Outcome
from bench.runner.plan import check_cores, missing_data
from bench.runner.pool import Active, Ended, Pool
from bench.store import Store

__all__ = ["Session", "Tally", "Watcher", "cores", "pending", "preload"]

# Libraries whose import starts no threads and touches no device; a stranger's own code is never preloaded.
DESCRIBE_SECONDS = 120.0
PRELOADED_ROOTS = frozenset(
    {"PIL", "bench", "numpy", "pandas", "safetensors", "scipy", "sklearn", "torch", "torchmetrics"}
)
ALWAYS = (
    # every plugin's package begins with this one
    "bench.hookspecs",
    "torch",
    "torch._dynamo",
    "bench.measure.environment",
    "bench.protocols.training",
    "bench.runner.execute",
    "bench.runner.worker",
    "platformdirs",
)


# Data or a package was missing, or somebody else ended it: made again without being asked.
NOT_THE_RUNS_FAULT = frozenset({"skipped", "killed"})


class Watcher(Protocol):
    """Whoever shows a suite's progress."""

    def planned(self, total: int, stored: int) -> None:
        """Hear how many runs there are and how many of them need not be made again."""

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
    def exit_code(self) -> int:
        """0: all fine; 1: some did not end well; 3: none did."""
        every = self.stored + self.made
        if every.total() == every["ok"]:
            return 0
        return 1 if every["ok"] else 3


def cores() -> list[int]:
    """Return the processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def pending(jobs: Iterable[Job], statuses: dict[str, str], *, retry_failed: bool, repeat: bool = False) -> list[Job]:
    """Return the jobs that must be made: those never finished, skipped or killed; failed or all others if asked for."""
    if repeat:
        return list(jobs)
    again = NOT_THE_RUNS_FAULT | ({"failed", "out-of-memory", "timeout", "diverged"} if retry_failed else set())
    return [job for job in jobs if statuses.get(job.plan.run_id, "skipped") in again]


def preload(jobs: Iterable[Job]) -> list[str]:
    """Return the modules worth importing once: our own, and the libraries that the jobs' modules import."""
    found = dict.fromkeys(ALWAYS)
    targets = {
        target
        for job in jobs
        if not job.missing
        for target in (job.task_target, job.protocol_target, job.model_target, job.dataset.target)
    } | {spec.target for job in jobs for spec in job.metrics}
    for module in sorted(target.partition(":")[0] for target in targets):
        if module.partition(".")[0] == "bench":
            found[module] = None
        for name, path in own_modules(module).items():
            wanted = (each for each in imported_modules(name, path) if each.partition(".")[0] in PRELOADED_ROOTS)
            # `from sklearn.ensemble import RandomForestClassifier` names a module and a class: keep the module.
            found |= dict.fromkeys(each for each in wanted if each.rpartition(".")[2].islower())
    return list(found)


class Session:
    """One `bench run`: jobs in, records out."""

    def __init__(
        self, store: Store, plugins: Plugins, watcher: Watcher, *, parallel: int = 1, suite: Path | None = None
    ) -> None:
        available = cores()
        self.store, self.plugins, self.watcher, self.parallel = store, plugins, watcher, parallel
        self.suite = suite
        share = len(available) // parallel
        self.slots = deque(tuple(available[i * share : (i + 1) * share]) for i in range(parallel))
        self.environments: dict[str, str] = {}
        self.peaks: dict[str, float] = {}
        self.counters: dict[str, dict[str, float]] = {}
        self.tally = Tally()
        self.company = Company()
        self._busy: dict[int, tuple[int, ...]] = {}
        # The runs beside which another was seen, ours or another session's.
        self._beside: set[int] = set()
        self._repeats = False

    def run(self, jobs: Sequence[Job], *, retry_failed: bool = False, repeat: bool = False) -> Tally:
        """Run what is not stored yet; with `repeat`, everything once more as a further attempt.

        Ctrl-C ends the runs in progress and leaves what finished.
        """
        self._repeats = repeat
        statuses = self.store.statuses()
        waiting = pending(jobs, statuses, retry_failed=retry_failed, repeat=repeat)
        due = {job.plan.run_id for job in waiting}
        self.tally.stored.update(statuses[job.plan.run_id] for job in jobs if job.plan.run_id not in due)
        self.watcher.planned(len(jobs), len(jobs) - len(waiting))
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
                self._keep(job, Outcome(status="skipped", reason=reason), began_at=_now())
            else:
                runnable.append(job)
        if runnable:
            check_cores(runnable, parallel=self.parallel, available=len(cores()))
            threads = max(job.plan.threads for job in runnable)
            with self.company, Pool(preload(runnable), threads=threads, expected_runs=len(runnable)) as pool:
                self._describe(pool, runnable)
                self._drive(pool, deque(runnable))
                self._look_back(pool, runnable)
        return self.tally

    def _drive(self, pool: Pool, waiting: deque[Job]) -> None:
        kills = _oom_kills()
        while waiting or pool.active:
            while waiting and self.slots:
                self._start(pool, waiting.popleft())
            for ended in pool.wait(self._point):
                now = _oom_kills()
                self._finish(ended, now - kills)
                kills = now

    def _start(self, pool: Pool, job: Job) -> None:
        done = None if self._repeats else self.store.status(job.plan.run_id)
        if done == "ok":
            # Another process with the same suite was faster.
            self.tally.stored[done] += 1
            self.watcher.found(job.plan)
            return
        slot = self.slots.popleft()
        placed = {"cores": slot[: job.plan.threads], "peak_flops": self.peaks.get(job.plan.device)}
        active = pool.submit(job.model_copy(update=placed), _now())
        self._busy[active.number] = slot
        self._look_around(active)
        self.watcher.started(job.plan)
        self._notify("bench_run_started", run=job.plan)

    def _point(self, active: Active, point: CurvePoint) -> None:
        self.watcher.point(active.job.plan, point)
        self._notify("bench_epoch_ended", run=active.job.plan, point=point)

    def _finish(self, ended: Ended, oom_kills: int) -> None:
        active = ended.active
        self._look_around(active)
        self.slots.append(self._busy.pop(active.number))
        outcome = ended.outcome(oom_kills)
        if not outcome.times.wall_seconds:
            trained = active.curve[-1].train_seconds if active.curve else 0.0
            times = outcome.times.model_copy(update={"wall_seconds": ended.wall_seconds, "train_seconds": trained})
            outcome = outcome.model_copy(update={"times": times})
        if ended.left_behind:
            note = f"left {ended.left_behind} process(es) behind, which were ended"
            outcome = outcome.model_copy(update={"notes": (*outcome.notes, note)})
        is_alone = active.number not in self._beside
        self._keep(active.job, outcome, active.began_at, active.text(), tuple(active.curve), is_alone=is_alone)

    def _look_around(self, active: Active) -> None:
        if self.parallel > 1:
            self._beside.add(active.number)
        elif self.company.others():
            if not self._beside:
                self.watcher.problem("another bench run is on this machine: times are marked as taken in company")
            self._beside.add(active.number)

    def _keep(
        self,
        job: Job,
        outcome: Outcome,
        began_at: str,
        output: str = "",
        curve: tuple[CurvePoint, ...] = (),
        *,
        is_alone: bool = True,
    ) -> None:
        fields = outcome.model_dump(exclude={"artifacts", "answer", "truth"}, round_trip=True)
        contents = {name: base64.b64decode(content) for name, (_, content) in outcome.artifacts.items()}
        record = RunRecord.model_validate(
            {
                **fields,
                "run": job.plan,
                "output": output,
                "curve": curve,
                "started_at": began_at,
                "finished_at": _now(),
                "is_alone": is_alone,
                "environment_id": self.environments.get(job.plan.device, ""),
                "artifacts": [Artifact(name=name, media_type=kind) for name, (kind, _) in outcome.artifacts.items()],
            }
        )
        record = self.store.append(record, contents, answer=outcome.answer or None, truth=outcome.truth or None)
        self.tally.made[record.status] += 1
        self.watcher.finished(record)
        self._notify("bench_run_finished", run=job.plan, record=record)

    def _describe(self, pool: Pool, jobs: Sequence[Job]) -> None:
        """Write the machine down, once per device."""
        pool.wait_ready()
        for module, reason in pool.problems.items():
            if module in ALWAYS:
                self.watcher.problem(f"{module} cannot be imported: {reason}")
        sources = _sources(jobs, self.suite)
        for device in dict.fromkeys(job.plan.device for job in jobs):
            job = next(job for job in jobs if job.plan.device == device)
            arguments: dict[str, Any] = {
                "device": device,
                "threads": job.plan.threads,
                "deterministic": job.is_deterministic,
                "sources": sources,
            }
            value = self._ask(pool, job, "bench.measure.environment:environment", arguments)
            if value is None:
                continue
            environment = Environment.model_validate(value)
            self.store.add_environment(environment)
            self.environments[device] = environment.environment_id
            self.peaks[device] = environment.facts["peak_flops"]
            self.counters[device] = environment.facts["counters"]

    def _look_back(self, pool: Pool, jobs: Sequence[Job]) -> None:
        """Write down whether the machine was slowed down while the runs were made, where its counters tell."""
        for device, before in self.counters.items():
            job = next(job for job in jobs if job.plan.device == device)
            value = self._ask(pool, job, "bench.measure.strain:strain", {"device": device}) if before else None
            if value is not None and (slowdowns := grown(before, value["counters"])):
                self.store.add_slowdowns(self.environments[device], slowdowns)

    def _ask(self, pool: Pool, job: Job, target: str, arguments: dict[str, Any]) -> Any:
        """Call a function of ours on the machine that a job runs on; None, and a problem told, where it fails."""
        # The run's own limits are not this call's.
        job = job.model_copy(update={"timeout_seconds": DESCRIBE_SECONDS, "memory_limit_bytes": None})
        try:
            return pool.call(job, target, arguments)
        except RunnerError as error:
            self.watcher.problem(f"the machine could not be described: {error}")
            return None

    def _notify(self, hook: str, **arguments: object) -> None:
        for problem in self.plugins.notify(hook, **arguments):
            self.watcher.problem(f"plugin {problem.owner}: {problem.reason}")


def _sources(jobs: Sequence[Job], suite: Path | None) -> dict[str, str]:
    """Return where the suite and the plugins of these jobs lie, whose git state belongs to the environment."""
    found = {} if suite is None else {"suite": str(suite.resolve())}
    for module in dict.fromkeys(job.model_target.partition(":")[0] for job in jobs):
        path = own_modules(module).get(module)
        if path is not None:
            found.setdefault(f"plugin {module.partition('.')[0]}", str(path))
    return found


def status_order(statuses: Iterable[str]) -> Iterator[Status]:
    """Yield the statuses that occur, in the order they are documented."""
    from bench.record import STATUSES

    present = set(statuses)
    yield from (status for status in STATUSES if status in present)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _oom_kills() -> int:
    """Return how many processes the kernel has killed for lack of memory since it started; 0 where it does not tell."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
