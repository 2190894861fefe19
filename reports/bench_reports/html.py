"""Write the report as one page that opens from disk, needs no network, and can be sent as it is."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from bench.report.blocks import Report
from bench.report.text import moment, outcomes, plural
from bench_reports.page import Page
from bench_reports.palette import COLOURS, ON_DARK, SHAPES

__all__ = ["render"]

TEMPLATES = files("bench_reports") / "templates"
# Inside a script element, `</script>` ends it and `<!--` changes how it is read, whatever quotes stand around.
UNSAFE_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(report: Report, folder: Path) -> Path:
    """Write `report.html`: data, figures, scripts and pictures inside."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.html"
    page = Page(report)
    sections = page.sections()
    text = (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            page=page,
            sections=sections,
            plotly=_packed_plotly() if page.has_charts else "",
            models=[
                (model.label, SHAPES[model.family], model.family, place % len(COLOURS))
                for place, model in enumerate(report.models)
            ],
            style=_colours() + _asset("report.css"),
            print_style=_asset("print.css"),
            script=_asset("charts.js") + _asset("report.js"),
        )
    )
    path.write_text(text, encoding="utf-8")
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
    environment.globals["colour_count"] = len(COLOURS)
    environment.filters |= {
        "moment": moment,
        "outcomes": outcomes,
        "plural": plural,
        "script_json": script_json,
        "base64": lambda content: base64.b64encode(content).decode(),
    }
    return environment


def _colours() -> Markup:
    """Return the models' colours as variables and classes of the page's style."""
    places = range(len(COLOURS))
    light, dark = ("".join(f"--m{place}:{each[place]};" for place in places) for each in (COLOURS, ON_DARK))
    marks = "".join(f".mark.m{place}{{background:var(--m{place})}}" for place in places)
    return Markup(f':root{{{light}}}:root[data-theme="dark"]{{{dark}}}{marks}\n')  # noqa: S704 - constants of this package


@cache
def _packed_plotly() -> str:
    """Return the drawing library as gzip in base64: as it is it would be larger than all that most pages say.

    At level 4, which takes half as long as the usual 6 and leaves 4 % more.
    """
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), compresslevel=4, mtime=0)).decode()


@cache
def _asset(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - a file of this package, not data


def script_json(value: object) -> Markup:
    """Return JSON that may stand inside a script element whatever texts it holds."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for letter, safe in UNSAFE_IN_SCRIPT.items():
        text = text.replace(letter, safe)
    return Markup(text)  # noqa: S704 - no character is left that HTML would read
