"""The formats a report comes in, offered through the same door as any plugin's."""

from __future__ import annotations

from collections.abc import Iterable

from bench.hookspecs import hookimpl
from bench.specs import RendererSpec

__all__ = ["bench_renderers"]


@hookimpl
def bench_renderers() -> Iterable[RendererSpec]:
    """Return the report formats of depthbench itself."""
    yield RendererSpec(
        name="figures",
        target="bench_reports.figures:render",
        summary="every figure as an SVG and a PDF file",
        suffix=".json",
        requires=("matplotlib",),
        extra="figures",
        is_default=False,
    )
    yield RendererSpec(
        name="html",
        target="bench_reports.html:render",
        summary="one self-contained page with figures",
        suffix=".html",
        requires=("jinja2", "plotly"),
    )
    yield RendererSpec(
        name="markdown",
        target="bench_reports.markdown:render",
        summary="tables for a README or an issue",
        suffix=".md",
        after=("figures",),
    )
    yield RendererSpec(
        name="csv",
        target="bench_reports.csv:render",
        summary="one line per number, and one per comparison",
        suffix=".csv",
    )
    yield RendererSpec(
        name="json", target="bench_reports.json_report:render", summary="every number, for programs", suffix=".json"
    )
    yield RendererSpec(
        name="latex",
        target="bench_reports.latex:render",
        summary="tables and figures for a paper",
        suffix=".tex",
        after=("figures",),
    )
