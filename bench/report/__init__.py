"""Read records, decide what may be compared and said, and hand renderers a report as blocks of plain values."""

from __future__ import annotations

from bench.report.blocks import (
    ABSENT,
    Block,
    Cell,
    Choice,
    Column,
    Comparison,
    Entry,
    Gallery,
    Log,
    Model,
    Picture,
    Prose,
    Report,
    Row,
    Section,
    Table,
)
from bench.report.build import Source, build_report
from bench.report.figures import (
    Axis,
    Dot,
    DotFigure,
    Figure,
    Line,
    LineFigure,
    MatrixFigure,
    Point,
    ScatterFigure,
)
from bench.report.parts.plots import general_blocks, learning_curves, quality_against_cost
from bench.report.parts.variants import line_figure
from bench.report.section import Measure, ModelRow, ProtocolPart, SectionData, Summary, Variable

__all__ = [
    "ABSENT",
    "Axis",
    "Block",
    "Cell",
    "Choice",
    "Column",
    "Comparison",
    "Dot",
    "DotFigure",
    "Entry",
    "Figure",
    "Gallery",
    "Line",
    "LineFigure",
    "Log",
    "MatrixFigure",
    "Measure",
    "Model",
    "ModelRow",
    "Picture",
    "Point",
    "Prose",
    "ProtocolPart",
    "Report",
    "Row",
    "ScatterFigure",
    "Section",
    "SectionData",
    "Source",
    "Summary",
    "Table",
    "Variable",
    "build_report",
    "general_blocks",
    "learning_curves",
    "line_figure",
    "quality_against_cost",
]
