"""Turn the figures of a report into plain chart descriptions for plotly.js."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import chain
from typing import Any

from bench.report import Cell, DotFigure, Figure, Line, LineFigure, Point, ScatterFigure
from bench.report.variants import titled
from bench_reports.words import ARROWS, plural, significant

__all__ = ["chart"]

# Ten hues that stay apart on white and on near-black, and for people who see no red and green.
PALETTE = ("#3b82c4", "#e07b39", "#3a9d7a", "#c2528b", "#8a6fc9", "#b8962e", "#4aa3b8", "#d2565a", "#7a8b3c", "#8c7a6b")
SYMBOLS = {"shallow": "circle", "deep": "square", "generative": "diamond"}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
# What a model is measured against stands back in grey.
SERIES = (("circle-open", "#868c96"), ("circle", PALETTE[0]), ("square", PALETTE[1]))
LOG_RATIO = 20.0
# Of the distance between the outermost points, for each letter of a label.
LABEL_SHARE = 0.018
TICK_LIMIT = 8
Trace = dict[str, Any]


def chart(figure: Figure, labels: Sequence[str]) -> dict[str, Any]:
    """Return traces and axes; labels: every model of the section in order, so that it has one colour in all figures."""
    colors = {label: PALETTE[number % len(PALETTE)] for number, label in enumerate(dict.fromkeys(labels))}
    if isinstance(figure, ScatterFigure):
        return _scatter(figure, colors)
    return _dots(figure) if isinstance(figure, DotFigure) else _lines(figure, colors)


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


def _range(values: Sequence[float], label: str, *, log: bool) -> list[float]:
    """Return an axis range with room for the label left of the leftmost point."""
    places = [math.log10(value) for value in values] if log else list(values)
    span = max(places) - min(places) or abs(places[0]) or 1.0
    room = (0.06 + LABEL_SHARE * len(label)) * span
    return [min(places) - room, max(places) + 0.08 * span]


def _scatter(figure: ScatterFigure, colors: dict[str, str]) -> dict[str, Any]:
    x = [point.x.mean for point in figure.points]
    is_log = min(x) > 0 and max(x) / min(x) >= LOG_RATIO
    first = min(figure.points, key=lambda point: point.x.mean)
    conditions = list(dict.fromkeys(point.condition for point in figure.points))
    fronts = [_front([point for point in figure.points if point.condition == condition]) for condition in conditions]
    points = [_point(point, figure, colors[point.label], conditions.index(point.condition)) for point in figure.points]
    return {
        "traces": [*fronts, *points],
        "x": _axis(titled(figure.x), log=is_log)
        | {"range": _range(x, first.label, log=is_log)}
        | (_ticks(x) if is_log else {}),
        "y": _axis(f"{titled(figure.y)} {ARROWS[figure.y.better]}"),
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
        "customdata": [
            [_text(name), point.family, _interval(point.x), _interval(point.y), _runs(point.y.count, point.y.tried)]
        ],
        "hovertemplate": (
            "<b>%{customdata[0]}</b> (%{customdata[1]})<br>"
            f"{_text(figure.y.title)} %{{customdata[3]}}"
            f"<br>{_text(figure.x.title.lower())} %{{customdata[2]}} {_text(figure.x.unit)}"
            "<br>%{customdata[4]}<extra></extra>"
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
        "y": _axis(figure.y_title, log=figure.is_log_y) | _y_range(figure),
        "hover": "closest",
    }


def _y_range(figure: LineFigure) -> dict[str, Any]:
    if figure.is_share:
        return {"range": [-0.04, 1.06], "tickformat": ".0%"}
    return _ticks([mean for line in figure.lines for mean in line.mean]) if figure.is_log_y else {}


def _line(line: Line, figure: LineFigure, color: str, condition: int) -> tuple[Trace, ...]:
    name = ", ".join(word for word in (line.label, line.condition, line.note) if word)
    group = f"{line.label}\n{line.condition}"
    middle: Trace = {
        "type": "scatter",
        "mode": "lines+markers" if any(line.partial) or (len(line.x) <= 12 and not figure.is_share) else "lines",
        "name": _text(name),
        "legendgroup": group,
        "x": _short(line.x),
        "y": _short(line.mean),
        "line": {"color": color, "width": 2, "dash": DASHES[condition % len(DASHES)]}
        | ({"shape": "hv"} if figure.is_share else {}),
        "marker": _markers(line, color),
        "hovertemplate": (
            f"<b>{_text(name).replace('%', '&#37;')}</b><br>%{{y:.4g}} at %{{x:.4g}}"
            f"<br>{'%{customdata}' if line.counts else plural(line.run_count, 'run')}<extra></extra>"
        ),
    }
    if line.counts:
        middle["customdata"] = [_runs(*each) for each in zip(line.counts, line.tried, strict=True)]
    band = (_band(line, figure, group, color),) if line.low != line.high else ()
    return (*band, middle, *((_misses(line, group, color),) if line.misses else ()))


def _markers(line: Line, color: str) -> dict[str, Any]:
    """Return the points' look: an open one, and larger, where runs failed."""
    symbol = SYMBOLS.get(line.family, "circle")
    if not any(line.partial):
        return {"size": 6, "symbol": symbol, "color": color}
    symbols = [f"{symbol}-open" if is_partial else symbol for is_partial in line.partial]
    return {"size": [10 if each else 6 for each in line.partial], "symbol": symbols, "color": color}


def _runs(count: int, tried: int) -> str:
    return plural(count, "run") if count >= tried else f"{count} of {tried} runs, the others without a value"


def _misses(line: Line, group: str, color: str) -> Trace:
    """Mark where runs ended without what is counted, at the height the line has there."""
    name = _text(line.label).replace("%", "&#37;")
    heights = [max(y for x, y in zip(line.x, line.mean, strict=True) if x <= miss) for miss in line.misses]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": _text(f"{line.label}: missed"),
        "legendgroup": group,
        "x": _short(line.misses),
        "y": _short(heights),
        "marker": {"size": 9, "symbol": "x-thin", "color": color, "line": {"color": color, "width": 2}},
        "hovertemplate": f"<b>{name}</b><br>missed, after %{{x:.4g}}<extra></extra>",
        "showlegend": False,
    }


def _band(line: Line, figure: LineFigure, group: str, color: str) -> Trace:
    # A logarithmic axis has no place for a bound at or under zero: the band then ends at a tenth of the mean.
    floors = [mean / 10 if figure.is_log_y else -math.inf for mean in line.mean]
    low = [max(each, floor) for each, floor in zip(line.low, floors, strict=True)]
    return {
        "type": "scatter",
        "mode": "lines",
        "legendgroup": group,
        "x": _short([*line.x, *reversed(line.x)]),
        "y": _short([*low, *reversed(line.high)]),
        "fill": "toself",
        "fillcolor": f"{color}22",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _dots(figure: DotFigure) -> dict[str, Any]:
    labels = list(dict.fromkeys(dot.label for dot in figure.dots))
    series = list(dict.fromkeys(dot.series for dot in figure.dots))
    heights = {label: len(labels) - 1 - number for number, label in enumerate(labels)}
    return {
        "traces": [_dot_series(figure, number, each, heights) for number, each in enumerate(series)],
        "x": _axis(figure.x_title),
        "y": {
            "tickvals": list(heights.values()),
            "ticktext": [_text(label) for label in labels],
            "range": [-0.6, len(labels) - 0.4],
            "type": "linear",
            "title": {"text": ""},
        },
        "hover": "closest",
        "rows": len(labels),
    }


def _dot_series(figure: DotFigure, number: int, series: str, heights: dict[str, int]) -> Trace:
    dots = [dot for dot in figure.dots if dot.series == series]
    symbol, color = SERIES[number % len(SERIES)]
    return {
        "type": "scatter",
        "mode": "markers+text" if any(dot.cell.is_partial for dot in dots) else "markers",
        "text": [f"{dot.cell.count} of {dot.cell.tried} runs" if dot.cell.is_partial else "" for dot in dots],
        "textposition": "bottom center" if number else "top center",
        "cliponaxis": False,
        "name": _text(series),
        "x": _short([dot.cell.mean for dot in dots]),
        # Series stand beside each other, the first on top, so that equal values hide none of them.
        "y": [heights[dot.label] + 0.14 - 0.28 * number for dot in dots],
        "error_x": {
            "type": "data",
            "array": [0.0 if dot.cell.high is None else float(f"{dot.cell.high - dot.cell.mean:.5g}") for dot in dots],
            "color": color,
            "thickness": 1.2,
            "width": 3,
        },
        "marker": {"size": 9, "symbol": symbol, "color": color},
        "customdata": [[_text(dot.label), _interval(dot.cell), _runs(dot.cell.count, dot.cell.tried)] for dot in dots],
        "hovertemplate": (
            f"<b>%{{customdata[0]}}</b>, {_text(series)}<br>%{{customdata[1]}}<br>%{{customdata[2]}}<extra></extra>"
        ),
    }
