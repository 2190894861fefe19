"""Figures as plain, frozen values: what is drawn where, without any word on how."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Axis",
    "Dot",
    "DotFigure",
    "Figure",
    "Line",
    "LineFigure",
    "MatrixFigure",
    "Point",
    "ScatterFigure",
]


@dataclass(frozen=True)
class Axis:
    """What an axis shows. low, high: the ends of what is possible, beyond which nothing is drawn.

    better: which way is better, "" where neither is. is_share: are its values between 0 and 1, written in per cent?
    """

    title: str
    unit: str = ""
    is_log: bool = False
    low: float = -math.inf
    high: float = math.inf
    better: Literal["higher", "lower", ""] = ""
    is_share: bool = False

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True)
class Point:
    """A model in a scatter plot, with the ends of its 95 % intervals (None where there are none).

    label: the model's. note: what a reader learns by pointing at it. is_on_front: does no other beat it in both?
    """

    label: str
    x: float
    y: float
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None
    condition: str = ""
    note: str = ""
    is_on_front: bool = False


@dataclass(frozen=True)
class ScatterFigure:
    """Quality (y) against cost (x); the stepped line joins the points that nothing beats in both."""

    key: str
    title: str
    x: Axis
    y: Axis
    points: tuple[Point, ...]
    caption: str = ""


@dataclass(frozen=True)
class Line:
    """Values with their band; x, y, low and high have one length. label: the model's, "" for a line of another kind.

    name: what the legend says, by default the label. counts, tried: of each point, the seeds in its mean and those that
    should be; empty where they are one for the whole line. misses: where on the axis a run ended without what is
    counted. is_reference: is it drawn to compare with, in grey (chance, perfect calibration)?
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    name: str = ""
    condition: str = ""
    note: str = ""
    misses: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    tried: tuple[int, ...] = ()
    is_reference: bool = False

    @property
    def partial(self) -> tuple[bool, ...]:
        """Of each point: are there seeds that should be in its mean, but failed?"""
        if not self.counts:
            return (False,) * len(self.x)
        return tuple(count < tried for count, tried in zip(self.counts, self.tried, strict=True))


@dataclass(frozen=True)
class LineFigure:
    """Lines over one axis. is_step: are they steps, such as the share of runs that reached a target so far?"""

    key: str
    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    caption: str = ""
    is_step: bool = False


@dataclass(frozen=True)
class Dot:
    """A value with the ends of its interval; `series` tells the dots of one row apart, e.g. tuned and untuned."""

    label: str
    value: float
    ends: tuple[float, float] | None = None
    series: str = ""
    note: str = ""


@dataclass(frozen=True)
class DotFigure:
    """One row per model in the order given, one dot per series. is_joined: is a line drawn between a row's dots?"""

    key: str
    title: str
    x: Axis
    dots: tuple[Dot, ...]
    caption: str = ""
    is_joined: bool = False


@dataclass(frozen=True)
class MatrixFigure:
    """Numbers by row and column, drawn as a heat map with the numbers in it, such as a confusion matrix.

    values: as many rows as `rows`, NaN where there is none; texts: of the same shape. low, high: the ends of the
    colours. is_centred: does the middle of the colours mean "equal", as in a table of wins?
    """

    key: str
    title: str
    x_title: str
    y_title: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    low: float = 0.0
    high: float = 1.0
    caption: str = ""
    is_centred: bool = False


Figure = ScatterFigure | LineFigure | DotFigure | MatrixFigure
