"""Choose the figures of a section, and the sentences about it: the general ones, or those its protocol asks for."""

from __future__ import annotations

from collections.abc import Mapping

from bench.report.learning import learning_curves
from bench.report.material import Figures, Findings, Material
from bench.report.pareto import quality_against_time
from bench.report.protocols import learning_curve, noise, scaling, time_to_target, transfer, tuned
from bench.report.tree import Figure
from bench.report.variants import quality_against_variant

__all__ = ["GENERAL", "PROTOCOL_FIGURES", "PROTOCOL_FINDINGS", "figures", "findings"]

GENERAL: tuple[Figures, ...] = (quality_against_variant, quality_against_time, learning_curves)
# A protocol with figures of its own has an entry: its name and what is drawn in place of the general ones.
PROTOCOL_FIGURES: Mapping[str, tuple[Figures, ...]] = {
    "learning-curve": (learning_curve.figures,),
    "noise": (noise.figures,),
    "scaling": (scaling.figures,),
    "time-to-target": (time_to_target.figures, learning_curves),
    "transfer": (transfer.figures,),
    "tuned": (tuned.figures,),
}
# What a protocol has to say beside what any table says.
PROTOCOL_FINDINGS: Mapping[str, Findings] = {
    "learning-curve": learning_curve.findings,
    "noise": noise.findings,
    "scaling": scaling.findings,
    "time-to-target": time_to_target.findings,
    "transfer": transfer.findings,
    "tuned": tuned.findings,
}


def figures(material: Material) -> tuple[Figure, ...]:
    """Return the figures of a section; a protocol that is not known here gets the general ones."""
    makers = PROTOCOL_FIGURES.get(material.protocol, GENERAL)
    return tuple(figure for maker in makers for figure in maker(material))


def findings(material: Material) -> tuple[str, ...]:
    """Return the sentences that a section's protocol adds to those of its table."""
    maker = PROTOCOL_FINDINGS.get(material.protocol)
    return tuple(maker(material)) if maker is not None else ()
