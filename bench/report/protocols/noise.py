"""Label noise as lines, and the control with shuffled inputs as what the order of inputs is worth."""

from __future__ import annotations

from collections.abc import Iterator

from bench.report.levels import INTERVAL
from bench.report.protocols.effects import Seeds, cell, effects, main_values, sentence
from bench.report.section_data import ProtocolPart, SectionData
from bench.report.tree import Column, Dot, DotFigure, Figure, Row
from bench.report.variants import line_figure, titled, variant_number

__all__ = ["part"]

NOISE, INPUTS, IN_ORDER, SHUFFLED = "label_noise", "inputs", "in order", "shuffled"


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    return ProtocolPart(tuple(figures(section)), tuple(findings(section)))


def figures(section: SectionData) -> Iterator[Figure]:
    """Draw the main score over the share of wrong labels, and in order beside shuffled."""
    figure = line_figure(
        section,
        section.main,
        name="label-noise",
        title="Quality against label noise",
        axis="share of wrong training labels",
        place=_level,
    )
    if figure is not None:
        yield figure
    for column in section.mains:
        dots = _dots(section, column)
        if dots:
            yield DotFigure(
                name=f"shuffled-{section.slug(column)}",
                title=", ".join(word for word in ("What the order of inputs is worth", column.condition) if word),
                x_title=titled(column.measure),
                dots=dots,
                caption=f"Clean labels, inputs in order and in one new order for every sample; means with {INTERVAL} "
                "intervals. A model that knows no order is not harmed.",
            )


def findings(section: SectionData) -> Iterator[str]:
    """Say what the most noise and the shuffling cost each model, paired by seed."""
    for column in section.mains:
        values = main_values(section, column)
        where = f" ({column.condition})" if column.condition else ""
        levels = sorted({float(v[NOISE]) for variants in values.values() for v, _ in variants if NOISE in v})
        if len(levels) > 1:
            noisy = _pairs(section, column, (levels[0], IN_ORDER), (levels[-1], IN_ORDER))
            yield from _told(
                f"{column.measure.title}{where} from {levels[0]:.0%} to {levels[-1]:.0%} wrong labels", noisy
            )
        shuffled = _pairs(section, column, (0.0, IN_ORDER), (0.0, SHUFFLED))
        yield from _told(f"{column.measure.title}{where} from inputs in order to shuffled", shuffled)


def _told(start: str, pairs: list[tuple[str, Seeds, Seeds]]) -> Iterator[str]:
    if pairs:
        yield sentence(start, effects(pairs))


def _pairs(
    section: SectionData, column: Column, start: tuple[float, str], end: tuple[float, str]
) -> list[tuple[str, Seeds, Seeds]]:
    found = []
    for label, variants in main_values(section, column).items():
        seeds = {(float(v.get(NOISE, 0)), str(v.get(INPUTS, IN_ORDER))): each for v, each in variants}
        if start in seeds and end in seeds:
            found.append((label, seeds[start], seeds[end]))
    return found


def _level(row: Row) -> float | None:
    return variant_number(NOISE)(row) if row.variant.get(INPUTS, IN_ORDER) == IN_ORDER else None


def _dots(section: SectionData, column: Column) -> tuple[Dot, ...]:
    pairs = _pairs(section, column, (0.0, IN_ORDER), (0.0, SHUFFLED))
    families = section.families
    return tuple(
        Dot(label, families[label], series, cell(list(seeds.values.values()), seeds.lost))
        for label, *both in pairs
        for series, seeds in zip((IN_ORDER, SHUFFLED), both, strict=True)
        if seeds.values
    )
