"""Draw the figures of a report with matplotlib."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure as Canvas
from matplotlib.patheffects import withStroke

from bench.report.blocks import Model
from bench.report.figures import Dot, DotFigure, Figure, Line, LineFigure, MatrixFigure, Point, ScatterFigure
from bench_reports import palette
from bench_reports.labels import Box, place
from bench_reports.plot_parts import (
    LONGEST_KEY,
    SMALL,
    Looks,
    clipped,
    family_keys,
    key,
    legend,
    prepare,
    reach,
    reaches,
    short,
)  # fmt: skip

__all__ = ["draw", "save"]

# Texts stay texts, names are no formulas, and equal values make equal files.
STYLE: Any = {
    "font.size": 8.5, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#e4e6ea", "grid.linewidth": 0.6,
    "axes.axisbelow": True, "legend.frameon": False, "svg.fonttype": "none", "svg.hashsalt": "depthbench",
    "pdf.fonttype": 42, "text.usetex": False, "text.parse_math": False, "figure.dpi": 100,
}  # fmt: skip
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
# Width and height in inches: the text of a page.
WIDTH, HEIGHT = 6.3, 3.7
LETTERS_PER_INCH = 13
# A line with more points than this has none of them marked.
MARKED_POINTS = 15
# A matrix with more columns than this has no numbers in its cells.
MOST_NUMBERS = 24
# Longer names of columns are turned.
LONGEST_LEVEL = 4
# Between a point and its name, in pixels.
LABEL_GAP = 7.0
EDGES: dict[str, Any] = {"capsize": 2.0, "elinewidth": 0.9}


def draw(figure: Figure, models: Sequence[Model]) -> Canvas:
    """Return a figure as matplotlib's; models give colours and marks."""
    looks = Looks(palette.colours(models), {model.label: palette.SHAPES[model.family] for model in models})
    with _style():
        canvas = Canvas(figsize=(WIDTH, HEIGHT), layout="constrained")
        axes = canvas.add_subplot()
        if isinstance(figure, ScatterFigure):
            _scatter(canvas, axes, figure, looks)
        elif isinstance(figure, LineFigure):
            _lines(canvas, axes, figure, looks)
        elif isinstance(figure, DotFigure):
            _dots(canvas, axes, figure, looks)
        else:
            _matrix(canvas, axes, figure)
        title = short(figure.title, int(LETTERS_PER_INCH * canvas.get_figwidth()))
        canvas.suptitle(title, x=0.01, horizontalalignment="left", fontsize="medium")
        return canvas


def save(canvas: Canvas, paths: Iterable[Path]) -> None:
    """Write a drawing, in the format that each path's suffix names."""
    with _style():
        canvas.draw_without_rendering()
        canvas.set_layout_engine("none")
        for path in paths:
            dated = {"Date": None} if path.suffix == ".svg" else {"CreationDate": None, "ModDate": None}
            canvas.savefig(path, metadata=dated)


@contextmanager
def _style() -> Iterator[None]:
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # A letter that the font lacks is drawn as an empty box: better than no figure.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def _scatter(canvas: Canvas, axes: Axes, figure: ScatterFigure, looks: Looks) -> None:
    conditions = list(dict.fromkeys(point.condition for point in figure.points))
    for number, condition in enumerate(conditions):
        points = [point for point in figure.points if point.condition == condition]
        _front(axes, points)
        for point in points:
            _point(axes, point, figure, looks, is_hollow=bool(number % 2))
    prepare(axes, "x", figure.x, reach(figure.x, ((point.x, point.x_ends) for point in figure.points)))
    prepare(axes, "y", figure.y, reach(figure.y, ((point.y, point.y_ends) for point in figure.points)))
    shapes = family_keys([point.label for point in figure.points], looks)
    fills = [key(each or "otherwise", "o", is_hollow=bool(number % 2)) for number, each in enumerate(conditions)]
    legend(canvas, [*shapes, *(fills if len(fills) > 1 else [])], is_below=True)
    _label(canvas, axes, figure.points)


def _front(axes: Axes, points: Sequence[Point]) -> None:
    front = sorted((point.x, point.y) for point in points if point.is_on_front)
    if len(front) > 1:
        x, y = zip(*front, strict=True)
        axes.step(x, y, where="post", color=palette.GREY, linewidth=1.0, linestyle=DASHES[1], zorder=1)


def _point(axes: Axes, point: Point, figure: ScatterFigure, looks: Looks, *, is_hollow: bool) -> None:
    colour = looks.colour(point.label)
    axes.errorbar(
        [point.x], [point.y], xerr=reaches(point.x, point.x_ends, figure.x),
        yerr=reaches(point.y, point.y_ends, figure.y), color=colour, marker=looks.marker(point.label), markersize=5.5,
        markerfacecolor="white" if is_hollow else colour, clip_on=False, zorder=3, **EDGES,
    )  # fmt: skip


def _label(canvas: Canvas, axes: Axes, points: Sequence[Point]) -> None:
    """Write each point's name beside it, with a line to it where it had to go further away."""
    halo = [withStroke(linewidth=2.0, foreground="white")]
    texts = [
        axes.text(each.x, each.y, short(each.label, LONGEST_KEY), size=SMALL, path_effects=halo) for each in points
    ]
    for text in texts:
        text.set_in_layout(False)
    canvas.draw_without_rendering()
    sizes = [(box.width, box.height) for box in (text.get_window_extent() for text in texts)]
    places = [tuple(axes.transData.transform((each.x, each.y))) for each in points]
    frame = Box(*axes.get_window_extent().extents)
    back = axes.transData.inverted()
    found = place(places, sizes, frame, LABEL_GAP, list(_intervals(axes, points)))
    for text, point, box in zip(texts, places, found, strict=True):
        text.set_position(tuple(back.transform((box.left, box.bottom))))
        near = min(max(point[0], box.left), box.right), min(max(point[1], box.bottom), box.top)
        if math.dist(near, point) > 2 * LABEL_GAP:
            x, y = zip(*back.transform([point, near]), strict=True)
            axes.plot(x, y, color=palette.GREY, linewidth=0.5, zorder=2)


def _intervals(axes: Axes, points: Sequence[Point]) -> Iterator[Box]:
    """Yield where intervals are drawn, in pixels."""
    for each in points:
        if each.x_ends is not None:
            ends = [axes.transData.transform((end, each.y)) for end in each.x_ends]
            yield Box(ends[0][0], ends[0][1] - 1, ends[1][0], ends[1][1] + 1)
        if each.y_ends is not None:
            ends = [axes.transData.transform((each.x, end)) for end in each.y_ends]
            yield Box(ends[0][0] - 1, ends[0][1], ends[1][0] + 1, ends[1][1])


def _lines(canvas: Canvas, axes: Axes, figure: LineFigure, looks: Looks) -> None:
    conditions = list(dict.fromkeys(line.condition for line in figure.lines))
    x = [value for line in figure.lines for value in (*line.x, *line.misses)]
    y = [clipped(value, figure.y) for line in figure.lines for value in (*line.y, *line.low, *line.high)]
    prepare(axes, "x", figure.x, x)
    prepare(axes, "y", figure.y, y)
    entries = [
        _line(axes, line, figure, looks, DASHES[conditions.index(line.condition) % len(DASHES)])
        for line in figure.lines
    ]
    legend(canvas, entries)


def _line(axes: Axes, line: Line, figure: LineFigure, looks: Looks, dashes: Any) -> Any:
    colour = palette.GREY if line.is_reference else looks.colour(line.label)
    is_marked = len(line.x) <= MARKED_POINTS and not line.is_reference
    (drawn,) = axes.plot(
        line.x, line.y, color=colour, linestyle=DASHES[2] if line.is_reference else dashes, linewidth=1.3,
        drawstyle="steps-post" if figure.is_step else "default", marker=looks.marker(line.label) if is_marked else "",
        markersize=4.0, label=short(", ".join(filter(None, (line.name or line.label, line.condition))), LONGEST_KEY),
    )  # fmt: skip
    if line.low and line.high:
        low, high = ([clipped(value, figure.y) for value in side] for side in (line.low, line.high))
        step = "post" if figure.is_step else None
        axes.fill_between(line.x, low, high, color=colour, alpha=0.13, linewidth=0, step=step)  # type: ignore[arg-type]
    # Hollow where seeds are missing from the mean.
    partial = [(x, y) for x, y, is_partial in zip(line.x, line.y, line.partial, strict=True) if is_partial]
    axes.plot(*_apart(partial), "o", markersize=4.0, markerfacecolor="white", color=colour)
    bottom = axes.get_ylim()[0]
    axes.plot(line.misses, [bottom] * len(line.misses), "x", color=colour, markersize=5.0, clip_on=False)
    return drawn


def _apart(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _dots(canvas: Canvas, axes: Axes, figure: DotFigure, looks: Looks) -> None:
    labels = list(dict.fromkeys(dot.label for dot in figure.dots))
    series = list(dict.fromkeys(dot.series for dot in figure.dots))
    canvas.set_size_inches(WIDTH, 0.9 + 0.28 * max(len(labels), 2))
    rows: dict[str, list[Dot]] = {label: [dot for dot in figure.dots if dot.label == label] for label in labels}
    for place_, dots in enumerate(rows.values()):
        if figure.is_joined:
            axes.plot([dot.value for dot in dots], [place_] * len(dots), color=palette.GREY, linewidth=1.0, zorder=1)
        for dot in dots:
            # The last of several series is filled: it is what the figure is about.
            _dot(axes, dot, place_, figure, looks, is_hollow=dot.series != series[-1])
    prepare(axes, "x", figure.x, reach(figure.x, ((dot.value, dot.ends) for dot in figure.dots)))
    axes.set_yticks(range(len(labels)), [short(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    keys = [key(each, "o", is_hollow=each != series[-1]) for each in series] if len(series) > 1 else []
    legend(canvas, [*keys, *family_keys(labels, looks)], is_below=True)


def _dot(axes: Axes, dot: Dot, row: int, figure: DotFigure, looks: Looks, *, is_hollow: bool) -> None:
    colour = looks.colour(dot.label)
    axes.errorbar(
        [dot.value], [row], xerr=reaches(dot.value, dot.ends, figure.x), color=colour, marker=looks.marker(dot.label),
        markersize=5.5, markerfacecolor="white" if is_hollow else colour, clip_on=False, zorder=3, **EDGES,
    )  # fmt: skip


def _matrix(canvas: Canvas, axes: Axes, figure: MatrixFigure) -> None:
    rows, columns = len(figure.rows), len(figure.columns)
    canvas.set_size_inches(min(max(2.5 + 0.42 * columns, 3.2), WIDTH), min(max(1.5 + 0.32 * rows, 2.4), 8.0))
    values = [list(row) for row in figure.values]
    colours = _shades(figure)
    axes.pcolormesh(values, cmap=colours, vmin=figure.low, vmax=figure.high, edgecolors="white", linewidth=0.5)
    if columns <= MOST_NUMBERS:
        _numbers(axes, figure, colours)
    is_long = max(map(len, figure.columns), default=0) > LONGEST_LEVEL
    turned: Any = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if is_long else {}
    axes.set_xticks([n + 0.5 for n in range(columns)], [short(each, 22) for each in figure.columns], **turned)
    axes.set_yticks([n + 0.5 for n in range(rows)], [short(each, 22) for each in figure.rows])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.invert_yaxis()
    axes.set_xlabel(short(figure.x_title))
    axes.set_ylabel(short(figure.y_title))


def _numbers(axes: Axes, figure: MatrixFigure, colours: Colormap) -> None:
    span = (figure.high - figure.low) or 1.0
    for row, (values, texts) in enumerate(zip(figure.values, figure.texts, strict=True)):
        for column, (value, text) in enumerate(zip(values, texts, strict=True)):
            ink = "black" if math.isnan(value) else _ink(colours((value - figure.low) / span))
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=SMALL)


def _shades(figure: MatrixFigure) -> Colormap:
    """Return colours from nothing to full, or from one hue over white to another where the middle means equal."""
    ends = [palette.COLOURS[1], "#ffffff", palette.COLOURS[0]] if figure.is_centred else ["#f7fafc", "#1d4f82"]
    return LinearSegmentedColormap.from_list("shades", ends).with_extremes(bad="#f0f1f3")


def _ink(background: Any) -> str:
    """Return the colour of letters that can be read on a background."""
    red, green, blue, _ = to_rgba(background)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else "black"
