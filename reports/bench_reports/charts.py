"""Describe figures by what they show, for the page's script to draw: models by their number, no colour, no pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bench.report.blocks import Model
from bench.report.figures import Axis, Dot, DotFigure, Line, LineFigure, Point, ScatterFigure
from bench_reports.palette import COLOURS, SHAPES

__all__ = ["chart"]

Numbers = list[float | None]


def chart(figure: LineFigure | ScatterFigure | DotFigure, models: Sequence[Model]) -> dict[str, Any]:
    """Return a figure as JSON values. models: of the report, by whose order colours are given out."""
    known = {model.label: (place, model.family) for place, model in enumerate(models)}
    if isinstance(figure, ScatterFigure):
        return {
            "kind": "scatter",
            "x": _axis(figure.x),
            "y": _axis(figure.y),
            "items": [_model(each.label, known) | _point(each) for each in figure.points],
        }
    if isinstance(figure, DotFigure):
        return {
            "kind": "dots",
            "x": _axis(figure.x),
            "isJoined": figure.is_joined,
            "items": [_model(each.label, known) | _dot(each) for each in figure.dots],
        }
    return {
        "kind": "lines",
        "x": _axis(figure.x),
        "y": _axis(figure.y),
        "isStep": figure.is_step,
        "items": [_model(each.label, known) | _line(each) for each in figure.lines],
    }


def _model(label: str, known: dict[str, tuple[int, Any]]) -> dict[str, Any]:
    place, family = known.get(label, (-1, ""))
    colour = place % len(COLOURS) if place >= 0 else None
    return {"m": place, "colour": colour, "family": family, "shape": SHAPES.get(family, "circle")}


def _axis(axis: Axis) -> dict[str, Any]:
    """Return an axis; its ends are null where there are none."""
    return {
        "title": axis.heading,
        "isLog": axis.is_log,
        "isShare": axis.is_share,
        "better": axis.better,
        "low": _finite(axis.low),
        "high": _finite(axis.high),
    }


def _finite(value: float) -> float | None:
    """Return a value with the digits a screen can show, since the whole ones would double the page."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _numbers(values: Sequence[float]) -> Numbers:
    return [_finite(value) for value in values]


def _point(point: Point) -> dict[str, Any]:
    return {
        "name": point.label,
        "condition": point.condition,
        "note": point.note,
        "isOnFront": point.is_on_front,
        "x": _finite(point.x),
        "y": _finite(point.y),
        "xEnds": _numbers(point.x_ends or ()),
        "yEnds": _numbers(point.y_ends or ()),
    }


def _dot(dot: Dot) -> dict[str, Any]:
    return {
        "name": dot.label,
        "series": dot.series,
        "note": dot.note,
        "value": _finite(dot.value),
        "ends": _numbers(dot.ends or ()),
    }


def _line(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": line.name or line.label,
        "condition": line.condition,
        "note": line.note,
        "isReference": line.is_reference,
        "x": _numbers(line.x),
        "y": _numbers(line.y),
    }
    if line.low and line.low != line.high:
        found |= {"low": _numbers(line.low), "high": _numbers(line.high)}
    if any(line.partial):
        found |= {"counts": list(line.counts), "tried": list(line.tried)}
    return found | ({"misses": _numbers(line.misses)} if line.misses else {})
