"""What Linux tells of processes and cores under /proc; empty or 0 where a file or its process is not there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = [
    "PROC",
    "busy_seconds",
    "children",
    "cpu_seconds",
    "descendants",
    "resident_bytes",
    "sizes",
    "text",
    "threads",
    "total",
]

PROC = Path("/proc")


def text(path: Path) -> str:
    """Return the text of a file; empty where it does not exist, may not be read, or its process has just ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


def sizes(path: Path) -> dict[str, int]:
    """Return lines such as `VmRSS:  1024 kB` as bytes by name."""
    words = (line.split() for line in text(path).splitlines())
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in words if line[2:] == ["kB"]}


def total(sizes: Mapping[str, int], *names: str) -> int:
    """Return the sum of the sizes of these names; a name that is not there counts nothing."""
    return sum(sizes.get(name, 0) for name in names)


def resident_bytes(pid: int, proc: Path = PROC) -> int:
    """Return the resident memory of a process, shared memory included, files not."""
    found = sizes(proc / str(pid) / "status")
    # Some sandboxes tell only the whole.
    return total(found, "RssAnon", "RssShmem") or total(found, "VmRSS")


def threads(pid: int | str, proc: Path = PROC) -> list[int]:
    """Return the threads of a process, by their ids."""
    try:
        return [int(name) for name in os.listdir(proc / str(pid) / "task")]  # noqa: PTH208 - Path.iterdir is slower, and this is asked every 50 ms
    except OSError:
        return []


def children(pid: int | str, proc: Path = PROC) -> list[int]:
    """Return the living children of a process, of whichever of its threads."""
    files = (proc / str(pid) / "task" / str(thread) / "children" for thread in threads(pid, proc))
    return [int(word) for file in files for word in text(file).split()]


def descendants(pid: int | str, proc: Path = PROC) -> Iterator[int]:
    """Yield children, grandchildren and so on, the deepest first; not those whose parent has ended."""
    for child in children(pid, proc):
        yield from descendants(child, proc)
        yield child


def cpu_seconds(pid: int, proc: Path = PROC) -> float:
    """Return the processor time of a process and of its children that have ended, in seconds."""
    # The name in parentheses may hold anything, spaces and parentheses included.
    fields = text(proc / str(pid) / "stat").rpartition(")")[2].split()
    # User and system time: its own and that of the children it has waited for.
    return sum(map(int, fields[11:15])) / _ticks_per_second()


def busy_seconds(proc: Path = PROC) -> dict[int, float]:
    """Return how long each core has been busy since the machine started, in seconds; empty where it is not told.

    Time that a hypervisor withheld does not count: it is charged only to cores that had work to do, so that a core
    with a run on it would look busier than an idle one of the same host.
    """
    found = {}
    for line in text(proc / "stat").splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, _idle, _waiting, interrupts, soft_interrupts = map(int, ticks[:7])
            busy = user + nice + system + interrupts + soft_interrupts
            found[int(name.removeprefix("cpu"))] = busy / _ticks_per_second()
    return found


def _ticks_per_second() -> int:
    return os.sysconf("SC_CLK_TCK")
