"""Find what a protocol adds to the report of its sections, by the function that its spec names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from bench.plugins import BROKEN, Offer, sentence
from bench.report.learning import learning_curves
from bench.report.pareto import quality_against_time
from bench.report.section_data import ProtocolPart, SectionData
from bench.report.tree import Figure
from bench.report.variants import quality_against_variant
from bench.specs import ProtocolSpec, resolve

__all__ = ["Found", "part_of"]

GENERAL = (quality_against_variant, quality_against_time, learning_curves)
Protocols = Mapping[str, Offer[ProtocolSpec]]


@dataclass(frozen=True)
class Found:
    """What a section shows beside its tables; notes: why its protocol's own part is missing, where it is."""

    figures: tuple[Figure, ...]
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def part_of(section: SectionData, protocols: Protocols) -> Found:
    """Return the figures of a section, and the sentences that its protocol adds; protocols: those installed.

    Records are readable without the plugin that made them, and a part that breaks is left out: then the section has
    what every section has, and a note says why it has no more.
    """
    if section.protocol not in protocols:
        missing = (
            f"The protocol {section.protocol} is not installed here: figures and findings of its own are left out. "
            "Install the plugin that offers it and make the report again."
        )
        return Found(_general(section), notes=(missing,))
    offer = protocols[section.protocol]
    if not offer.spec.report:
        return Found(_general(section))
    try:
        part = _checked(resolve(offer.spec.report)(section))
    except BROKEN as error:
        broken = (
            f"The part of the report that protocol {section.protocol} of plugin {offer.owner} brings is left out, "
            f"since {offer.spec.report} is broken: {sentence(error)}."
        )
        return Found(_general(section), notes=(broken,))
    return Found(_general(section) if part.figures is None else part.figures, part.findings)


def _general(section: SectionData) -> tuple[Figure, ...]:
    return tuple(figure for maker in GENERAL for figure in maker(section))


def _checked(part: object) -> ProtocolPart:
    """Return the part; raises TypeError where it is none, or holds what no renderer could draw."""
    if not isinstance(part, ProtocolPart):
        raise TypeError(f"it returned {type(part).__name__}, and a ProtocolPart is wanted")
    for figure in part.figures or ():
        if not isinstance(figure, get_args(Figure)):
            raise TypeError(f"{type(figure).__name__} is no figure: those are {_names()}")
    for finding in part.findings:
        if not isinstance(finding, str):
            raise TypeError(f"a finding is a sentence, got {type(finding).__name__}")
    return part


def _names() -> str:
    return ", ".join(kind.__name__ for kind in get_args(Figure))
