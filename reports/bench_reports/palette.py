"""The colour of each model and the shape of its family: one of each in every figure of every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.report.blocks import Model
from bench.specs import Family

__all__ = ["COLOURS", "GREY", "ON_DARK", "SHAPES", "colours"]

# fmt: off
# Ten hues of OKLCH, neighbours far from each other for people who see no red and green, too; then the same ones
# darker. Each stands out from white by a contrast of at least 3.7.
COLOURS = (
    "#3a84ca", "#c46016", "#2d9570", "#c74c8e", "#886acf", "#95760a", "#1590a1", "#d24c49", "#698722", "#987a5d",
    "#014f8a", "#7b3702", "#065b41", "#8a085a", "#553494", "#584503", "#025763", "#940015", "#3c5004", "#62472c",
)
# The same hues for a near-black page, the second ten lighter there. Contrast of at least 6.
ON_DARK = (
    "#5aa3ec", "#e77f3e", "#51b48d", "#e96cad", "#a689f1", "#b59432", "#43afc1", "#f66d67", "#86a645", "#b7987b",
    "#aed5ff", "#fdc2a2", "#a1e2c5", "#febad9", "#d4c8ff", "#e0c98b", "#9adeea", "#ffbfb8", "#bdd594", "#e3ccb7",
)
# fmt: on
# What models are measured against.
GREY = "#868c96"
SHAPES: Mapping[Family, str] = {"shallow": "circle", "deep": "square", "generative": "diamond"}


def colours(models: Iterable[Model]) -> dict[str, str]:
    """Return the colour of every model by its label: the n-th has the n-th, beginning again after the last."""
    labels = dict.fromkeys(model.label for model in models)
    return {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(labels)}
