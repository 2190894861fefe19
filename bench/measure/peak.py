"""The arithmetic a machine can do at most, as a yardstick for what a run made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter

import torch

from bench.measure.clock import synchroniser

__all__ = ["machine_peak_flops", "share_of_peak"]

SECONDS = 0.25
SIDE = {"cpu": 1024, "cuda": 8192}


def machine_peak_flops(device: torch.device | str = "cpu") -> float:
    """Return the floating-point operations per second of a large float32 matrix product, the best of 0.25 s.

    Measured once per process, device and thread count; on CUDA in TF32 where torch lets convolutions use that (its
    default), so that no layer passes the peak. It runs a parallel operation, so never call it in a process that will
    fork runs.
    """
    return _peak(str(device), torch.get_num_threads())


def share_of_peak(macs: float, seconds: float, peak_flops: float) -> float:
    """Return the share of the peak that so many multiply-accumulates in so many seconds amount to; about 0 to 1."""
    return 2 * macs / seconds / peak_flops


@cache
def _peak(device: str, threads: int) -> float:
    side = SIDE[torch.device(device).type]
    a, b = torch.rand(2, side, side, device=device).unbind()
    with _precision_of_convolutions(device):
        product = a @ b
        wait = synchroniser(device) or (lambda: None)
        wait()
        best, end = float("inf"), perf_counter() + SECONDS
        while (started := perf_counter()) < end:
            torch.mm(a, b, out=product)
            wait()
            best = min(best, perf_counter() - started)
    return 2.0 * side**3 / best


@contextmanager
def _precision_of_convolutions(device: str) -> Iterator[None]:
    """Let matrix products round their inputs where convolutions may: torch's defaults differ between the two."""
    before = torch.get_float32_matmul_precision()
    if device.startswith("cuda") and before == "highest" and torch.backends.cudnn.allow_tf32:
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
