"""Other values in place of some parts of a data set, and a comparison that tells where two things differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from bench.data import Array, Dataset, Split
from bench.spaces import Space

__all__ = ["differences", "poisoned"]

FAR = 1000.0


def poisoned(dataset: Dataset, parts: Iterable[str]) -> Dataset:
    """Return the data set with other values in those parts, inputs and targets: far off, but as declared."""
    chosen = set(parts)
    train, validation, test = (
        _poisoned(dataset, part) if name in chosen else part for name, part in dataset.parts().items()
    )
    return Dataset(dataset.spec, train, validation, test)


def _poisoned(dataset: Dataset, split: Split) -> Split:
    spec = dataset.spec
    y = None if split.y is None or spec.targets is None else _other(spec.targets, split.y)
    return replace(split, x=_other(spec.inputs, split.x), y=y)


def _other(space: Space, values: Array) -> Array:
    """Return other values of the same type, shape and space."""
    if space.kind == "text":
        return np.array([f"poison {text} poison" for text in values.tolist()])
    if space.kind == "index":
        return np.where(values < 0, values, (values + 1) % (space.size or int(values.max()) + 1)).astype(values.dtype)
    if space.bounds is not None:
        low, high = (0, 255) if values.dtype == np.uint8 else space.bounds
        # Most at one end, mirrored: mean and deviation are others.
        mirrored: Array = high - (values.astype(np.float64) - low) ** 2 / (high - low)
        return mirrored.astype(values.dtype)
    if values.dtype.kind != "f":
        turned: Array = values.max() - values
        return turned.astype(values.dtype)
    far: Array = (FAR - 3 * values.astype(np.float64)).astype(values.dtype)
    for column, level in enumerate(space.levels):
        if level:
            far[:, column] = (values[:, column] + 1) % level
    return far


def differences(one: Any, other: Any, place: str = "") -> str:
    """Return the first place where two values differ in a single bit, such as `input.mean`; empty where none does."""
    if type(one) is not type(other):
        return place or type(one).__name__
    if hasattr(one, "detach"):
        one, other = one.detach().cpu().numpy(), other.detach().cpu().numpy()
    if isinstance(one, np.ndarray):
        is_same = one.dtype == other.dtype and one.shape == other.shape and _content(one) == _content(other)
        return "" if is_same else place or "array"
    inside: dict[str, tuple[Any, Any]]
    if is_dataclass(one):
        inside = {field.name: (getattr(one, field.name), getattr(other, field.name)) for field in fields(one)}
    elif isinstance(one, Mapping):
        if one.keys() != other.keys():
            return place or "names"
        inside = {str(key): (one[key], other[key]) for key in one}
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            return place or "length"
        inside = {str(number): pair for number, pair in enumerate(zip(one, other, strict=True))}
    elif hasattr(one, "__dict__") and not any("__eq__" in vars(kind) for kind in type(one).__mro__[:-1]):
        inside = {name: (value, vars(other).get(name)) for name, value in vars(one).items()}
    else:
        return "" if one == other else place or type(one).__name__
    found = (differences(*pair, f"{place}.{name}".lstrip(".")) for name, pair in inside.items())
    return next(filter(None, found), "")


def _content(array: Array) -> bytes:
    return repr(array.tolist()).encode() if array.dtype.kind == "O" else array.tobytes()
