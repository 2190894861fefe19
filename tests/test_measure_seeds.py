"""Seeding: equal seeds give equal numbers from every source, and flags do not leak from call to call."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from bench.measure.seeds import seed_everything


@pytest.fixture(autouse=True)
def restored_flags(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    was = torch.backends.cudnn.benchmark
    yield
    seed_everything(0)
    torch.backends.cudnn.benchmark = was


def draws() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_equal_seeds_draw_equally_and_others_do_not() -> None:
    seed_everything(7)
    first = draws()
    seed_everything(7)
    assert draws() == first
    seed_everything(8)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_numpy_cannot_take_is_refused_by_value(seed: int) -> None:
    with pytest.raises(ValueError, match=str(seed)):
        seed_everything(seed)


def test_deterministic_is_set_and_taken_back() -> None:
    seed_everything(0, deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.benchmark
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    seed_everything(0)
    assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.deterministic


def test_seeding_neither_wakes_cuda_nor_imports_the_compiler() -> None:
    code = (
        "import sys, torch; from bench.measure.seeds import seed_everything; seed_everything(3);"
        "assert not torch.cuda.is_initialized(); assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_is_seeded_too() -> None:
    seed_everything(5)
    first = torch.rand(4, device="cuda")
    seed_everything(5)
    assert torch.equal(torch.rand(4, device="cuda"), first)
