"""Read records, decide what may be compared and said, and hand renderers a tree of plain values."""

from __future__ import annotations

from bench.report.build import build_report
from bench.report.tree import (
    Cell,
    Column,
    Dot,
    DotFigure,
    Failure,
    Figure,
    Line,
    LineFigure,
    Machine,
    Measure,
    Point,
    RankRow,
    Ranks,
    Repeats,
    Report,
    Row,
    SampleGrid,
    SampleWall,
    ScatterFigure,
    Section,
)

__all__ = [
    "Cell",
    "Column",
    "Dot",
    "DotFigure",
    "Failure",
    "Figure",
    "Line",
    "LineFigure",
    "Machine",
    "Measure",
    "Point",
    "RankRow",
    "Ranks",
    "Repeats",
    "Report",
    "Row",
    "SampleGrid",
    "SampleWall",
    "ScatterFigure",
    "Section",
    "build_report",
]
