"""What a black box answers, in the shape that a network would answer in."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import ContractError, Diverged
from bench.spaces import Space
from bench.tasks.data import Array, Part

__all__ = ["assert_finite", "expected_shape", "shares_of_black_box", "values_of_black_box"]


def shares_of_black_box(model: Any, part: Part, space: Space) -> Tensor:
    """Return the probabilities (n, …, size) float64; raises ContractError where they have another shape."""
    size = space.size or 0
    given = np.asarray(model.predict_proba(part.numpy()[0]), dtype=np.float64)
    known = getattr(model, "classes_", None)
    if known is not None and given.ndim == 2 and len(known) == given.shape[1] < size:
        # A small training part may lack a class; scikit-learn then leaves its column out.
        whole = np.zeros((len(given), size))
        whole[:, np.asarray(known, dtype=np.int64)] = given
        given = whole
    if part.is_stepwise and part.lengths is not None and given.shape == (int(part.lengths.sum()), size):
        given = _padded(given, part, 1 / size)
    expected = expected_shape(part, space)
    if space.axes and given.shape == (int(np.prod(expected[:-1])), size):
        given = given.reshape(expected)
    if given.shape != expected:
        raise ContractError(
            f"{type(model).__name__}.predict_proba answered {len(part)} samples with shape {given.shape}; "
            f"expected {expected}"
        )
    # A copy, since torch takes no array that runs backwards and warns of one that cannot be written to.
    return torch.from_numpy(given.copy())


def values_of_black_box(model: Any, part: Part, space: Space) -> Array:
    """Return the values (n, …) float32, as encoded; raises ContractError where they have another shape."""
    values = np.asarray(model.predict(part.numpy()[0]), dtype=np.float32)
    assert_finite(values, "predictions")
    expected = tuple(part.target.shape) if part.y is not None else (len(part), *space.sizes)
    if part.is_stepwise and part.lengths is not None and values.shape == (int(part.lengths.sum()), *expected[2:]):
        return _padded(values, part, np.nan)
    # scikit-learn answers flat rows where it was given flat targets.
    if values.shape != expected and (values.shape[:1] != expected[:1] or values.size != int(np.prod(expected))):
        raise ContractError(
            f"{type(model).__name__}.predict answered {len(part)} samples with shape {values.shape}; "
            f"expected {expected}"
        )
    return values.reshape(expected)


def _padded(rows: Array, part: Part, filler: float) -> Array:
    """Lay one row per step of each sample out as (n, longest, …)."""
    lengths = part.lengths.cpu().numpy() if part.lengths is not None else np.zeros(0, np.int64)
    found = np.full((len(lengths), part.target.shape[1], *rows.shape[1:]), filler, rows.dtype)
    found[np.arange(found.shape[1]) < lengths[:, None]] = rows
    return found


def expected_shape(batch: Part, space: Space) -> tuple[int, ...]:
    """Return the shape that a network answers a batch with; how long a window is, y knows."""
    if any(space.levels) or batch.y is None:
        return (len(batch), *space.output_shape)
    return (*batch.y.shape, *((space.size or 0,) if space.kind == "index" else ()))


def assert_finite(values: Tensor | Array, what: str) -> None:
    """Raise Diverged, telling how many samples it is, where an answer holds NaN or an infinite value."""
    is_finite = torch.isfinite(values) if isinstance(values, Tensor) else np.isfinite(values)
    if not bool(is_finite.all()):
        broken = int((~is_finite).reshape(len(values), -1).any(1).sum())
        raise Diverged(f"{broken} of {len(values)} {what} are not finite")
