"""Turn whatever a plugin hands over into what JSON can hold; what has no such form becomes text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

__all__ = ["plain"]

# Larger arrays belong into an artifact; here they would make every reading of the record slow.
MOST_ELEMENTS = 10_000
MOST_CHARACTERS = 1_000
MOST_LEVELS = 20


def plain(value: object, levels: int = MOST_LEVELS) -> Any:
    """Return the value as text, number, list or dict of those: sets sorted, arrays and tensors as lists.

    A large array and any other object become a short text. Never raises, whatever an object's own methods do.
    """
    try:
        return _plain(value, levels)
    except Exception as error:  # noqa: BLE001 - an object of a stranger's; what it raises is worth no run
        return f"{type(value).__name__}, which cannot be shown: {type(error).__name__}"


def _plain(value: object, levels: int) -> Any:
    # Subclasses, NumPy's float64 and an enum of strings among them, are made what they stand for.
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        # The halves of a character beyond 16 bits (as in odd file names) are no text that can be written.
        return str.__str__(value).encode("utf-8", "backslashreplace").decode()
    if levels == 0:
        return _short(value)
    if isinstance(value, Mapping):
        return {str(plain(key, 0)): plain(each, levels - 1) for key, each in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(_each(value, levels), key=repr)
    if isinstance(value, list | tuple):
        return _each(value, levels)
    # NumPy's arrays and scalars, torch's tensors; named by what they can do, since neither is imported for this.
    if callable(listed := getattr(value, "tolist", None)):
        shape = tuple(getattr(value, "shape", ()))
        count = 1
        for length in shape:
            count *= int(length)
        if count > MOST_ELEMENTS:
            return f"{type(value).__name__} of shape {shape}, {getattr(value, 'dtype', '')}".rstrip(", ")
        return plain(listed(), levels - 1)
    return _short(value)


def _each(values: Iterable[object], levels: int) -> list[Any]:
    return [plain(each, levels - 1) for each in values]


def _short(value: object) -> str:
    said: str = _plain(repr(value), 0)
    return said if len(said) <= MOST_CHARACTERS else said[: MOST_CHARACTERS - 1] + "…"
