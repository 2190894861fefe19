"""Did heat or want of power slow cores or GPU down? The hardware's own counters, before and after runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bench.measure import nvml

__all__ = ["Strain", "grown", "strain", "told"]

CPUS = Path("/sys/devices/system/cpu")
NANO = 1e-9
# The counter of time goes on in steps, and a moment's limit is every GPU's way to full speed.
LEAST_SECONDS = 1.0


class Strain(BaseModel):
    """Counters since the machine or its driver started; only their differences mean anything.

    core_throttles: how often a core was slowed down for heat (Intel). gpu_heat_seconds, gpu_power_seconds: how long the
    GPU was slowed down for either. A counter that cannot be read is absent.
    """

    counters: dict[str, float] = {}


def strain(device: str, *, cpus: Path = CPUS) -> Strain:
    """Read the counters; for a CUDA device in a process that forks no runs. `cpus` is for tests."""
    paths = cpus.glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    counts = [int(path.read_text()) for path in paths]
    cores = {"core_throttles": float(sum(counts))} if counts else {}
    return Strain(counters=cores | (_gpu(device) if device.startswith("cuda") else {}))


def grown(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return by how much each counter grew, where it did."""
    return {name: after[name] - value for name, value in before.items() if after.get(name, value) > value}


def told(slowdowns: Mapping[str, float]) -> tuple[str, ...]:
    """Return a sentence on each kind of slowing down while runs were made."""
    found = []
    if throttles := slowdowns.get("core_throttles"):
        times = "once" if throttles == 1 else f"{throttles:.0f} times"
        found.append(f"Cores were slowed down for heat while runs were made: {times}.")
    for name, cause in (("gpu_heat_seconds", "heat"), ("gpu_power_seconds", "want of power")):
        if (seconds := slowdowns.get(name, 0.0)) >= LEAST_SECONDS:
            found.append(f"The GPU was slowed down for {cause} while runs were made: for {seconds:.0f} s.")
    return tuple(found)


def _gpu(device: str) -> dict[str, float]:
    found = nvml.gpu(device)
    if found is None:
        return {}
    library, handle = found
    policies = {
        "gpu_heat_seconds": library.NVML_PERF_POLICY_THERMAL,
        "gpu_power_seconds": library.NVML_PERF_POLICY_POWER,
    }
    read = {name: _violation_seconds(library, handle, policy) for name, policy in policies.items()}
    return {name: seconds for name, seconds in read.items() if seconds is not None}


def _violation_seconds(library: Any, handle: Any, policy: int) -> float | None:
    try:
        return float(library.nvmlDeviceGetViolationStatus(handle, policy).violationTime) * NANO
    except library.NVMLError:  # not every GPU counts it
        return None
