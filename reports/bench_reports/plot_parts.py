"""What the drawings of all figures share: how models look, what axes show, and legends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from bench.report.figures import Axis
from bench_reports import palette

__all__ = [
    "LONGEST_KEY", "LONGEST_NAME", "SMALL", "Looks", "clipped", "family_keys", "key", "legend", "prepare", "reach",
    "reaches", "short",
]  # fmt: skip

MARKERS = {"circle": "o", "square": "s", "diamond": "D"}
ARROWS = {"higher": " (higher is better)", "lower": " (lower is better)", "": ""}
INK = "#55585e"
# Of the span of the values, beside them on an axis.
PADDING = 0.05
LONGEST_NAME = 38
LONGEST_KEY = 26
# Letters beside an axis as high as a figure.
LONGEST_TITLE = 44
SMALL = 7.0


@dataclass(frozen=True)
class Looks:
    """How models are drawn."""

    colours: Mapping[str, str]
    shapes: Mapping[str, str]

    def colour(self, label: str) -> str:
        """Return a model's colour, grey for what is no model."""
        return self.colours.get(label, palette.GREY)

    def marker(self, label: str) -> str:
        """Return the mark of a model's family."""
        return MARKERS[self.shapes.get(label, "circle")]


def short(text: str, most: int = LONGEST_NAME) -> str:
    """Return a text on one line, cut where it is too long for a figure."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _number(value: float) -> str:
    return f"{value:,.6g}" if 1e-4 <= abs(value) < 1e7 or not value else f"{value:g}"


def prepare(axes: Axes, name: str, axis: Axis, values: Iterable[float]) -> None:
    """Set title, scale and ends of the x or y axis: all values with some room, but nothing that cannot be."""
    found = [value for value in values if math.isfinite(value)]
    heading, arrow = short(axis.heading, LONGEST_TITLE), ARROWS[axis.better]
    is_long = name == "y" and len(heading + arrow) > LONGEST_TITLE
    getattr(axes, f"set_{name}label")(f"{heading}\n{arrow.strip()}" if is_long else heading + arrow)
    side = axes.xaxis if name == "x" else axes.yaxis
    # A value of nothing has no place on a logarithmic axis, and must not vanish from the figure.
    is_log = axis.is_log and bool(found) and min(found) > 0
    if is_log:
        getattr(axes, f"set_{name}scale")("log")
        side.set_minor_formatter(NullFormatter())
    elif all(value.is_integer() for value in map(float, found)):
        side.set_major_locator(MaxNLocator("auto", integer=True))
    side.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %" if axis.is_share else _number(value)))
    low, high = _ends(found, axis, is_log=is_log)
    getattr(axes, f"set_{name}lim")(low, high)


def _ends(found: Sequence[float], axis: Axis, *, is_log: bool) -> tuple[float, float]:
    if not found:
        found = [max(axis.low, 0.0)]
    places = [math.log10(value) for value in found] if is_log else list(found)
    span = max(places) - min(places) or abs(max(places)) or 1.0
    low, high = min(places) - PADDING * span, max(places) + PADDING * span
    if is_log:
        low, high = 10**low, 10**high
    low, high = (low if is_log and axis.low <= 0 else max(low, axis.low)), min(high, axis.high)
    return (low, high) if low < high else (low, low + 1.0)


def clipped(value: float, axis: Axis) -> float:
    """Return a value, or the end of what is possible where it lies beyond."""
    return min(max(value, axis.low), axis.high)


def legend(canvas: Canvas, entries: Sequence[Any], *, is_below: bool = False) -> None:
    """Draw a legend at the right, or on one line below."""
    if entries:
        where: Any = "outside lower left" if is_below else "outside right upper"
        canvas.legend(handles=list(entries), loc=where, ncols=len(entries) if is_below else 1, fontsize=SMALL)


def key(name: str, marker: str, *, is_hollow: bool = False) -> Line2D:
    """Return a legend's entry for a mark."""
    face = "none" if is_hollow else INK
    return Line2D([], [], color=INK, marker=marker, linestyle="", markerfacecolor=face, label=short(name, LONGEST_KEY))


def family_keys(labels: Iterable[str], looks: Looks) -> list[Line2D]:
    """Return what the shapes mean, where there are several."""
    found = {looks.shapes[label] for label in labels if label in looks.shapes}
    named = [(family, shape) for family, shape in palette.SHAPES.items() if shape in found]
    return [key(family, MARKERS[shape]) for family, shape in named] if len(named) > 1 else []


def reach(axis: Axis, found: Iterable[tuple[float, tuple[float, float] | None]]) -> Iterator[float]:
    """Yield values with the ends of their intervals, within what is possible."""
    for value, ends in found:
        yield from (value, *(clipped(end, axis) for end in ends or ()))


def reaches(value: float, ends: tuple[float, float] | None, axis: Axis) -> list[list[float]] | None:
    """Return how far an interval reaches to both sides, within what is possible."""
    if ends is None:
        return None
    low, high = (clipped(end, axis) for end in ends)
    return [[max(value - low, 0.0)], [max(high - value, 0.0)]]
