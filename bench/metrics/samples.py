"""Draw samples from a generative model with the noise of one seed, and picture them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.errors import ContractError, Diverged
from bench.metrics.pictures import GRID_SIDE, MOST_COLUMNS, sheet

__all__ = ["draw", "draw_grid", "fixed_noise", "picture"]

SAMPLES_AT_ONCE = 500


def draw(model: Any, n: int, shape: tuple[int, ...], *, seed: int, condition: Tensor | None = None) -> Tensor:
    """Draw n samples from a model, (n, *shape) float32, on the model's device, not clamped.

    The global random states of torch and numpy are set to `seed` while it draws and given back afterwards.
    Raises ContractError on an answer of another type or shape, Diverged on values that are not finite.
    """
    # A black box may have a generator of its own, which could begin anew with every call: it is called once.
    size = SAMPLES_AT_ONCE if isinstance(model, nn.Module) else n
    with fixed_noise(seed), _evaluation_mode(model), torch.no_grad():
        parts = []
        for start in range(0, n, size):
            count = min(size, n - start)
            given = () if condition is None else (_for_model(model, condition[start : start + count]),)
            parts.append(_checked(model.sample(count, *given), (count, *shape), model))
    return torch.cat(parts)


def draw_grid(model: Any, shape: tuple[int, ...], *, seed: int) -> tuple[Tensor, int]:
    """Draw samples for a picture; returns them row by row and the number of columns.

    One column per class, at most 16, from a model that names the classes it can draw from (`labels`, with a
    `condition` of `sample`); else a square of them.
    """
    known = getattr(model, "labels", None)
    if known is not None and len(known) and "condition" in signature(model.sample).parameters:
        labels = torch.as_tensor(known)[:MOST_COLUMNS]
        return draw(model, len(labels) * GRID_SIDE, shape, seed=seed, condition=labels.repeat(GRID_SIDE)), len(labels)
    return draw(model, GRID_SIDE**2, shape, seed=seed), GRID_SIDE


def picture(images: Tensor, columns: int) -> bytes:
    """Lay images, (n, 1 or 3, height, width) in [-1, 1], out row by row in a PNG.

    Small ones are enlarged by whole pixels, so that what the model drew is what is seen.
    """
    levels = ((images.detach().cpu().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return sheet(levels.numpy(), columns)


def _checked(answer: Any, expected: tuple[int, ...], model: Any) -> Tensor:
    if isinstance(answer, tuple) and answer:
        # scikit-learn's mixtures also tell which component drew each sample.
        answer = answer[0]
    if not isinstance(answer, torch.Tensor | np.ndarray) or tuple(answer.shape) != expected:
        got = tuple(answer.shape) if hasattr(answer, "shape") else type(answer).__name__
        raise ContractError(
            f"{type(model).__name__}.sample({expected[0]}) answered with {got}; expected a tensor or an array "
            f"of shape {expected}"
        )
    samples = torch.tensor(answer) if isinstance(answer, np.ndarray) else answer.detach()
    if not bool(samples.isfinite().all()):
        broken = int((~samples.isfinite()).flatten(1).any(1).sum())
        raise Diverged(f"{broken} of {len(samples)} samples of {type(model).__name__} hold values that are not finite")
    return samples.float()


@contextmanager
def fixed_noise(seed: int) -> Iterator[None]:
    """Set the global random states of torch and numpy, and give them back afterwards."""
    # Two sample grids, or two distances of one seed, can only be compared when they begin from the same noise.
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]  # torch leaves it untyped
    state = np.random.get_state()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(state)


@contextmanager
def _evaluation_mode(model: Any) -> Iterator[None]:
    if not isinstance(model, nn.Module):
        yield
        return
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _for_model(model: Any, condition: Tensor) -> Any:
    """Bring a condition to the model's device; a black box takes arrays, here as everywhere."""
    if not isinstance(model, nn.Module):
        return condition.cpu().numpy()
    return condition.to(next((parameter.device for parameter in model.parameters()), condition.device))
