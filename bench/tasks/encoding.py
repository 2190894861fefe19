"""Turn raw values into the numbers models meet, and back; fitted on the training part alone."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bench.errors import DataError
from bench.spaces import UNKNOWN, Space

__all__ = [
    "Encoder",
    "Encoding",
    "Scale",
    "Scaled",
    "Vocabulary",
    "encoded_space",
    "fit_encoder",
    "from_levels",
    "values_of",
    "without_padding",
]

Array = npt.NDArray[Any]
Scale = Literal["standard", "bounds", "none"]
Unit = Literal["word", "character"]
LEVELS = 255
# Of a column's categories models meet so many: the rare ones, of which a few samples tell nothing, count as one.
MOST_LEVELS = 50
WORDS = re.compile(r"\w+|[^\w\s]")


class Encoder(ABC):
    """Encodes one side of a problem; `space` says what comes out."""

    space: Space

    @abstractmethod
    def encode(self, raw: Array, lengths: Array | None = None) -> tuple[Array, Array | None]:
        """Return what models meet, float32 or int64, and the lengths where samples differ in length."""

    def decode(self, values: Array) -> Array:
        """Return values in the units of the data, float32; the input's own where there is nothing to undo."""
        return values


@dataclass(frozen=True)
class Encoding:
    """How a task encodes input and target; either is None where there is none."""

    input: Encoder | None
    target: Encoder | None


@dataclass(frozen=True)
class Indices(Encoder):
    """Classes and tokens that are whole numbers already."""

    space: Space

    def encode(self, raw: Array, lengths: Array | None = None) -> tuple[Array, Array | None]:
        """Return int64."""
        return raw.astype(np.int64), lengths


@dataclass(frozen=True)
class Scaled(Encoder):
    """(value - mean) / deviation, per column or channel; both broadcast against (n, *shape)."""

    space: Space
    raw: Space
    mean: Array
    deviation: Array

    def encode(self, raw: Array, lengths: Array | None = None) -> tuple[Array, Array | None]:
        """Return float32."""
        values = (values_of(self.raw, raw) - self.mean) / self.deviation
        return np.ascontiguousarray(values, np.float32), lengths

    def decode(self, values: Array) -> Array:
        """Return value · deviation + mean, float32."""
        return (values.astype(np.float64) * self.deviation + self.mean).astype(np.float32)


@dataclass(frozen=True)
class Bounded(Encoder):
    """Values between the bounds of their space, brought to [-1, 1]."""

    space: Space
    raw: Space

    def encode(self, raw: Array, lengths: Array | None = None) -> tuple[Array, Array | None]:
        """Return float32 in [-1, 1]."""
        if raw.dtype == np.uint8:
            return raw.astype(np.float32) / np.float32(LEVELS / 2) - 1, lengths
        low, high = self.raw.bounds or (0.0, 1.0)
        scale = np.float32(2 / (high - low))
        return scale * (raw.astype(np.float32) - np.float32(low)) - 1, lengths

    def decode(self, values: Array) -> Array:
        """Return values between the bounds, clipped, float32."""
        low, high = self.raw.bounds or (0.0, 1.0)
        return (low + (high - low) * (np.clip(values.astype(np.float64), -1, 1) + 1) / 2).astype(np.float32)


@dataclass(frozen=True)
class Columns(Encoder):
    """A table with categories: numeric columns scaled, categories as whole numbers, gaps as NaN.

    seen: for each categorical column, which categories the training part holds. The others become gaps: an embedding
    that nothing trained would be noise.
    grouped: for columns of many categories, (levels,) float32: the new code of each, the last for all those that are
    rare in the training part.
    """

    space: Space
    mean: Array
    deviation: Array
    seen: dict[int, Array]
    grouped: dict[int, Array] = field(default_factory=dict)

    def encode(self, raw: Array, lengths: Array | None = None) -> tuple[Array, Array | None]:
        """Return (n, columns) float32."""
        values = ((raw.astype(np.float32) - self.mean) / self.deviation).astype(np.float32)
        for column, codes in self.grouped.items():
            known = ~np.isnan(values[:, column])
            values[known, column] = codes[raw[known, column].astype(np.int64)]
        for column, categories in self.seen.items():
            if column in self.grouped:
                continue
            codes = raw[:, column].astype(np.float32)
            values[:, column] = np.where(np.isin(codes, categories), codes, np.float32("nan"))
        return values, lengths

    def decode(self, values: Array) -> Array:
        """Return values in the units of the data; categories are whole numbers as they are."""
        return (values.astype(np.float64) * self.deviation + self.mean).astype(np.float32)


@dataclass(frozen=True)
class Vocabulary(Encoder):
    """Text as the numbers of its words or characters; number 0 stands for what training never saw."""

    space: Space
    unit: Unit = "word"

    @classmethod
    def fit(cls, raw: Array, *, unit: Unit = "word", most: int = 20_000) -> Vocabulary:
        """Take the tokens of some texts, the frequent ones first, at most `most`."""
        counts = Counter(token for text in raw for token in tokens_of(str(text), unit))
        kept = sorted(counts, key=lambda token: (-counts[token], token))[:most]
        names = (UNKNOWN, *kept)
        return cls(Space("t", (None,), "index", len(names), names, ragged=True), unit)

    def encode(self, raw: Array, lengths: Array | None = None) -> tuple[Array, Array | None]:
        """Return (n, longest) int64, padded with 0, and (n,) int64 lengths; an empty text is one unknown token."""
        number = {token: index for index, token in enumerate(self.space.names)}
        rows = [[number.get(token, 0) for token in tokens_of(str(text), self.unit)] or [0] for text in raw]
        found = np.array([len(row) for row in rows], np.int64)
        padded = np.zeros((len(rows), int(found.max())), np.int64)
        for line, row in zip(padded, rows, strict=True):
            line[: len(row)] = row
        return padded, found


def tokens_of(text: str, unit: Unit) -> list[str]:
    """Return the lower-case words and marks of a text, or its characters as they stand."""
    return list(text) if unit == "character" else WORDS.findall(text.lower())


def encoded_space(space: Space, scale: Scale, *, is_grouped: bool = False) -> Space:
    """Return what a space looks like once it is encoded; the size of a vocabulary is not known before it is fitted.

    is_grouped: do the rare categories of a column that has many count as one? Nothing can be decoded then.
    """
    if space.kind == "text":
        return Space("t", (None,), "index", None, ragged=True)
    if space.kind == "index" or scale == "none":
        return space
    # A category that training never saw becomes a gap.
    missing = space.missing or any(space.levels)
    levels = tuple(min(level, MOST_LEVELS) for level in space.levels) if is_grouped else space.levels
    return replace(space, missing=missing, levels=levels, bounds=(-1.0, 1.0) if scale == "bounds" else None)


def fit_encoder(
    space: Space,
    raw: Array,
    scale: Scale,
    lengths: Array | None = None,
    *,
    unit: Unit = "word",
    is_grouped: bool = False,
) -> Encoder:
    """Fit an encoder on raw training values; raises DataError where a scale needs bounds that are not known."""
    if space.kind == "text":
        return Vocabulary.fit(raw, unit=unit)
    after = encoded_space(space, scale, is_grouped=is_grouped)
    if space.kind == "index":
        return Indices(after)
    if scale == "bounds":
        if space.bounds is None:
            raise DataError(f"values are to be brought to [-1, 1], which needs known bounds; got {space}")
        return Bounded(after, space)
    # Beside categories, uint8 stands for the numbers themselves: the encoder reads it so.
    values = raw.astype(np.float32) if any(space.levels) else values_of(space, raw)
    mean, deviation = _statistics(space, values, lengths) if scale == "standard" else (0.0, 1.0)
    if not any(space.levels):
        return Scaled(after, space, np.asarray(mean, np.float32), np.asarray(deviation, np.float32))
    is_category = np.array([level > 0 for level in space.levels])
    seen = {
        int(column): np.unique(raw[~np.isnan(raw[:, column].astype(np.float64)), column]).astype(np.float32)
        for column in np.flatnonzero(is_category)
    }
    return Columns(
        after,
        np.where(is_category, 0, mean).astype(np.float32),
        np.where(is_category, 1, deviation).astype(np.float32),
        seen,
        _groups(space, raw) if is_grouped and scale != "none" else {},
    )


def _groups(space: Space, raw: Array) -> dict[int, Array]:
    """Return, for columns of many categories, the code that each one gets: the frequent ones of training their own."""
    found = {}
    for column, level in enumerate(space.levels):
        if level <= MOST_LEVELS:
            continue
        known = raw[~np.isnan(raw[:, column].astype(np.float64)), column].astype(np.int64)
        counts = np.bincount(known, minlength=level)
        # Stable, so that equally frequent ones keep their order.
        seen = np.argsort(-counts, kind="stable")[: (counts > 0).sum()]
        frequent = np.sort(seen[: MOST_LEVELS - 1])
        # What training never saw is as rare as the rare ones, or a gap where there are none.
        codes = np.full(level, MOST_LEVELS - 1 if len(seen) >= MOST_LEVELS else np.nan, np.float32)
        codes[frequent] = np.arange(len(frequent), dtype=np.float32)
        found[column] = codes
    return found


def without_padding(space: Space, raw: Array, lengths: Array) -> Array:
    """Return a raw target, (n, longest, …), in which what lies beyond each sample's length is not asked: -1 or NaN."""
    steps = np.arange(raw.shape[1]) < lengths[:, None]
    within = steps.reshape(*steps.shape, *[1] * (raw.ndim - 2))
    return (
        np.where(within, raw.astype(np.int64), -1)
        if space.kind == "index"
        else np.where(within, values_of(space, raw), np.float32("nan"))
    )


def values_of(space: Space, raw: Array) -> Array:
    """Return raw numbers as float32 values; the 256 levels of uint8 lie between the bounds."""
    if raw.dtype != np.uint8 or space.bounds is None:
        return raw.astype(np.float32)
    return from_levels(raw, space.bounds)


def from_levels(raw: Array, bounds: tuple[float, float]) -> Array:
    """Return the values float32 that uint8 stands for: 256 levels between two bounds."""
    low, high = bounds
    values: Array = raw.astype(np.float32) / np.float32(LEVELS)
    return values if (low, high) == (0, 1) else np.float32(low) + np.float32(high - low) * values


def _statistics(space: Space, values: Array, lengths: Array | None) -> tuple[Any, Any]:
    """Mean and deviation per column or channel, over samples and every other axis; padding and gaps left out."""
    axes = (0, *(place + 1 for place, axis in enumerate(space.axes) if axis != "c"))
    if lengths is not None and "t" in space.axes:
        time = space.axes.index("t") + 1
        steps = np.arange(values.shape[time]).reshape([-1 if axis == time else 1 for axis in range(values.ndim)])
        within = steps < lengths.reshape([-1, *[1] * (values.ndim - 1)])
        values = np.where(within, values, np.float32("nan"))
    if bool(np.isnan(values).any()):
        known = ~np.isnan(values)
        count = np.maximum(known.sum(axis=axes, keepdims=True), 1)
        mean = (np.where(known, values, 0).sum(axis=axes, keepdims=True, dtype=np.float64) / count).astype(np.float32)
        squares = np.where(known, (values - mean) ** 2, 0).sum(axis=axes, keepdims=True, dtype=np.float64)
        deviation = np.sqrt(squares / count).astype(np.float32)
    else:
        mean = values.mean(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
        deviation = values.std(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
    # A constant column carries nothing; dividing by one leaves it at zero.
    return mean, np.where(deviation > 0, deviation, np.float32(1))
