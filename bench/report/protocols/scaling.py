"""Scaling: quality and cost against the hyperparameter that grows, and against the parameters it makes."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.protocols.effects import effects, main_values, sentence
from bench.report.section_data import ProtocolPart, SectionData
from bench.report.tree import Column, Figure, Row
from bench.report.variants import line_figure, variant_number

__all__ = ["part"]


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    return ProtocolPart(tuple(figures(section)), tuple(findings(section)))


def figures(section: SectionData) -> Iterator[Figure]:
    """Draw the main score and the training time, each over the hyperparameter and over the parameter count."""
    parameters = _column(section, "parameters")

    def count(row: Row) -> float | None:
        cell = row.cells.get(parameters.key) if parameters is not None else None
        return cell.mean if cell is not None else None

    for column, name, title, words in (
        (section.main, "scaling", "Quality against size", ""),
        (_column(section, "train_seconds"), "scaling-cost", "Training time against size", "Training time (s)"),
    ):
        for hyperparameter in _names(section):
            place = variant_number(hyperparameter)
            axis = hyperparameter.replace("_", " ")
            figure = line_figure(section, column, name=name, title=title, axis=axis, place=place, y_title=words)
            if figure is not None:
                yield figure
        figure = line_figure(section, column, name=name, title=title, axis="parameters", place=count, y_title=words)
        if figure is not None:
            yield figure


def findings(section: SectionData) -> Iterator[str]:
    """Say what the largest size gains over the smallest, paired by seed."""
    for column in section.mains:
        where = f" ({column.condition})" if column.condition else ""
        for name in _names(section):
            pairs = []
            for label, variants in main_values(section, column).items():
                sizes = {float(variant[name]): seeds for variant, seeds in variants if name in variant}
                if len(sizes) > 1:
                    low, high = min(sizes), max(sizes)
                    pairs.append((f"{label} from {name} {low:g} to {high:g}", sizes[low], sizes[high]))
            if pairs:
                yield sentence(f"{column.measure.title}{where}", effects(pairs))


def _names(section: SectionData) -> list[str]:
    return list(dict.fromkeys(name for row in section.rows for name in row.variant))


def _column(section: SectionData, name: str) -> Column | None:
    return next((column for column in section.columns if column.measure.name == name), None)
