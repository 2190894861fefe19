"""The machine and the software a suite runs on, and which of it must match before times are compared."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import sleep
from typing import Any

import psutil

from bench.measure import nvml
from bench.measure.git import git_state
from bench.measure.limits import core_limit, memory_limit_bytes
from bench.measure.strain import strain, told
from bench.record import Environment

__all__ = ["disturbances", "environment"]

PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "torchvision", "torchmetrics")
WATCH_SECONDS = 0.3
# Clocks of cores tick a hundred times a second: in 0.3 s of two cores a tick is 0.017.
BUSY_SHARE, STEAL_SHARE = 0.2, 0.05
# Nothing else may enter the identity: load, dates and commits change without changing what the machine can do.
IDENTITY = ("device", "threads", "is_deterministic", "cpu", "gpu", "software")


def environment(
    device: str, threads: int, *, deterministic: bool = False, sources: Mapping[str, Path | str] | None = None
) -> Environment:
    """Describe the machine as it is now; takes 0.6 s: to watch how busy it is, and to try its peak.

    device: "cpu" or "cuda…", which initialises CUDA: call it in a process that forks no runs. sources: folders or
    files whose git state belongs in the record, by name; depthbench's own is added where it runs from a checkout.
    The facts hold neither host name nor paths. `environment_id` is the hash of hardware, versions, threads
    and determinism: times are comparable only where it agrees.
    """
    facts: dict[str, Any] = {
        "device": device.split(":")[0],
        "threads": threads,
        "is_deterministic": deterministic,
        "cpu": _cpu(),
        "gpu": _gpu(device),
        "memory": {"total_bytes": psutil.virtual_memory().total, "limit_bytes": memory_limit_bytes()},
        "software": _software(),
        "system": f"{platform.system()} {platform.release()}",
        "flags": _flags(deterministic),
        "git": _git({"depthbench": Path(__file__), **(sources or {})}),
        "start": _start(device),
        "counters": strain(device).counters,
    }
    # Last, since it keeps the machine busy itself.
    facts["peak_flops"] = _peak_flops(device, threads)
    identity = json.dumps({name: facts[name] for name in IDENTITY}, sort_keys=True)
    return Environment(environment_id=hashlib.sha256(identity.encode()).hexdigest()[:16], facts=facts)


def disturbances(environment: Environment) -> tuple[str, ...]:
    """Return sentences on what may have slowed the runs down: a busy machine, stolen time, too few cores, heat."""
    facts = environment.facts
    threads, starts = facts.get("threads", 1), (facts.get("start", {}), *facts.get("later_starts", ()))
    cores = min(filter(None, (facts["cpu"].get("usable_cores"), facts["cpu"].get("core_limit"))), default=threads)
    found = [f"Runs used {threads} threads, but only {cores:g} cores were allowed."] if cores < threads else []
    # Each session began with a look of its own; what was seen more than once is said once, at its worst.
    start = {
        name: max(each.get(name, 0) for each in starts) for name in ("busy_share", "steal_share", "gpu_utilisation")
    }
    if start.get("busy_share", 0) > BUSY_SHARE:
        found.append(f"The machine was busy at the start: {start['busy_share']:.0%} of its cores' time was in use.")
    if start.get("steal_share", 0) > STEAL_SHARE:
        found.append(f"The host withheld {start['steal_share']:.0%} of the cores' time from this virtual machine.")
    if start.get("gpu_utilisation", 0) > BUSY_SHARE:
        found.append(f"The GPU was busy at the start: {start['gpu_utilisation']:.0%}.")
    reasons = dict.fromkeys(reason for each in starts for reason in each.get("gpu_slowdowns", ()))
    found.extend(f"The GPU was slowed down at the start: {reason}." for reason in reasons)
    return (*found, *told(facts.get("slowdowns", {})))


def _cpu() -> dict[str, Any]:
    import torch

    return {
        "model": _cpu_model(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "usable_cores": len(affinity) if (affinity := _affinity()) is not None else None,
        "core_limit": core_limit(),
        "capability": torch.backends.cpu.get_cpu_capability(),
    }


def _affinity() -> list[int] | None:
    cpu_affinity = getattr(psutil.Process(), "cpu_affinity", None)  # Linux and Windows only
    return None if cpu_affinity is None else list(cpu_affinity())


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _gpu(device: str) -> dict[str, Any] | None:
    if not device.startswith("cuda"):
        return None
    import torch

    properties = torch.cuda.get_device_properties(device)
    return {
        "name": properties.name,
        "memory_bytes": properties.total_memory,
        "compute_capability": f"{properties.major}.{properties.minor}",
        "driver": _driver(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]  # torch leaves it untyped
    }


def _peak_flops(device: str, threads: int) -> float:
    import torch

    from bench.measure.peak import machine_peak_flops

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return machine_peak_flops(device)
    finally:
        torch.set_num_threads(before)


def _driver() -> str | None:
    told = Path("/proc/driver/nvidia/version")
    words = told.read_text().split() if told.exists() else []
    # "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  …": the first word that is a number with dots.
    return next((word for word in words if word.replace(".", "").isdigit() and "." in word), None)


def _software() -> dict[str, str | None]:
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _flags(deterministic: bool) -> dict[str, Any]:
    """Torch's switches that change times or results, as a run finds them after its seeding (`bench.measure.seeds`)."""
    import torch

    return {
        "deterministic_algorithms": deterministic,
        "cudnn_benchmark": torch.backends.cudnn.benchmark and not deterministic,
        "cudnn_deterministic": deterministic,
        "matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn_allows_tf32": torch.backends.cudnn.allow_tf32,
    }


def _git(sources: Mapping[str, Path | str]) -> dict[str, Any]:
    states = {name: git_state(Path(path)) for name, path in sources.items()}
    own = states.get("depthbench")
    # What comes with depthbench lies in the same checkout and need not be told again.
    return {name: state for name, state in states.items() if state and (name == "depthbench" or state != own)}


def _start(device: str) -> dict[str, Any]:
    """What is true only now: load, time withheld by a hypervisor, frequency."""
    before = psutil.cpu_times()
    sleep(WATCH_SECONDS)
    after = psutil.cpu_times()
    spent = {name: getattr(after, name) - at_first for name, at_first in before._asdict().items()}
    # Not psutil's cpu_times_percent: over less than a second of all cores together its shares do not add up to one.
    # A guest's time is counted in the user's already.
    whole = sum(seconds for name, seconds in spent.items() if not name.startswith("guest"))
    busy = whole - spent["idle"] - spent.get("iowait", 0.0)
    frequency = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    return {
        "load_average": round(psutil.getloadavg()[0], 2),
        "busy_share": round(busy / whole, 3) if whole else 0.0,
        "steal_share": round(spent.get("steal", 0.0) / whole, 3) if whole else 0.0,
        "frequency_megahertz": None if frequency is None else round(frequency.current),
        **(_gpu_start(device) if device.startswith("cuda") else {}),
    }


def _gpu_start(device: str) -> dict[str, Any]:
    found = nvml.gpu(device)
    if found is None:
        return {}
    library, handle = found
    slowdowns = {
        "power": library.nvmlClocksThrottleReasonSwPowerCap | library.nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
        "heat": library.nvmlClocksThrottleReasonSwThermalSlowdown | library.nvmlClocksThrottleReasonHwThermalSlowdown,
    }
    try:
        reasons = library.nvmlDeviceGetCurrentClocksThrottleReasons(handle)
        return {
            "gpu_utilisation": library.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
            "gpu_temperature_celsius": library.nvmlDeviceGetTemperature(handle, library.NVML_TEMPERATURE_GPU),
            "gpu_slowdowns": [name for name, bits in slowdowns.items() if reasons & bits],
        }
    except library.NVMLError:
        return {}
