"""The cores and the memory that affinity and control groups leave to this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.measure import proc

__all__ = ["core_limit", "memory_limit_bytes", "usable_cores"]

ROOT = Path("/")
# Version 1 writes "no limit" as the largest number that fits.
NO_LIMIT_BYTES = 2**60


def usable_cores() -> list[int]:
    """Return the processors this process may use, by their numbers."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def core_limit(root: Path = ROOT) -> float | None:
    """Return how many cores' worth of time the control groups allow; None without a limit. `root` is for tests."""
    limits = [*_quotas(root), *_old_quotas(root)]
    return min(limits, default=None)


def memory_limit_bytes(root: Path = ROOT) -> int | None:
    """Return how much memory the control groups allow; None without a limit."""
    names = (("", "memory.max"), ("memory", "memory.limit_in_bytes"))
    texts = [_stripped(group / file) for controller, file in names for group in _groups(root, controller)]
    limits = [int(text) for text in texts if text.isdigit()]
    return min((limit for limit in limits if limit < NO_LIMIT_BYTES), default=None)


def _quotas(root: Path) -> Iterator[float]:
    for group in _groups(root, ""):
        quota, _, period = _stripped(group / "cpu.max").partition(" ")
        if quota.isdigit():
            yield int(quota) / int(period)


def _old_quotas(root: Path) -> Iterator[float]:
    for group in _groups(root, "cpu"):
        quota, period = _stripped(group / "cpu.cfs_quota_us"), _stripped(group / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            yield int(quota) / int(period)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process's group and of all above it; of version 2 where the controller is ""."""
    mount = root / "sys/fs/cgroup" / controller
    for line in _stripped(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            group = mount / path.lstrip("/")
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(mount))


def _stripped(path: Path) -> str:
    return proc.text(path).strip()
