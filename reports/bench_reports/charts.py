"""Describe figures by what they show, for the page's script to draw: models by their number, no colour, no pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bench.report.blocks import Model
from bench.report.figures import Axis, Dot, DotFigure, Line, LineFigure, Point, ScatterFigure

__all__ = ["chart"]

Numbers = list[float | None]
Places = dict[str, int]


def chart(figure: LineFigure | ScatterFigure | DotFigure, models: Sequence[Model]) -> dict[str, Any]:
    """Return a figure as JSON values. models: of the report, by whose order colours are given out."""
    places = {model.label: place for place, model in enumerate(models)}
    if isinstance(figure, ScatterFigure):
        return {
            "kind": "scatter",
            "x": _axis(figure.x),
            "y": _axis(figure.y),
            "items": [_named(each.label, "", places) | _point(each) for each in figure.points],
        }
    if isinstance(figure, DotFigure):
        return {
            "kind": "dots",
            "x": _axis(figure.x),
            "isJoined": figure.is_joined,
            "items": [_named(each.label, "", places) | _dot(each) for each in figure.dots],
        }
    return {
        "kind": "lines",
        "x": _axis(figure.x),
        "y": _axis(figure.y),
        "isStep": figure.is_step,
        "items": [_named(each.label, each.name, places) | _line(each) for each in figure.lines],
    }


def _named(label: str, name: str, places: Places) -> dict[str, Any]:
    """Return what an item is about: a model's number, by which its name and look are known, or a name of its own."""
    if label not in places:
        return {"name": name or label}
    return {"m": places[label]} | ({"name": name} if name not in ("", label) else {})


def _given(**values: Any) -> dict[str, Any]:
    """Return the values without those that say nothing: thousands of items are on large pages."""
    return {name: value for name, value in values.items() if value}


def _axis(axis: Axis) -> dict[str, Any]:
    """Return an axis; its ends are null where there are none."""
    ends = {"low": _finite(axis.low), "high": _finite(axis.high)}
    return ends | _given(title=axis.heading, isLog=axis.is_log, isShare=axis.is_share, better=axis.better)


def _finite(value: float) -> float | None:
    """Return a value with the digits a screen can show, since the whole ones would double the page."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _numbers(values: Sequence[float]) -> Numbers:
    return [_finite(value) for value in values]


def _point(point: Point) -> dict[str, Any]:
    return {"x": _finite(point.x), "y": _finite(point.y)} | _given(
        condition=point.condition,
        note=point.note,
        isOnFront=point.is_on_front,
        xEnds=_numbers(point.x_ends or ()),
        yEnds=_numbers(point.y_ends or ()),
    )


def _dot(dot: Dot) -> dict[str, Any]:
    return {"value": _finite(dot.value)} | _given(series=dot.series, note=dot.note, ends=_numbers(dot.ends or ()))


def _line(line: Line) -> dict[str, Any]:
    has_band = bool(line.low) and line.low != line.high
    is_partial = any(line.partial)
    return {"x": _numbers(line.x), "y": _numbers(line.y)} | _given(
        condition=line.condition,
        note=line.note,
        isReference=line.is_reference,
        low=_numbers(line.low) if has_band else (),
        high=_numbers(line.high) if has_band else (),
        counts=line.counts if is_partial else (),
        tried=line.tried if is_partial else (),
        misses=_numbers(line.misses),
    )
