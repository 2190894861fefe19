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
        name="html",
        target="bench_reports.html:render",
        summary="one self-contained page with figures",
        suffix=".html",
        requires=("jinja2", "plotly"),
    )
    yield RendererSpec(
        name="markdown", target="bench_reports.markdown:render", summary="tables for a README or an issue", suffix=".md"
    )
    yield RendererSpec(
        name="csv", target="bench_reports.csv:render", summary="one line per model and measure", suffix=".csv"
    )
    yield RendererSpec(
        name="latex", target="bench_reports.latex:render", summary="booktabs tables for a paper", suffix=".tex"
    )
