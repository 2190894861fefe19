"""A run that goes on in a process of the pool: what it prints and reports, and what its end tells."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from bench.measure import proc
from bench.record import CurvePoint, Status
from bench.runner.channel import Garbage, Reader
from bench.runner.jobs import Job, Outcome

__all__ = ["Active", "Exit", "Output", "out_of_memory_kills"]

OUTPUT_CHARACTERS = 64_000
CHUNK_BYTES = 1 << 16
# So that a run that prints without end does not keep the coordinator from the others.
CHUNKS_AT_ONCE = 1024


class Output:
    """What a run printed: the first and the last half of what is allowed, since it may print gigabytes."""

    def __init__(self) -> None:
        self._said = bytearray()
        self._left_out = 0

    def add(self, chunk: bytes) -> None:
        """Take in what was printed."""
        self._said += chunk
        surplus = len(self._said) - OUTPUT_CHARACTERS
        if surplus > 0:
            half = OUTPUT_CHARACTERS // 2
            del self._said[half : half + surplus]
            self._left_out += surplus

    def text(self) -> str:
        """Return its beginning and its end, with a word on what lies between."""
        text = self._said.decode("utf-8", "replace")
        if not self._left_out:
            return text
        half = OUTPUT_CHARACTERS // 2
        return f"{text[:half]}\n… {self._left_out} bytes left out …\n{text[half:]}"


@dataclass(frozen=True)
class Exit:
    """How a process ended, as the server reports it; `left_behind`: processes that had to be ended after it."""

    status: int
    killed_for: str
    left_behind: int
    cpu_seconds: float


@dataclass
class Active:
    """A job that runs now, the reading ends of its two pipes, and what came through them."""

    job: Job
    number: int
    output_pipe: int
    channel_pipe: int
    started: float = field(default_factory=monotonic)
    pid: int = 0
    output: Output = field(default_factory=Output)
    reader: Reader = field(default_factory=Reader)
    outcome: Outcome | None = None
    counters: dict[str, float] = field(default_factory=dict)
    value: Any = None
    garbage: str = ""
    notes: tuple[str, ...] = ()
    is_overdue: bool = False
    is_alone: bool = True

    @property
    def deadline(self) -> float:
        """The moment, on the monotonic clock, at which the run is killed."""
        return self.started + self.job.timeout_seconds

    def cpu_seconds(self) -> float:
        """Return the processor time that the run has taken so far, its living workers' included."""
        return sum(map(proc.cpu_seconds, (self.pid, *proc.descendants(self.pid)))) if self.pid else 0.0

    def read(self, pipe: int) -> Iterator[CurvePoint | None]:
        """Take in what lies in a pipe until it is empty; yield the curve's points, and None where the pipe ends."""
        for _ in range(CHUNKS_AT_ONCE):
            try:
                chunk = os.read(pipe, CHUNK_BYTES)
            except BlockingIOError:
                return
            if not chunk:
                yield None
                return
            if pipe == self.output_pipe:
                self.output.add(chunk)
            else:
                yield from self._take(chunk)

    def _take(self, chunk: bytes) -> Iterator[CurvePoint]:
        for message in self.reader.feed(chunk):
            if isinstance(message, Garbage):
                self.garbage = message
                continue
            if message.point is not None:
                yield message.point
            if message.outcome is not None:
                self.outcome, self.counters = message.outcome, message.counters
            if message.kind == "value":
                self.value = message.value

    def result(self, end: Exit, oom_kills: int) -> Outcome:
        """Return the run's own word where it gave one, else what its end tells; `oom_kills`: by the kernel."""
        outcome = self.outcome
        if outcome is None:
            status, reason = self._verdict(end, oom_kills)
            outcome = Outcome(status=status, reason=reason)
        left = f"left {end.left_behind} process(es) behind, which were ended"
        notes = (*outcome.notes, *self.notes, *([left] if end.left_behind else []))
        return outcome.model_copy(update={"notes": notes})

    def _verdict(self, end: Exit, oom_kills: int) -> tuple[Status, str]:
        if end.killed_for == "timeout":
            return "timeout", f"not finished after {self.job.timeout_seconds:g} s, the limit (--timeout)"
        if end.killed_for == "out-of-memory":
            limit = (self.job.memory_limit_bytes or 0) / 1e6
            return "out-of-memory", f"more than {limit:,.0f} MB of memory in use, the limit (--memory-limit)"
        if os.WIFSIGNALED(end.status):
            return _signalled(os.WTERMSIG(end.status), oom_kills)
        if self.garbage:
            return "failed", f"wrote something else to the channel of results: {self.garbage}"
        code = os.waitstatus_to_exitcode(end.status)
        return "failed", f"the process ended with exit code {code} before it reported a result"


def out_of_memory_kills(statistics: Path = proc.PROC / "vmstat") -> int:
    """Return how many processes the kernel has killed for lack of memory since it started; 0 where it does not tell."""
    lines = proc.text(statistics).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _signalled(number: int, oom_kills: int) -> tuple[Status, str]:
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    if number == signal.SIGKILL and oom_kills:
        return "out-of-memory", "killed by the kernel, which had run out of memory"
    if number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP):
        return "killed", f"killed from outside by {name}"
    return "failed", f"crashed with {name}; the captured output may hold a traceback"
