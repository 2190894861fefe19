"""Write the report as one page that opens from disk, needs no network, and can be sent as it is."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from bench.report import Cell, Column, DotFigure, Figure, Line, LineFigure, Ranks, Report, Row, Section
from bench.report.families import family_place
from bench_reports import words
from bench_reports.charts import chart
from bench_reports.rank_diagram import rank_diagram

__all__ = ["render"]

TEMPLATES = files("bench_reports") / "templates"
# Inside a script element, `</script>` ends it and `<!--` changes how it is read, whatever quotes stand around.
UNSAFE_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class Grid:
    """One table of a section, ready to be laid out: columns as text, and the rows with all their numbers."""

    columns: Sequence[words.ColumnText]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Overview:
    """The main score across sections: where each column comes from, and label, family and cells of every model.

    has_protocols: do the columns come from several protocols?
    """

    places: Sequence[tuple[Section, words.ColumnText]]
    has_protocols: bool
    lines: Sequence[tuple[str, str, Sequence[tuple[words.CellText, Cell] | None]]]


@dataclass(frozen=True)
class Panel:
    """Figures that share a place, e.g. one learning curve over epochs and over seconds."""

    key: str
    title: str
    caption: str
    figures: Sequence[Figure]
    charts: Sequence[dict[str, Any]]

    @property
    def is_short(self) -> bool:
        """Has the figure a row per model, and so a height that follows their number?"""
        return all(isinstance(figure, DotFigure) for figure in self.figures)


def render(report: Report, folder: Path) -> Path:
    """Write `report.html`: data, figures, scripts and pictures inside."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.html"
    page = _environment().get_template("report.html.j2")
    sections = [(section, _grids(section), _panels(section)) for section in report.sections]
    profiles = {ranks.key: _profile(ranks) for ranks in report.ranks if ranks.thresholds}
    path.write_text(
        page.render(
            report=report,
            sections=sections,
            overview=_overview(report),
            profiles=profiles,
            plotly=Markup(get_plotlyjs()) if profiles or any(panels for _, _, panels in sections) else "",  # noqa: S704 - the library's own script, not data
            style=_asset("report.css"),
            script=_asset("report.js"),
        ),
        encoding="utf-8",
    )
    return path


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: (TEMPLATES / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": words.moment,
        "outcomes": words.outcome_text,
        "plural": words.plural,
        "script_json": script_json,
        "seeds": words.seeds_text,
        "sortable": sortable,
        "settings": words.settings_text,
        "determinism": words.determinism_text,
        "diagram": rank_diagram,
        "is_failed": lambda value: not math.isfinite(value),
        "rank": words.rank_text,
        "losing": words.losing_text,
        "title": cell_title,
        "variant": words.variant_text,
        "base64": lambda content: base64.b64encode(content).decode(),
    }
    return environment


@cache
def _asset(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - a file of this package, not data


def script_json(value: object) -> Markup:
    """Return JSON that may stand inside a script element whatever texts it holds."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for letter, safe in UNSAFE_IN_SCRIPT.items():
        text = text.replace(letter, safe)
    return Markup(text)  # noqa: S704 - no character is left that HTML would read


def cell_title(cell: Cell) -> str:
    """Return what a reader learns by pointing at a cell."""
    parts = [words.plural(cell.count, "run")]
    if cell.low is not None and cell.high is not None:
        parts.append(f"95 % interval {words.significant(cell.low, 4)} to {words.significant(cell.high, 4)}")
    if cell.infinite:
        parts.append(f"infinite, or its target missed, in {cell.infinite} of {cell.run_count} good runs")
    if absent := cell.run_count - cell.count - cell.infinite:
        parts.append(f"no number in {absent} of {cell.run_count} good runs")
    if cell.floor is not None:
        parts.append(f"real against real data {words.significant(cell.floor)}")
    if cell.is_best:
        parts.append("best, or not distinguishable from the best")
    return "; ".join(parts)


def sortable(value: float) -> str:
    """Return a number as JavaScript reads it."""
    return str(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def _grids(section: Section) -> tuple[Grid, Grid]:
    main, rest = words.main_columns(section), words.other_columns(section)
    return _grid(main, section), _grid(rest, section)


def _grid(columns: Sequence[Column], section: Section) -> Grid:
    return Grid(words.column_texts(columns, section.rows), section.rows)


def _panels(section: Section) -> list[Panel]:
    labels = [row.label for row in section.rows]
    together: dict[str, list[Figure]] = {}
    for figure in section.figures:
        together.setdefault(figure.name, []).append(figure)
    return [
        Panel(f"{section.key}-{name}", each[0].title, each[0].caption, each, [chart(figure, labels) for figure in each])
        for name, each in together.items()
    ]


def _profile(ranks: Ranks) -> Panel:
    """Draw the share of runs that reach each score."""
    x = ranks.thresholds
    figure = LineFigure(
        name="profile",
        title="Performance profiles",
        axis="score",
        x_title=ranks.measures[0],
        y_title="Share of runs that reach it",
        lines=tuple(
            Line(row.label, row.family, "", x, row.shares, row.lows, row.highs, min(row.counts)) for row in ranks.rows
        ),
        is_share=True,
        caption="Share of all runs, failed ones included, that reach a score, averaged over the data sets, with "
        "pointwise 95 % bands. A line above another all the way is better; where lines cross, it depends on the score.",
    )
    charts = [chart(figure, [row.label for row in ranks.rows])]
    return Panel(f"{ranks.key}-profile", figure.title, figure.caption, [figure], charts)


def _overview(report: Report) -> Overview | None:
    """Return the main score of every model in every section, where there are several sections to look across."""
    places = [
        (section, text)
        for section in report.sections
        if not section.variant_names
        for text in words.column_texts(section.main_columns[:1], section.rows)
    ]
    if len(places) < 2:
        return None
    families = {row.label: row.family for section, _ in places for row in section.rows}
    found = {label: [_find(label, section, text) for section, text in places] for label in families}
    order = sorted(families, key=lambda label: family_place(families[label]))
    has_protocols = len({section.protocol for section, _ in places}) > 1
    return Overview(places, has_protocols, [(label, families[label], found[label]) for label in order])


def _find(label: str, section: Section, text: words.ColumnText) -> tuple[words.CellText, Cell] | None:
    for row, cell in zip(section.rows, text.cells, strict=True):
        if row.label == label and cell is not None:
            return cell, row.cells[text.column.key]
    return None
