"""Energy from the hardware's own counters: NVML for a GPU, RAPL for the CPU, nothing elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from bench.measure import nvml

if TYPE_CHECKING:
    import torch

__all__ = ["EnergyMeter"]

POWERCAP = Path("/sys/class/powercap")
MICRO, MILLI = 1e-6, 1e-3
# A package counter of 2¹⁸ joules comes round in four minutes at a kilowatt.
WATCH_SECONDS = 60.0


class EnergyMeter:
    """Joules between `start` and `stop`: of the CPU's packages and memory, or of the GPU's whole board on CUDA.

    The counters belong to the hardware, so they hold whatever else it did meanwhile. Where no counter can be
    read (virtual machines, RAPL without permission, no `nvidia-ml-py`) the answer is None: nothing is estimated.
    """

    def __init__(self, device: torch.device | str = "cpu", *, powercap: Path = POWERCAP) -> None:
        name = str(device)
        self._counter: _Counter | None = _gpu(name) if name.startswith("cuda") else _rapl(powercap)

    @property
    def source(self) -> str | None:
        """Say what is read: "NVML", "RAPL", or None."""
        return None if self._counter is None else self._counter.source

    def start(self) -> None:
        """Begin to count."""
        if self._counter is not None:
            self._counter.start()

    def stop(self) -> float | None:
        """Return joules since `start`; None where nothing can be read."""
        return None if self._counter is None else self._counter.stop()


class _Counter(ABC):
    """A source of energy."""

    source: str

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> float | None: ...


class _Nvml(_Counter):
    """The total energy counter of one GPU, in millijoules since the driver was loaded."""

    source = "NVML"

    def __init__(self, library: Any, handle: Any) -> None:
        self._nvml, self._handle = library, handle
        self._began: int | None = None

    def start(self) -> None:
        self._began = self._read()

    def stop(self) -> float | None:
        ended = self._read()
        return None if self._began is None or ended is None else (ended - self._began) * MILLI

    def _read(self) -> int | None:
        try:
            return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))
        except self._nvml.NVMLError:  # older than Volta, or a slice of a GPU
            return None


def _gpu(device: str) -> _Nvml | None:
    found = nvml.gpu(device)
    return None if found is None else _Nvml(*found)


class _Rapl(_Counter):
    """The sum of several counters in microjoules, each of which begins again at its own range."""

    source = "RAPL"

    def __init__(self, zones: Sequence[Path]) -> None:
        self._ranges = {zone: int((zone / "max_energy_range_uj").read_text()) for zone in zones}
        self._last: dict[Path, int] = {}
        self._microjoules = 0
        self._is_over = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        self._microjoules = 0
        self._last = self._read()
        self._is_over.clear()
        self._thread = Thread(target=self._watch, name="energy counter", daemon=True)
        self._thread.start()

    def stop(self) -> float | None:
        if self._thread is None:
            raise RuntimeError("EnergyMeter.stop() was called without start()")
        self._is_over.set()
        self._thread.join()
        self._thread = None
        self._advance()
        return self._microjoules * MICRO

    def _watch(self) -> None:
        while not self._is_over.wait(WATCH_SECONDS):
            self._advance()

    def _advance(self) -> None:
        now = self._read()
        for zone, size in self._ranges.items():
            self._microjoules += (now[zone] - self._last[zone]) % (size + 1)
        self._last = now

    def _read(self) -> dict[Path, int]:
        return {zone: int((zone / "energy_uj").read_text()) for zone in self._ranges}


def _rapl(powercap: Path) -> _Rapl | None:
    """Return the counters of all packages and of the memory beside them; None unless every one can be read."""
    zones = [zone for zone in sorted(powercap.glob("intel-rapl:*")) if _is_counted(zone)]
    try:
        counter = _Rapl(zones)
        counter._read()
    except (OSError, ValueError):
        return None
    return counter if zones else None


def _is_counted(zone: Path) -> bool:
    """Cores and graphics are parts of the package, and the platform holds it: each joule counts once."""
    try:
        name = (zone / "name").read_text().strip()
    except OSError:
        return False
    return name.startswith("package") or name == "dram"
