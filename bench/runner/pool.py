"""The executor of this machine: a process per run, forked by one server, on cores and a GPU of its own."""

from __future__ import annotations

import os
import selectors
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from bench.errors import RunnerError
from bench.measure.limits import usable_cores
from bench.measure.strain import grown
from bench.record import Environment
from bench.runner.active import Active, Exit, out_of_memory_kills
from bench.runner.checks import check_cores
from bench.runner.cores import WINDOW_SECONDS, Cores, pin
from bench.runner.executor import Ended, Event, Executor, Point, Trouble
from bench.runner.jobs import Job
from bench.runner.link import Link
from bench.runner.preload import ALWAYS, preload, sources
from bench.runner.sessions import OtherSessions, shared_folder
from bench.runner.slots import Slot, make_slots, visible_gpus

__all__ = ["Pool"]

DESCRIBE_SECONDS = 120.0
DESCRIBE = "bench.measure.environment:environment"
Circumstances = tuple[str, str, int, bool]


class Pool(Executor):
    """Runs jobs in processes forked by one server, as many at a time as it has slots.

    preload: the modules the server imports. sources: files and folders whose git state belongs to the environment.
    cores, gpus, sessions are what the slots are made of and who else is here; they are given in tests.
    """

    def __init__(
        self,
        preload: Sequence[str],
        *,
        parallel: int = 1,
        threads: int = 1,
        expected_runs: int = 1,
        sources: Mapping[str, str] | None = None,
        gpus: Sequence[str] = (),
        cores: Cores | None = None,
        sessions: OtherSessions | None = None,
    ) -> None:
        self.capacity = parallel
        self._sessions = (sessions or OtherSessions()).__enter__()
        self._cores = cores or Cores(usable_cores(), shared_folder())
        if parallel * threads < len(self._cores.usable):
            self._cores.look()
        self._slots = make_slots(parallel, threads, self._cores, gpus)
        # Started after the look at the cores, which it would keep busy with its imports.
        self._link = Link(preload, threads=threads, expected_runs=expected_runs)
        self._sources = dict(sources or {})
        self._free = deque(self._slots)
        self._busy: dict[int, Slot] = {}
        self._active: dict[int, Active] = {}
        self._count = 0
        self._events: deque[Event] = deque()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._link.socket, selectors.EVENT_READ)
        self._machines: dict[Circumstances, Environment | None] = {}
        self._counters: dict[tuple[str, str], dict[str, float]] = {}
        self._oom_kills = out_of_memory_kills()
        self._is_ready = self._is_closed = self._has_told_of_others = False

    @classmethod
    def for_jobs(cls, jobs: Sequence[Job], *, parallel: int = 1, suite: Path | None = None) -> Pool:
        """Return a pool that suits these jobs; raises UsageError where the machine has too few cores."""
        check_cores(jobs, parallel=parallel, available=len(usable_cores()))
        return cls(
            preload(jobs),
            parallel=parallel,
            threads=max(job.plan.threads for job in jobs),
            expected_runs=len(jobs),
            sources=sources(jobs, suite),
            gpus=visible_gpus() if any(job.plan.device != "cpu" for job in jobs) else (),
        )

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, job: Job) -> None:
        """Start a run in a process of its own, in the slot that has been free for longest."""
        self.wait_ready()
        environments = {slot.gpu: self._describe(job, slot) for slot in self._slots}
        slot = self._free.popleft()
        slot.share.rebalance()
        environment = environments[slot.gpu]
        placed = {
            "cores": slot.share.cores[: job.plan.threads],
            "gpu": slot.gpu,
            "peak_flops": None if environment is None else environment.facts["peak_flops"],
        }
        request = {"job": job.model_copy(update=placed).model_dump(mode="json")}
        active = self._spawn(job, slot, request)
        self._busy[active.number] = slot
        self._notice_others(active)

    def events(self, seconds: float = 1.0) -> Iterator[Event]:
        """Yield what has happened to the runs, after up to so many seconds."""
        if not self._events:
            self._wait(seconds)
        while self._events:
            yield self._events.popleft()

    def wait_ready(self) -> None:
        """Wait until the server has imported everything; raises RunnerError where it dies on the way."""
        if self._is_ready:
            return
        for module, reason in self._link.wait_ready().items():
            if module in ALWAYS:
                self._events.append(Trouble(f"{module} cannot be imported: {reason}"))
        self._is_ready = True

    def close(self) -> None:
        """End every run, everything they left behind, and the server."""
        if self._is_closed:
            return
        self._is_closed = True
        self._selector.close()
        for active in self._active.values():
            os.close(active.output_pipe)
            os.close(active.channel_pipe)
        self._active.clear()
        self._link.close()
        self._cores.give_back([core for slot in self._slots for core in slot.share.cores])
        self._sessions.__exit__(None, None, None)

    def call(self, job: Job, slot: Slot, target: str, arguments: Mapping[str, Any]) -> Any:
        """Call a function of ours in a process of its own, with the slot's GPU; return its value as parsed JSON."""
        # The run's own limits are not this call's.
        job = job.model_copy(update={"timeout_seconds": DESCRIBE_SECONDS, "memory_limit_bytes": None})
        active = self._spawn(job, slot, {"call": target, "arguments": dict(arguments)})
        while active.number in self._active:
            self._wait(1.0)
        if active.value is None:
            reason = "" if active.outcome is None else active.outcome.reason
            raise RunnerError(f"{target} failed: {reason}\n{active.output.text()}")
        return active.value

    def _describe(self, job: Job, slot: Slot) -> Environment | None:
        """Return the machine as this slot's runs find it; written down once for all runs that find the same."""
        key = _circumstances(job, slot)
        if key not in self._machines:
            arguments: dict[str, Any] = {
                "device": job.plan.device,
                "threads": job.plan.threads,
                "deterministic": job.is_deterministic,
                "sources": self._sources,
            }
            try:
                found = Environment.model_validate(self.call(job, slot, DESCRIBE, arguments))
            except RunnerError as error:
                self._events.append(Trouble(f"the machine could not be described: {error}"))
                found = None
            self._machines[key] = found
            for each in self._slots:
                # What the server and the description did there was ours.
                each.share.restart()
            if found is not None:
                self._counters.setdefault((slot.gpu, job.plan.device), found.facts["counters"])
        return self._machines[key]

    def _spawn(self, job: Job, slot: Slot, request: Mapping[str, Any]) -> Active:
        self._count += 1
        output, output_end = os.pipe()
        channel, channel_end = os.pipe()
        active = Active(job, self._count, output, channel)
        for pipe in (output, channel):
            os.set_blocking(pipe, False)
            self._selector.register(pipe, selectors.EVENT_READ, active)
        self._active[active.number] = active
        message = {"kind": "spawn", "number": active.number, "gpu": slot.gpu, **request}
        try:
            self._link.send(message, [output_end, channel_end])
        finally:
            os.close(output_end)
            os.close(channel_end)
        return active

    def _wait(self, seconds: float) -> None:
        """Wait for something to happen, at most until the cores are to be looked at again; take it in."""
        now = monotonic()
        seconds = min(seconds, WINDOW_SECONDS)
        due = [active.deadline for active in self._active.values() if not active.is_overdue]
        for key, _ in self._selector.select(max(0.0, min([now + seconds, *due]) - now)):
            if key.fileobj is self._link.socket:
                self._hear()
            elif key.data.number in self._active:
                # A run whose end was heard in this same look has its pipes read and closed already.
                self._read(key.data, key.fd)
        self._enforce()

    def _enforce(self) -> None:
        """End runs that are past their time; move those whose cores somebody else uses."""
        for active in self._active.values():
            if monotonic() >= active.deadline and not active.is_overdue:
                active.is_overdue = True
                self._link.send({"kind": "kill", "number": active.number, "cause": "timeout"})
            slot = self._busy.get(active.number)
            if slot is not None and active.pid and slot.share.rebalance(active.cpu_seconds):
                pin(active.pid, slot.share.cores[: active.job.plan.threads])
                active.notes = ("moved to other cores while it ran, since something else used its own",)

    def _hear(self) -> None:
        message = self._link.receive()
        active = self._active.get(message["number"])
        if active is None:
            return
        if message["kind"] == "started":
            active.pid = message["pid"]
            return
        for pipe in (active.output_pipe, active.channel_pipe):
            self._read(active, pipe)
            self._unregister(pipe)
            os.close(pipe)
        del self._active[active.number]
        end = Exit(message["status"], message["killed_for"], message["left_behind"], message["cpu_seconds"])
        slot = self._busy.pop(active.number, None)
        if slot is not None:
            self._events.append(self._ended(active, slot, end))
            self._free.append(slot)

    def _ended(self, active: Active, slot: Slot, end: Exit) -> Ended:
        self._notice_others(active)
        slot.share.ended(end.cpu_seconds)
        before, self._oom_kills = self._oom_kills, out_of_memory_kills()
        return Ended(
            job=active.job,
            outcome=active.result(end, self._oom_kills - before),
            output=active.output.text(),
            wall_seconds=monotonic() - active.started,
            environment=self._machines.get(_circumstances(active.job, slot)),
            slowdowns=self._grown(active, slot),
            is_alone=active.is_alone,
        )

    def _grown(self, active: Active, slot: Slot) -> dict[str, float]:
        """Return by how much the counters grew since the last run on the same device, and remember where they stand."""
        key = slot.gpu, active.job.plan.device
        before = self._counters.get(key, {})
        self._counters[key] = {**before, **active.counters}
        return grown(before, active.counters)

    def _read(self, active: Active, pipe: int) -> None:
        for point in active.read(pipe):
            if point is None:
                # Closed by the run itself; left registered, it would wake the selector without end.
                self._unregister(pipe)
            else:
                self._events.append(Point(active.job, point))

    def _unregister(self, pipe: int) -> None:
        if pipe in self._selector.get_map():
            self._selector.unregister(pipe)

    def _notice_others(self, active: Active) -> None:
        """Mark a run beside which another was seen, ours or another session's."""
        if self.capacity > 1:
            active.is_alone = False
        elif self._sessions.count():
            if active.is_alone and not self._has_told_of_others:
                self._has_told_of_others = True
                text = "another bench run is on this machine: times are marked as concurrent"
                self._events.append(Trouble(text))
            active.is_alone = False


def _circumstances(job: Job, slot: Slot) -> Circumstances:
    """Return what a description of the machine depends on."""
    return slot.gpu, job.plan.device, job.plan.threads, job.is_deterministic
