"""Seed every source of randomness a run can draw from."""

from __future__ import annotations

import os
import random
import sys
import zlib

import numpy as np
import torch

__all__ = ["noise_seed", "seed_everything"]

# NVIDIA, AMD, and NVIDIA under Windows' Linux
GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def seed_everything(seed: int, *, deterministic: bool = False) -> None:
    """Seed random, NumPy's global state and torch on every device; say whether kernels must be deterministic.

    seed: 0 ≤ seed < 2**32, the range NumPy accepts; raises ValueError outside it.
    deterministic: torch raises RuntimeError in operations that have no deterministic implementation, and
    cuDNN does not search for the fastest kernel. The flag is set both ways, so that an earlier call leaves
    no trace. CUDA is not initialised: its seed waits until the first CUDA call.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed {seed} is outside the range of NumPy's generator: use 0 to {2**32 - 1}")
    random.seed(seed)
    np.random.seed(seed)
    # What torch.manual_seed() does, without its detour through the compiler and the source of every caller: 5 ms a run.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized() or _may_have_gpu():  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.cuda.manual_seed_all(seed)
    _set_deterministic(deterministic)


def noise_seed(seed: int, purpose: str) -> int:
    """Return the seed, 0 ≤ … < 2**32, of the noise that a run of this seed draws for one purpose.

    Not the run's seed itself: a generator would be asked with the very numbers that its weights were initialised from,
    and the weights chosen on the validation part would be tested with the noise that they were chosen by.
    """
    return int(np.random.SeedSequence((seed, zlib.crc32(purpose.encode()))).generate_state(1)[0])


def _may_have_gpu() -> bool:
    """Is a driver's device file there? Asking torch would load the driver."""
    return sys.platform != "linux" or any(map(os.path.exists, GPU_FILES))


def _set_deterministic(deterministic: bool) -> None:
    if deterministic:
        # cuBLAS reads this when its first handle is made; without it torch refuses deterministic products.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = deterministic
    # The setter imports torch's compiler (seconds), so it is not called to say what already holds.
    if deterministic != torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(deterministic)
