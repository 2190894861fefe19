"""Does an array hold what its space declares?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.spaces import Space

__all__ = ["complaint"]

Array = npt.NDArray[Any]


def complaint(space: Space | None, array: Array | None) -> str:
    """Return how an array of samples, (n, *shape), differs from its space; empty where it does not."""
    if space is None or array is None:
        held = "nothing" if array is None else f"an array of {array.dtype} {array.shape}"
        return "" if space is None and array is None else f"declared as {space or 'nothing'}, and there is {held}"
    if space.kind == "text":
        return "" if array.dtype.kind in "UO" else f"declared as text, and the values are {array.dtype}"
    if array.dtype.kind not in ("iu" if space.kind == "index" else "iuf"):
        whole = "whole numbers" if space.kind == "index" else "numbers"
        return f"declared as {space}, which needs {whole}; the values are {array.dtype}"
    # What is not numbers of the right shape has no range worth telling.
    return _shape(space, array) or _gaps(space, array) or _range(space, array) or _categories(space, array)


def _shape(space: Space, array: Array) -> str:
    found = array.shape[1:]
    fits = len(found) == len(space.shape) and all(
        wanted in (None, size) for wanted, size in zip(space.shape, found, strict=True)
    )
    return "" if fits else f"declared as {space}, shape {space.shape}; one sample has shape {found}"


def _gaps(space: Space, array: Array) -> str:
    if array.dtype.kind != "f":
        return ""
    if bool(np.isinf(array).any()):
        return f"it holds {int(np.isinf(array).sum())} infinite value(s)"
    gaps = int(np.isnan(array).sum())
    if space.missing or not gaps:
        return ""
    return f"it holds {gaps} missing value(s) (NaN), and its space does not say missing=True"


def _range(space: Space, array: Array) -> str:
    known = array[~np.isnan(array)] if array.dtype.kind == "f" else array
    if not known.size:
        return ""
    low, high = float(known.min()), float(known.max())
    if space.kind == "index":
        least, most = -1 if space.missing else 0, None if space.size is None else space.size - 1
        if low < least or (most is not None and high > most):
            return f"its values go from {low:g} to {high:g}, and {space} is numbered from {least} to {most}"
    # Levels of uint8 stand for what lies between the bounds.
    elif space.bounds is not None and array.dtype != np.uint8 and not space.bounds[0] <= low <= high <= space.bounds[1]:
        return f"its values go from {low:g} to {high:g}, beyond the declared bounds {space.bounds}"
    return ""


def _categories(space: Space, array: Array) -> str:
    for column, level in enumerate(space.levels):
        if not level:
            continue
        codes = array[:, column].astype(np.float64)
        codes = codes[~np.isnan(codes)]
        if len(codes) and not (codes.min() >= 0 and codes.max() < level and bool((codes % 1 == 0).all())):
            name = space.names[column] if space.names else f"number {column}"
            told = f"it holds {codes.min():g} to {codes.max():g}"
            return f"column {name} has {level} categories, coded 0 to {level - 1}, and {told}"
    return ""
