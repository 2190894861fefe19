"""Choose the figures of a section: the general ones, or those its protocol asks for."""

from __future__ import annotations

from collections.abc import Mapping

from bench.report.learning import learning_curves
from bench.report.material import Figures, Material
from bench.report.pareto import quality_against_time
from bench.report.tree import Figure
from bench.report.variants import quality_against_variant

__all__ = ["GENERAL", "PROTOCOL_FIGURES", "figures"]

GENERAL: tuple[Figures, ...] = (quality_against_variant, quality_against_time, learning_curves)
# A protocol with figures of its own has an entry: its name and what is drawn in place of the general ones.
PROTOCOL_FIGURES: Mapping[str, tuple[Figures, ...]] = {}


def figures(material: Material) -> tuple[Figure, ...]:
    """Return the figures of a section; a protocol that is not known here gets the general ones."""
    makers = PROTOCOL_FIGURES.get(material.protocol, GENERAL)
    return tuple(figure for maker in makers for figure in maker(material))
