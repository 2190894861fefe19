"""Clocks that never run at the same time, synchronised with the device at both ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING

from bench.record import Times

if TYPE_CHECKING:
    import torch

__all__ = ["Clock", "Clocks", "synchroniser"]


def synchroniser(device: torch.device | str) -> Callable[[], None] | None:
    """Return the function that waits for the device to finish its work; None where nothing is to wait for."""
    if not str(device).startswith("cuda"):
        return None
    import torch

    return lambda: torch.cuda.synchronize(device)


class Clock:
    """A stopwatch used as `with clock:`; `.seconds` is the sum of all its segments.

    Clocks made with the same `running` list exclude each other: entering one pauses the one that ran and
    leaving it lets that one go on, so training that evaluates inside its loop counts the evaluation once,
    as evaluation. A clock entered twice counts its time once.
    On CUDA both ends of a segment wait for the device, so that asynchronous work cannot escape.
    """

    __slots__ = ("_running", "_seconds", "_started", "_synchronise")

    def __init__(self, device: torch.device | str = "cpu", running: list[Clock] | None = None) -> None:
        self._synchronise = synchroniser(device)
        self._running: list[Clock] = [] if running is None else running
        self._seconds = 0.0
        self._started = 0.0

    @property
    def seconds(self) -> float:
        """Seconds counted so far; reading a clock that runs waits for the device, as its end would."""
        if self._running and self._running[-1] is self:
            return self._seconds + self._now() - self._started
        return self._seconds

    def paused(self) -> Clock:
        """Return a clock to be entered inside this one for work that is not to be counted here."""
        other = Clock(running=self._running)
        other._synchronise = self._synchronise
        return other

    def __enter__(self) -> Clock:
        now = self._now()
        running = self._running
        if running:
            running[-1]._seconds += now - running[-1]._started
        running.append(self)
        self._started = now
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error the device may refuse to answer; waiting for it would hide the error behind another.
        now = self._now() if kind is None else perf_counter()
        running = self._running
        running.pop()
        self._seconds += now - self._started
        if running:
            running[-1]._started = now

    def _now(self) -> float:
        if self._synchronise is not None:
            self._synchronise()
        return perf_counter()


@dataclass
class Clocks:
    """The clocks of one run; at most one of them runs at any moment."""

    device: InitVar[torch.device | str] = "cpu"
    setup: Clock = field(init=False)
    train: Clock = field(init=False)
    evaluation: Clock = field(init=False)
    sampling: Clock = field(init=False)

    def __post_init__(self, device: torch.device | str) -> None:
        running: list[Clock] = []
        self.setup, self.train = Clock(device, running), Clock(device, running)
        self.evaluation, self.sampling = Clock(device, running), Clock(device, running)

    def times(self, wall_seconds: float) -> Times:
        """Return what the clocks show, beside the seconds of the whole run."""
        return Times(
            setup_seconds=self.setup.seconds,
            train_seconds=self.train.seconds,
            evaluation_seconds=self.evaluation.seconds,
            sampling_seconds=self.sampling.seconds,
            wall_seconds=wall_seconds,
        )
