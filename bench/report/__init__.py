"""Read records, decide what may be compared and said, and hand renderers a tree of plain values."""

from __future__ import annotations

from bench.report.build import build_report
from bench.report.learning import learning_curves
from bench.report.pareto import quality_against_time
from bench.report.section_data import ProtocolPart, SectionData
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
from bench.report.variants import line_figure, quality_against_variant

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
    "ProtocolPart",
    "RankRow",
    "Ranks",
    "Repeats",
    "Report",
    "Row",
    "SampleGrid",
    "SampleWall",
    "ScatterFigure",
    "Section",
    "SectionData",
    "build_report",
    "learning_curves",
    "line_figure",
    "quality_against_time",
    "quality_against_variant",
]
