"""Scaling: quality and cost against the hyperparameter that grows, and against the parameters it makes."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.figures import Axis, Figure
from bench.report.parts.variants import line_figure, variant_number
from bench.report.protocols.effects import Change, Told, by_variant, told
from bench.report.section import ModelRow, ProtocolPart, SectionData, Variable

__all__ = ["part"]


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    findings = [each for variable in section.mains for each in _gains(section, variable)]
    return ProtocolPart(
        tuple(each.sentence for each in findings), tuple(_figures(section)), tuple(each.table for each in findings)
    )


def _figures(section: SectionData) -> Iterator[Figure]:
    """Draw the main score and the training time, each over the hyperparameter and over the parameter count."""
    parameters = _variable(section, "parameters")

    def count(row: ModelRow) -> float | None:
        summary = row.values.get(parameters.key) if parameters is not None else None
        return summary.mean if summary is not None else None

    places = [(name, name.replace("_", " "), variant_number(name)) for name in _names(section)]
    for variable, key, title, words in (
        (section.main, "scaling", "Quality", ""),
        (_variable(section, "train_seconds"), "scaling-cost", "Training time", "Training time"),
    ):
        for name, axis, place in (*places, ("parameters", "parameters", count)):
            figure = line_figure(
                section,
                variable,
                key=f"{key}-{name}",
                title=f"{title} against {axis}",
                x=Axis(f"{axis[:1].upper()}{axis[1:]}"),
                place=place,
                y_title=words,
            )
            if figure is not None:
                yield figure


def _gains(section: SectionData, variable: Variable) -> Iterator[Told]:
    """Say what the largest size that was asked for gains over the smallest."""
    for name in _names(section):
        changes = []
        for label, variants in by_variant(section, variable).items():
            sizes = {float(value): runs for variant, runs in variants if (value := variant.get(name)) is not None}
            if len(sizes) > 1:
                low, high = min(sizes), max(sizes)
                changes.append(Change(label, f"{name} {low:g} to {high:g}", sizes[low], sizes[high]))
        grown = name.replace("_", " ")
        words = f"from the smallest to the largest {grown}"
        yield from told(section, variable, f"growth-{name}", f"The largest {grown}", words, changes)


def _names(section: SectionData) -> list[str]:
    return list(dict.fromkeys(name for row in section.rows for name in row.variant))


def _variable(section: SectionData, name: str) -> Variable | None:
    return next((each for each in section.variables if each.measure.name == name), None)
