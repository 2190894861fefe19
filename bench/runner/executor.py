"""Where runs are made: the interface between a session, which decides what is run, and whoever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.record import CurvePoint, Environment
from bench.runner.jobs import Job, Outcome

__all__ = ["Ended", "Event", "Executor", "Point", "Trouble", "open_executor"]


@dataclass(frozen=True)
class Point:
    """A point of a run's learning curve, as it is measured."""

    job: Job
    point: CurvePoint


@dataclass(frozen=True)
class Ended:
    """A run is over, however it went; nothing more is heard of it.

    output:      what it printed.
    wall_seconds: how long it took, seen from outside.
    environment: the machine it was made on; None where that could not be described.
    slowdowns:   by how much the hardware's counters of being slowed down grew meanwhile (see `bench.measure.strain`).
    is_alone:    did nothing else of ours run on that machine meanwhile?
    """

    job: Job
    outcome: Outcome
    output: str = ""
    wall_seconds: float = 0.0
    environment: Environment | None = None
    slowdowns: Mapping[str, float] = field(default_factory=dict)
    is_alone: bool = True


@dataclass(frozen=True)
class Trouble:
    """Something the user should know that is no run's fault and stops none."""

    text: str


Event = Point | Ended | Trouble


class Executor(ABC):
    """Makes runs, each apart from the others, and tells how they go.

    What holds, whoever implements it:

    - The session submits only while fewer than `capacity` runs are unfinished, and no run id twice at a time. The run
      begins at once, or as soon as its machine can.
    - Each submitted job has exactly one `Ended`, whatever becomes of its process or machine: what goes wrong with a run
      is its outcome's status and reason. RunnerError means that the executor itself is broken, and all its runs lost.
    - All points of a run come before its `Ended`, in the order they were measured in.
    - An event names its run by the very `job` that was submitted.
    - Limits are the executor's to enforce: the job's time, memory and number of threads.
    - `Ended.environment` is the machine that run was made on, so runs of one suite may be made on different ones. Equal
      `environment_id` means that times may be compared.
    - Nothing is durable until the session has stored it; a run that was under way when the session ended is made again.
    - All methods are called from one thread.
    """

    capacity: int = 1

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Begin a run."""

    @abstractmethod
    def events(self, seconds: float = 1.0) -> Iterator[Event]:
        """Yield what has happened; wait for it up to so many seconds. Called while runs are unfinished."""

    @abstractmethod
    def close(self) -> None:
        """End every run, and whatever the runs left behind; may be called at any time, and more than once."""


def open_executor(jobs: Sequence[Job], *, parallel: int = 1, suite: Path | None = None) -> Executor:
    """Return the executor that makes these jobs, `parallel` at a time; the one place that knows which there are.

    suite: the file they come from, whose git state belongs to the environment.
    """
    # Here and not above: an implementation imports this interface.
    from bench.runner.pool import Pool

    return Pool.for_jobs(jobs, parallel=parallel, suite=suite)
