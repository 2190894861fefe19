"""Named arrays as bytes and back: how answers and truths are kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bench.errors import ContractError, DataError

__all__ = ["pack", "unpack"]

# What safetensors calls the text beside its arrays; an array of that name could not be read back.
RESERVED = "__metadata__"


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays as safetensors; equal names, types, shapes and values give equal bytes, whatever their order.

    Booleans, integers, and floating-point numbers of 2, 4 or 8 bytes, of any shape. A safetensors file can be read
    by any version of depthbench, numpy or torch, and runs no code when it is read, as a pickle would.
    Raises ContractError for anything else.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    plain = {name: _plain(name, arrays[name]) for name in sorted(arrays)}
    try:
        return bytes(save(plain))
    except SafetensorError as error:
        raise ContractError(f"the arrays {', '.join(plain) or '(none)'} cannot be kept: {error}") from error


def unpack(content: bytes) -> dict[str, np.ndarray]:
    """Return the arrays that `pack` was given, by name, in the order of their names; no bit of them has changed."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except SafetensorError as error:
        raise DataError(f"{len(content)} bytes that should hold arrays are no safetensors: {error}") from error
    return {name: arrays[name] for name in sorted(arrays)}


def _plain(name: str, array: np.ndarray) -> np.ndarray:
    """Return an array as safetensors lays it out: whole, in C order, little-endian."""
    if name == RESERVED:
        raise ContractError(f"an array cannot be called {RESERVED!r}: safetensors keeps its own text there. Rename it")
    found = np.asarray(array)
    if not (found.dtype.kind in "biu" or (found.dtype.kind == "f" and found.dtype.itemsize <= np.dtype("f8").itemsize)):
        raise ContractError(
            f"array {name!r} of shape {found.shape} has type {found.dtype}, which cannot be kept. "
            "Give booleans, integers or floating-point numbers of at most 8 bytes"
        )
    # Not with ascontiguousarray: it gives a single number an axis.
    return np.asarray(found, dtype=found.dtype.newbyteorder("<"), order="C")
