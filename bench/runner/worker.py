"""The life of a run's process between fork and exit: limits, captured output, the way back."""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import os
import resource
import signal
import sys
from typing import Any

from pydantic import BaseModel

from bench.measure import proc
from bench.runner.channel import Channel
from bench.runner.jobs import Job, Message

__all__ = ["run_and_exit"]

PR_SET_PDEATHSIG = 1


def run_and_exit(request: dict[str, Any], output: int, channel: int, server: int) -> None:
    """Be the process of one run; never returns."""
    code = 70
    try:
        _settle(output, server)
        _choose_gpu(request["gpu"])
        if "call" in request:
            from bench.specs import resolve

            value = resolve(request["call"])(**request["arguments"])
            said = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
            Channel(channel).send(Message(kind="value", value=said))
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
    from bench.measure.strain import strain
    from bench.runner.execute import execute

    outcome = execute(job, channel.report)
    # Read here, where the device is the run's own and CUDA is initialised already.
    channel.send(Message(kind="outcome", outcome=outcome, counters=strain(job.plan.device).counters))


def _choose_gpu(gpu: str) -> None:
    """Let this process see one GPU only.

    The driver reads the variable when CUDA is initialised, which neither the server nor this process has done; unlike
    an index, it holds for every library of the run, and for code that writes "cuda" without a number.
    """
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu


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
        most = job.memory_limit_bytes + proc.sizes(proc.PROC / "self" / "status").get("VmData", 0)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
