"""Choose the cores that a run is pinned to: idle ones, for as long as there are any.

A run is pinned so that it has as many cores as it has threads by the plan, whatever its libraries start; left to the
kernel, a model whose library takes every core it sees would be compared with one that keeps to its threads. Which cores
these are must not cost the run anything: pinned to a core that somebody else uses, it would train at half its speed
beside an idle one. So idle cores are chosen at the start, and the choice is looked at again while runs go on. Moving
costs some milliseconds of cold caches, sharing a core costs half of the time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

from bench.measure import proc

__all__ = ["WINDOW_SECONDS", "Cores", "Share", "pin"]

# Ticks of the kernel's clock are 10 ms: in 0.15 s a core's share is known to 7 %.
FIRST_WINDOW_SECONDS = 0.15
WINDOW_SECONDS = 0.5
# More than the kernel's own work on a core, less than a neighbour that takes turns with us.
BUSY_SHARE = 0.25


class Cores:
    """The processors this machine lets us use: which are idle, and which are promised to a session.

    A promise is a lock on a file in `folder`, shared by the sessions of one user; it ends with its session, however
    that ends. It keeps two sessions that start at the same moment from choosing the same core. Where the folder cannot
    be used, the load alone decides. `proc_folder` is for tests.
    """

    def __init__(self, usable: Sequence[int], folder: Path, proc_folder: Path = proc.PROC) -> None:
        self.usable = tuple(usable)
        self._folder, self._proc = folder, proc_folder
        self._siblings = {core: _siblings(core) - {core} for core in usable}
        self._promises: dict[int, int] = {}
        self.taken: set[int] = set()
        self.load: dict[int, float] = {}

    def look(self, seconds: float = FIRST_WINDOW_SECONDS) -> None:
        """See which cores are busy now, before any run of ours is."""
        before = self.busy_seconds()
        sleep(seconds)
        after = self.busy_seconds()
        self.load = {core: (after[core] - before.get(core, 0.0)) / seconds for core in after}

    def busy_seconds(self) -> dict[int, float]:
        """Return how long each core has been busy."""
        return proc.busy_seconds(self._proc)

    def take(self, count: int) -> tuple[int, ...]:
        """Choose so many cores of those not taken, the idle and unpromised first, and keep them until `give_back`."""
        chosen: list[int] = []
        while len(chosen) < count and (free := [core for core in self.usable if core not in self.taken]):
            # One by one: a taken core makes its other half (hyper-threading) a worse choice.
            ordered = sorted(free, key=self._burden)
            best = next((core for core in ordered if not self._is_busy(core) and self._promise(core)), ordered[0])
            self.taken.add(best)
            chosen.append(best)
        return tuple(sorted(chosen))

    def exchange(self, cores: tuple[int, ...]) -> tuple[int, ...]:
        """Replace those of the cores that somebody else uses by idle ones, as far as there are any."""
        idle = sorted(
            (core for core in self.usable if core not in self.taken and self._load(core) <= BUSY_SHARE),
            key=self._burden,
        )
        kept = []
        for core in cores:
            other = next((each for each in idle if self._promise(each)), None) if self._is_busy(core) else None
            if other is None:
                kept.append(core)
                continue
            idle.remove(other)
            self.give_back((core,))
            kept.append(other)
            self.taken.add(other)
        return tuple(sorted(kept))

    def give_back(self, cores: Sequence[int]) -> None:
        """Let others have these cores."""
        self.taken -= set(cores)
        for core in cores:
            if core in self._promises:
                os.close(self._promises.pop(core))

    def _load(self, core: int) -> float:
        return self.load.get(core, 0.0)

    def _is_busy(self, core: int) -> bool:
        return self._load(core) > BUSY_SHARE

    def _burden(self, core: int) -> tuple[float, bool, int]:
        """Order cores: by their own load, then those whose other half (hyper-threading) has nothing to do."""
        shared = any(self._is_busy(each) or each in self.taken for each in self._siblings[core])
        load = self._load(core)
        return (load if load > BUSY_SHARE else 0.0), shared, core

    def _promise(self, core: int) -> bool:
        """Lock a core against other sessions; return whether it is ours."""
        if core in self._promises:
            return True
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            # A name that begins with a dot is no session's mark.
            file = os.open(self._folder / f".core-{core}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._promises[core] = file
        return True


class Share:
    """The cores of one slot, and what others do on them while its runs go on."""

    def __init__(self, cores: Cores, count: int) -> None:
        self._all = cores
        self._own = 0.0
        self.cores = cores.take(count)
        self.restart()

    def ended(self, cpu_seconds: float) -> None:
        """Hear how much processor time a run of this slot has taken by its end."""
        self._own += cpu_seconds

    def rebalance(self, used: Callable[[], float] = lambda: 0.0) -> bool:
        """Look whether others use these cores, at most twice a second; choose anew where they do and others are idle.

        used: returns the processor seconds that the run which goes on here has taken so far; none between runs.
        Returns whether cores changed.
        """
        seconds = monotonic() - self._since
        if seconds < WINDOW_SECONDS or len(self._all.taken) == len(self._all.usable):
            return False
        now, cpu_seconds = self._all.busy_seconds(), used()
        passed = {core: now[core] - self._busy.get(core, 0.0) for core in now}
        own = self._own + cpu_seconds
        foreign = sum(passed.get(core, 0.0) for core in self.cores) - own
        for core, busy in passed.items():
            if core not in self._all.taken:
                self._all.load[core] = busy / seconds
        # The run's time cannot be parted by cores, and need not be: its threads fill all of them or wait for one.
        for core in self.cores:
            self._all.load[core] = foreign / seconds / len(self.cores)
        before, self.cores = self.cores, self._all.exchange(self.cores)
        self.restart()
        self._own = -cpu_seconds
        return before != self.cores

    def restart(self) -> None:
        """Forget what was done on these cores so far."""
        self._since, self._busy, self._own = monotonic(), self._all.busy_seconds(), 0.0


def pin(pid: int, cores: Sequence[int]) -> None:
    """Move a process, its threads and its descendants to these cores."""
    for process in (pid, *proc.descendants(pid)):
        # What a thread starts inherits its cores; a second look finds threads that were started during the first.
        for _ in range(2):
            for thread in proc.threads(process):
                try:
                    os.sched_setaffinity(thread, cores)
                except OSError:
                    # It has just ended.
                    continue


def _siblings(core: int) -> set[int]:
    """Return the processors that share a physical core with this one, itself included."""
    place = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    found: set[int] = set()
    for part in filter(None, proc.text(place).strip().split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found
