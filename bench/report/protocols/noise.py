"""Label noise as lines, and the control with shuffled inputs as what the order of inputs is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.report.figures import Axis, Dot, DotFigure, Figure
from bench.report.parts.variants import axis_of, dot_of, line_figure, variant_number
from bench.report.protocols.effects import Change, Told, by_variant, numbered, told
from bench.report.section import ModelRow, ProtocolPart, SectionData, Variable
from bench.specs import Value

__all__ = ["part"]

NOISE, INPUTS, IN_ORDER, SHUFFLED = "label_noise", "inputs", "in order", "shuffled"
# A share of wrong labels, and the order of the inputs.
Setting = tuple[float, str]
CONTROL_CAPTION = (
    "Clean labels, inputs in order and in one new order for every sample; means with 95 % intervals. A model that "
    "knows no order is not harmed."
)


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    findings = [each for variable in section.mains for each in _effects(section, variable)]
    return ProtocolPart(
        tuple(each.sentence for each in findings), tuple(_figures(section)), tuple(each.table for each in findings)
    )


def _figures(section: SectionData) -> Iterator[Figure]:
    """Draw the main score over the share of wrong labels, and in order beside shuffled."""
    figure = line_figure(
        section,
        section.main,
        key="label-noise",
        title="Quality against label noise",
        x=Axis("Share of wrong training labels", low=0.0, high=1.0, is_share=True),
        place=_level,
    )
    if figure is not None:
        yield figure
    for variable in section.mains:
        if dots := tuple(_dots(section, variable)):
            title = ", ".join(word for word in ("What the order of inputs is worth", variable.words) if word)
            key, x = numbered("shuffled", section, variable), axis_of(variable.measure)
            yield DotFigure(key, title, x, dots, CONTROL_CAPTION, is_joined=True)


def _effects(section: SectionData, variable: Variable) -> Iterator[Told]:
    """Say what the most noise and the shuffling do to each model."""
    runs = {
        label: {_setting(variant): each for variant, each in variants}
        for label, variants in by_variant(section, variable).items()
    }
    levels = sorted({level for each in runs.values() for level, inputs in each if inputs == IN_ORDER})
    ways = [("shuffling", "Shuffled inputs", (0.0, SHUFFLED), "from inputs in order to shuffled")]
    if len(levels) > 1:
        words = f"from {levels[0]:.0%} to {levels[-1]:.0%} wrong labels"
        ways.insert(0, ("noise", "Wrong labels", (levels[-1], IN_ORDER), words))
    for key, title, end, words in ways:
        start = (levels[0] if end[1] == IN_ORDER else 0.0, IN_ORDER)
        both = {label: each for label, each in runs.items() if start in each and end in each}
        changes = [Change(label, "", each[start], each[end]) for label, each in both.items()]
        yield from told(section, variable, key, title, words, changes)


def _setting(variant: Mapping[str, Value]) -> Setting:
    return float(variant.get(NOISE) or 0.0), str(variant.get(INPUTS, IN_ORDER))


def _level(row: ModelRow) -> float | None:
    return variant_number(NOISE)(row) if row.variant.get(INPUTS, IN_ORDER) == IN_ORDER else None


def _dots(section: SectionData, variable: Variable) -> Iterator[Dot]:
    """Yield two dots for each model that was run in both orders, each as far as its runs have values."""
    rows = {(row.label, _setting(row.variant)): row for row in section.rows}
    for label in section.families:
        both = [(series, rows.get((label, (0.0, series)))) for series in (IN_ORDER, SHUFFLED)]
        if all(row is not None for _, row in both):
            dots = (dot_of(row, variable, series) for series, row in both if row is not None)
            yield from (dot for dot in dots if dot is not None)
