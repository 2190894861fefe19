"""Energy: counters add up and come round, and without one there is no number."""

from __future__ import annotations

import sys
from pathlib import Path
from time import sleep
from types import SimpleNamespace

import pytest
import torch

from bench.measure import energy
from bench.measure.energy import EnergyMeter


def zone(folder: Path, number: str, name: str, microjoules: int, size: int = 999_999) -> Path:
    path = folder / f"intel-rapl:{number}"
    path.mkdir()
    (path / "name").write_text(f"{name}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text(f"{size}\n")
    return path


def test_packages_and_memory_are_added_and_parts_are_not_counted_twice(tmp_path: Path) -> None:
    counted = [
        zone(tmp_path, "0", "package-0", 100),
        zone(tmp_path, "1", "package-1", 0),
        zone(tmp_path, "0:1", "dram", 7),
    ]
    parts = [zone(tmp_path, "0:0", "core", 50), zone(tmp_path, "2", "psys", 50)]
    meter = EnergyMeter("cpu", powercap=tmp_path)
    meter.start()
    for path in counted + parts:
        (path / "energy_uj").write_text("500100")
    assert meter.stop() == pytest.approx((500_000 + 500_100 + 500_093) * 1e-6)
    assert meter.source == "RAPL"


def test_a_counter_that_came_round_goes_on(tmp_path: Path) -> None:
    path = zone(tmp_path, "0", "package-0", 999_990)
    meter = EnergyMeter("cpu", powercap=tmp_path)
    meter.start()
    (path / "energy_uj").write_text("20")
    assert meter.stop() == pytest.approx(30e-6)


def test_a_long_run_is_looked_at_often_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "WATCH_SECONDS", 0.02)
    path = zone(tmp_path, "0", "package-0", 0)
    meter = EnergyMeter("cpu", powercap=tmp_path)
    meter.start()
    for microjoules in ("600000", "200000", "800000"):  # once round between the first two
        replacement = path / "new"
        replacement.write_text(microjoules)
        replacement.replace(path / "energy_uj")
        sleep(0.3)
    assert meter.stop() == pytest.approx(1.8)


def test_a_meter_starts_afresh(tmp_path: Path) -> None:
    path = zone(tmp_path, "0", "package-0", 0)
    meter = EnergyMeter("cpu", powercap=tmp_path)
    for _ in range(2):
        (path / "energy_uj").write_text("0")
        meter.start()
        (path / "energy_uj").write_text("1000")
        assert meter.stop() == pytest.approx(1e-3)


@pytest.mark.parametrize("is_there", [False, True])
def test_without_a_readable_counter_there_is_no_number(tmp_path: Path, is_there: bool) -> None:
    if is_there:  # one of two packages is closed to us
        zone(tmp_path, "0", "package-0", 0)
        closed = zone(tmp_path, "1", "package-1", 0) / "energy_uj"
        closed.unlink()
        closed.mkdir()
    meter = EnergyMeter("cpu", powercap=tmp_path)
    meter.start()
    assert meter.stop() is None
    assert meter.source is None


class FakeNvml(SimpleNamespace):
    """The three functions used of the driver's library, with a counter that we turn."""

    class NVMLError(Exception):
        pass

    def __init__(self, millijoules: int | None) -> None:
        super().__init__(millijoules=millijoules, asked="")

    def nvmlInit(self) -> None:  # noqa: N802 - the library's name
        pass

    def nvmlDeviceGetHandleByUUID(self, identifier: str) -> str:  # noqa: N802 - the library's name
        self.asked = identifier
        return identifier

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802 - the library's name
        if self.millijoules is None:
            raise self.NVMLError("not supported")
        return self.millijoules


@pytest.mark.parametrize(("before", "after", "joules"), [(1000, 5500, 4.5), (None, None, None)])
def test_nvml_counts_the_gpu_that_torch_uses(
    before: int | None, after: int | None, joules: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = FakeNvml(before)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="abc"))
    meter = EnergyMeter("cuda:1")
    meter.start()
    nvml.millijoules = after
    assert meter.stop() == joules
    assert (meter.source, nvml.asked) == ("NVML", "GPU-abc")


def test_a_missing_library_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    meter = EnergyMeter("cuda")
    meter.start()
    assert meter.stop() is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_busy_gpu_uses_energy() -> None:
    pytest.importorskip("pynvml", reason="needs nvidia-ml-py")
    meter = EnergyMeter("cuda")
    meter.start()
    x = torch.rand(4096, 4096, device="cuda")
    for _ in range(200):
        x = x @ x
        x = x / x.norm()
    torch.cuda.synchronize()
    joules = meter.stop()
    assert joules is not None
    assert joules > 1
