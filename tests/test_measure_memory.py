"""Memory: allocations of known size are reported, nothing is inherited, no number is invented."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bench.measure.memory import PeakMemory, model_bytes

MB = 2**20
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def allocate(megabytes: int) -> None:
    array = np.ones(megabytes * MB, dtype=np.uint8)
    assert array.all()


def peak_of(megabytes: int) -> int:
    meter = PeakMemory("cpu")
    meter.start()
    allocate(megabytes)
    peak = meter.stop().peak_memory_bytes
    assert peak is not None
    return peak


@needs_proc
@pytest.mark.parametrize("megabytes", [50, 200, 800])
def test_an_allocation_of_known_size_is_reported(megabytes: int) -> None:
    assert abs(peak_of(megabytes) / MB - megabytes) <= max(5, 0.1 * megabytes)


@needs_proc
def test_a_small_run_does_not_inherit_from_a_big_one() -> None:
    big, small = peak_of(300), peak_of(20)
    assert big > 290 * MB
    assert abs(small / MB - 20) <= 5


@needs_proc
def test_memory_the_heap_kept_from_before_is_counted_again() -> None:
    blocks = [bytearray(100_000) for _ in range(2000)]
    del blocks
    meter = PeakMemory("cpu")
    meter.start()
    blocks = [bytearray(100_000) for _ in range(500)]
    peak = meter.stop().peak_memory_bytes
    assert peak is not None
    assert abs(peak - 50e6) <= 5e6
    del blocks


@needs_proc
def test_a_child_from_before_is_not_counted() -> None:
    code = "import sys; block = bytearray(60_000_000); print(len(block), flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert peak_of(20) < 25 * MB
        child.communicate()


@needs_proc
def test_nothing_done_is_nothing_used() -> None:
    peak_of(1)
    assert peak_of(0) < 2 * MB


@needs_proc
def test_child_processes_are_added() -> None:
    code = f"x = b'1' * (60 * {MB}); print(len(x), flush=True); input()"
    meter = PeakMemory("cpu")
    meter.start()
    children = [
        subprocess.Popen([sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None
        assert int(child.stdout.readline()) == 60 * MB
    peak = meter.stop().peak_memory_bytes
    for child in children:
        child.communicate(b"leave\n")
    assert peak is not None
    assert 120 * MB < peak < 150 * MB  # an interpreter is some megabytes itself


@needs_proc
def test_what_is_done_in_a_pause_is_left_out() -> None:
    meter = PeakMemory("cpu")
    kept = []
    meter.start()
    allocate(40)
    for _ in range(3):
        with meter.paused(lambda: sum(map(len, kept))):
            allocate(150)
            heap = [bytearray(100_000) for _ in range(1000)]
            del heap
            kept.append(bytearray(b"1" * (30 * MB)))
        allocate(60)
    peak = meter.stop().peak_memory_bytes
    assert peak is not None
    assert abs(peak / MB - 60) <= 5


@needs_proc
def test_the_peak_before_a_pause_is_kept() -> None:
    meter = PeakMemory("cpu")
    meter.start()
    allocate(90)
    with meter.paused():
        allocate(10)
    peak = meter.stop().peak_memory_bytes
    assert peak is not None
    assert abs(peak / MB - 90) <= 9


@pytest.mark.parametrize("has_reset", [False, True])
def test_without_a_reset_that_works_there_is_no_number(tmp_path: Path, has_reset: bool) -> None:
    process = tmp_path / "self"
    process.mkdir()
    if has_reset:  # a sandbox that takes the write and keeps the old mark
        (process / "clear_refs").touch()
        (process / "status").write_text("VmHWM:\t  90000 kB\nVmRSS:\t  1000 kB\n")
    else:
        (process / "clear_refs").mkdir()
    meter = PeakMemory("cpu", proc=tmp_path)
    meter.start()
    assert meter.stop().peak_memory_bytes is None


def test_stop_without_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="without start"):
        PeakMemory("cpu").stop()


def test_model_bytes_is_the_length_of_the_file(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    model = nn.Sequential(nn.Linear(10, 20), nn.BatchNorm1d(20), nn.Linear(20, 3))
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    assert model_bytes(model) == (tmp_path / "model.safetensors").stat().st_size


def test_tied_weights_are_stored_once() -> None:
    tied = nn.Sequential(nn.Linear(64, 64, bias=False), nn.Linear(64, 64, bias=False))
    untied = model_bytes(tied)
    tied[1].weight = tied[0].weight
    once = model_bytes(tied)
    assert untied is not None
    assert once is not None
    assert 64 * 64 * 4 <= untied - once < 64 * 64 * 4 + 200


def test_model_bytes_of_a_black_box_is_its_pickle() -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    assert model_bytes(model) == len(pickle.dumps(model, protocol=5))


def test_what_cannot_be_pickled_has_no_size() -> None:
    assert model_bytes(lambda: 1) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_peaks_leave_a_pause_out() -> None:
    meter = PeakMemory("cuda")
    meter.start()
    held = torch.cuda.memory_allocated()
    torch.ones(50 * MB, dtype=torch.uint8, device="cuda")
    with meter.paused():
        torch.ones(300 * MB, dtype=torch.uint8, device="cuda")
    assert meter.stop().cuda_allocated_bytes == held + 50 * MB


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_peaks_are_reset_and_read() -> None:
    torch.ones(400 * MB, dtype=torch.uint8, device="cuda")
    meter = PeakMemory("cuda")
    meter.start()
    held = torch.cuda.memory_allocated()
    torch.ones(100 * MB, dtype=torch.uint8, device="cuda")
    memory = meter.stop()
    assert memory.cuda_allocated_bytes == held + 100 * MB
    assert memory.cuda_reserved_bytes is not None
    assert held + 100 * MB <= memory.cuda_reserved_bytes < held + 300 * MB
