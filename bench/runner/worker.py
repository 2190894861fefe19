"""The life of a run's process between fork and exit: limits, captured output, the way back."""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from bench.record import CurvePoint
from bench.runner.jobs import Job, Message

__all__ = ["Channel", "live"]

PR_SET_PDEATHSIG = 1


class Channel:
    """The way back to the coordinator: one JSON line per message."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, message: Message) -> None:
        """Write a message whole."""
        line = memoryview(message.model_dump_json(exclude_defaults=True).encode() + b"\n")
        while line:
            line = line[os.write(self._descriptor, line) :]

    def report(self, point: CurvePoint) -> None:
        """Send a point of the learning curve as it is measured."""
        self.send(Message(kind="point", point=point))


def live(request: dict[str, Any], output: int, channel: int, server: int) -> None:
    """Be the process of one run; never returns."""
    code = 70
    try:
        _settle(output, server)
        if "call" in request:
            from bench.specs import resolve

            value = resolve(request["call"])(**request["arguments"])
            Channel(channel).send(Message(kind="value", value=value.model_dump(mode="json")))
        else:
            _run(Job.model_validate(request["job"]), Channel(channel))
        code = 0
    except BaseException:  # noqa: BLE001 - the last place that can say why; it goes to the captured output
        import traceback

        traceback.print_exc()
    finally:
        _flush()
        # Not sys.exit: a plugin's exit handlers and threads must not keep the process alive.
        os._exit(code)


def _run(job: Job, channel: Channel) -> None:
    _limit(job)
    from bench.runner.execute import execute

    channel.send(Message(kind="outcome", outcome=execute(job, channel.report)))


def _settle(output: int, server: int) -> None:
    """Lead a session of our own, die with the server, send everything printed into the pipe."""
    os.setsid()
    _die_with_parent(server)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is needed, not a path
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - lives as long as the process
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - as above
    faulthandler.enable(file=2)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.enable()


def _die_with_parent(server: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server:
        # The server ended between fork and this line; the signal will never come.
        os._exit(1)


def _limit(job: Job) -> None:
    """Pin the run to its cores and bound its memory."""
    import torch

    if job.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, job.cores)
    torch.set_num_threads(job.plan.threads)
    # CUDA reserves address space far beyond what it uses, so there the server's watch over resident memory rules.
    if job.memory_limit_bytes and job.plan.device == "cpu":
        # The libraries imported before the fork are not the run's own.
        most = job.memory_limit_bytes + _data_bytes()
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _data_bytes() -> int:
    """Return what counts against RLIMIT_DATA now; 0 where /proc is absent."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmData:")), "VmData: 0 kB")
    return int(line.split()[1]) * 1024


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
