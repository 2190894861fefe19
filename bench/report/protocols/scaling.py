"""Scaling: quality and cost against the hyperparameter that grows, and against the parameters it makes."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.material import Material
from bench.report.protocols.effects import effects, main_values, sentence
from bench.report.tree import Column, Figure, Row
from bench.report.variants import line_figure, variant_number

__all__ = ["figures", "findings"]


def figures(material: Material) -> Iterator[Figure]:
    """Draw the main score and the training time, each over the hyperparameter and over the parameter count."""
    parameters = _column(material, "parameters")

    def count(row: Row) -> float | None:
        cell = row.cells.get(parameters.key) if parameters is not None else None
        return cell.mean if cell is not None else None

    for column, name, title, words in (
        (material.main, "scaling", "Quality against size", ""),
        (_column(material, "train_seconds"), "scaling-cost", "Training time against size", "Training time (s)"),
    ):
        for hyperparameter in _names(material):
            place = variant_number(hyperparameter)
            axis = hyperparameter.replace("_", " ")
            figure = line_figure(material, column, name=name, title=title, axis=axis, place=place, y_title=words)
            if figure is not None:
                yield figure
        figure = line_figure(material, column, name=name, title=title, axis="parameters", place=count, y_title=words)
        if figure is not None:
            yield figure


def findings(material: Material) -> Iterator[str]:
    """Say what the largest size gains over the smallest, paired by seed."""
    for column in material.mains:
        where = f" ({column.condition})" if column.condition else ""
        for name in _names(material):
            pairs = []
            for label, variants in main_values(material, column).items():
                sizes = {float(variant[name]): seeds for variant, seeds in variants if name in variant}
                if len(sizes) > 1:
                    low, high = min(sizes), max(sizes)
                    pairs.append((f"{label} from {name} {low:g} to {high:g}", sizes[low], sizes[high]))
            if pairs:
                yield sentence(f"{column.measure.title}{where}", effects(pairs))


def _names(material: Material) -> list[str]:
    return list(dict.fromkeys(name for row in material.rows for name in row.variant))


def _column(material: Material, name: str) -> Column | None:
    return next((column for column in material.columns if column.measure.name == name), None)
