"""Turn the figures of a report into plain chart descriptions for plotly.js."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import chain
from typing import Any

from bench.report import Cell, Figure, Line, LineFigure, Measure, Point, ScatterFigure
from bench_reports.words import ARROWS, significant

__all__ = ["chart"]

# Ten hues that stay apart on white and on near-black, and for people who see no red and green.
PALETTE = ("#3b82c4", "#e07b39", "#3a9d7a", "#c2528b", "#8a6fc9", "#b8962e", "#4aa3b8", "#d2565a", "#7a8b3c", "#8c7a6b")
SYMBOLS = {"shallow": "circle", "deep": "square", "generative": "diamond"}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
LOG_RATIO = 20.0
TICK_LIMIT = 8
Trace = dict[str, Any]


def chart(figure: Figure, labels: Sequence[str]) -> dict[str, Any]:
    """Return traces and axes; labels: every model of the section in order, so that it has one colour in all figures."""
    colors = {label: PALETTE[number % len(PALETTE)] for number, label in enumerate(dict.fromkeys(labels))}
    if isinstance(figure, ScatterFigure):
        return _scatter(figure, colors)
    return _lines(figure, colors)


def _text(words: str) -> str:
    # plotly reads a little HTML in every text it draws.
    return escape(words, quote=False)


def _short(values: Sequence[float]) -> list[float]:
    """Return values with the digits a screen can show; the whole ones would double the page."""
    return [float(f"{value:.5g}") for value in values]


def _axis(title: str, *, log: bool = False) -> dict[str, Any]:
    return {"title": {"text": _text(title)}, "type": "log" if log else "linear"}


def _ticks(values: Sequence[float]) -> dict[str, Any]:
    """Return the ticks of a logarithmic axis: whole decades, finer ones where there would be fewer than three."""
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    steps = (1, 2, 5) if last - first <= 2 else (1,)
    places = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    return {"tickvals": places, "ticktext": [f"{place:,g}" for place in places]}


def _own_ticks(figure: LineFigure) -> dict[str, Any]:
    """Return a tick at every measured place of a logarithmic axis, where they are few."""
    places = sorted({value for line in figure.lines for value in line.x})
    if not figure.is_log_x:
        return {}
    if len(places) > TICK_LIMIT:
        return _ticks(places)
    return {"tickvals": places, "ticktext": [f"{place:,g}" for place in places]}


def _range(values: Sequence[float], *, log: bool) -> list[float]:
    """Return an axis range with room for a label left of the leftmost point."""
    places = [math.log10(value) for value in values] if log else list(values)
    span = max(places) - min(places) or abs(places[0]) or 1.0
    return [min(places) - 0.22 * span, max(places) + 0.08 * span]


def _titled(measure: Measure) -> str:
    return f"{measure.title}{f' ({measure.unit})' if measure.unit else ''}"


def _scatter(figure: ScatterFigure, colors: dict[str, str]) -> dict[str, Any]:
    x = [point.x.mean for point in figure.points]
    is_log = min(x) > 0 and max(x) / min(x) >= LOG_RATIO
    conditions = list(dict.fromkeys(point.condition for point in figure.points))
    fronts = [_front([point for point in figure.points if point.condition == condition]) for condition in conditions]
    points = [_point(point, figure, colors[point.label], conditions.index(point.condition)) for point in figure.points]
    return {
        "traces": [*fronts, *points],
        "x": _axis(f"Training time ({figure.x.unit})", log=is_log)
        | {"range": _range(x, log=is_log)}
        | (_ticks(x) if is_log else {}),
        "y": _axis(f"{_titled(figure.y)} {ARROWS[figure.y.better]}"),
        "hover": "closest",
    }


def _front(points: Sequence[Point]) -> Trace:
    best = sorted((point.x.mean, point.y.mean) for point in points if point.is_on_front)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Pareto front",
        "x": [x for x, _ in best],
        "y": [y for _, y in best],
        "line": {"shape": "hv", "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
        "role": "front",
    }


def _point(point: Point, figure: ScatterFigure, color: str, condition: int) -> Trace:
    name = ", ".join(word for word in (point.label, point.condition) if word)
    shape = SYMBOLS.get(point.family, "circle") + ("-open" if condition % 2 else "")
    return {
        "type": "scatter",
        "mode": "markers+text" if point.is_on_front and not point.condition else "markers",
        "name": _text(name),
        "text": [_text(point.label)],
        # The front comes from below (or above) and leaves to the right: this corner stays free.
        "textposition": "top left" if figure.y.better == "higher" else "bottom left",
        "cliponaxis": False,
        "x": [point.x.mean],
        "y": [point.y.mean],
        "error_x": _error(point.x, color) | {"width": 0},
        "error_y": _error(point.y, color),
        "marker": {"size": 11, "symbol": shape, "color": color},
        "customdata": [[_text(name), point.family, _interval(point.x), _interval(point.y), point.y.count]],
        "hovertemplate": (
            "<b>%{customdata[0]}</b> (%{customdata[1]})<br>"
            f"{_text(figure.y.title)} %{{customdata[3]}}<br>training %{{customdata[2]}} {_text(figure.x.unit)}"
            f"<br>%{{customdata[4]}} seed{'s' if point.y.count != 1 else ''}<extra></extra>"
        ),
    }


def _error(cell: Cell, color: str) -> dict[str, Any]:
    if cell.low is None or cell.high is None:
        return {"visible": False}
    size = (cell.high - cell.low) / 2
    return {"type": "data", "array": [size], "color": color, "thickness": 1.2, "width": 3}


def _interval(cell: Cell) -> str:
    half = "" if cell.low is None or cell.high is None else f" ± {significant((cell.high - cell.low) / 2, 2)}"
    return f"{significant(cell.mean, 4)}{half}"


def _lines(figure: LineFigure, colors: dict[str, str]) -> dict[str, Any]:
    conditions = list(dict.fromkeys(line.condition for line in figure.lines))
    traces = [_line(line, figure, colors[line.label], conditions.index(line.condition)) for line in figure.lines]
    return {
        "traces": list(chain.from_iterable(traces)),
        "x": _axis(figure.x_title, log=figure.is_log_x) | _own_ticks(figure),
        "y": _axis(figure.y_title),
        "hover": "closest",
    }


def _line(line: Line, figure: LineFigure, color: str, condition: int) -> tuple[Trace, ...]:
    name = ", ".join(word for word in (line.label, line.condition) if word)
    group = f"{line.label}\n{line.condition}"
    middle: Trace = {
        "type": "scatter",
        "mode": "lines+markers" if len(line.x) <= 12 else "lines",
        "name": _text(name),
        "legendgroup": group,
        "x": _short(line.x),
        "y": _short(line.mean),
        "line": {"color": color, "width": 2, "dash": DASHES[condition % len(DASHES)]},
        "marker": {"size": 6, "symbol": SYMBOLS.get(line.family, "circle"), "color": color},
        "hovertemplate": (
            f"<b>{_text(name).replace('%', '&#37;')}</b><br>%{{y:.4g}} at %{{x:.4g}}"
            f"<br>{line.seed_count} seed{'s' if line.seed_count != 1 else ''}<extra></extra>"
        ),
    }
    return (_band(line, group, color), middle) if line.low != line.high else (middle,)


def _band(line: Line, group: str, color: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "legendgroup": group,
        "x": _short([*line.x, *reversed(line.x)]),
        "y": _short([*line.low, *reversed(line.high)]),
        "fill": "toself",
        "fillcolor": f"{color}22",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
