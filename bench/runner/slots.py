"""Share a machine among runs made side by side: each slot has its own cores and, where there are any, a GPU."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from bench.runner.cores import Cores, Share

__all__ = ["Slot", "make_slots", "visible_gpus"]

LIST_SECONDS = 30.0


@dataclass
class Slot:
    """A place for one run at a time. gpu: its name for CUDA_VISIBLE_DEVICES; empty: whatever CUDA takes first."""

    share: Share
    gpu: str = ""


def make_slots(parallel: int, threads: int, cores: Cores, gpus: Sequence[str] = ()) -> list[Slot]:
    """Return so many slots of `threads` cores each, the GPUs dealt out in turn; several slots share one only where
    there are more slots than GPUs. A single slot is left the GPU that CUDA takes first, its fastest."""
    dealt = [gpus[number % len(gpus)] if gpus and parallel > 1 else "" for number in range(parallel)]
    return [Slot(Share(cores, threads), gpu) for gpu in dealt]


def visible_gpus(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the GPUs that runs may use, as CUDA_VISIBLE_DEVICES names them; empty where nobody tells.

    Asks the driver's own tool: importing torch here would take seconds. Its numbers are not CUDA's, so that GPUs, and
    slices of one (MIG), are named by their identifiers.
    """
    if (listed := environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        names = (name.strip() for name in listed.split(","))
        # As CUDA reads it: what follows the first one that cannot be is not seen.
        return tuple(takewhile(lambda name: name not in ("", "-1"), names))
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    try:
        told = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False, timeout=LIST_SECONDS).stdout  # noqa: S603 - a path found by us, fixed arguments
    except subprocess.TimeoutExpired:
        return ()
    return _identifiers(told)


def _identifiers(told: str) -> tuple[str, ...]:
    """Read lines such as `GPU 0: NVIDIA H200 (UUID: GPU-4a…)`; the slices of a sliced GPU stand indented below it."""
    found: list[str] = []
    for line in told.splitlines():
        _, separator, rest = line.rpartition("(UUID: ")
        if not separator:
            continue
        name, is_slice = rest.rstrip().rstrip(")"), line[:1].isspace()
        if is_slice and found and found[-1].startswith("GPU-"):
            found.pop()
        found.append(name)
    return tuple(found)
