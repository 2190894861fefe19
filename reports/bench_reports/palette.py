"""The colour of each model and the shape of its family: one of each in every figure of every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.report.blocks import Model
from bench.specs import Family

__all__ = ["COLOURS", "GREY", "SHAPES", "colours"]

# Ten hues that stay distinct on white and on near-black, and for people who see no red and green.
COLOURS = ("#3b82c4", "#e07b39", "#3a9d7a", "#c2528b", "#8a6fc9", "#b8962e", "#4aa3b8", "#d2565a", "#7a8b3c", "#8c7a6b")
# What models are measured against.
GREY = "#868c96"
SHAPES: Mapping[Family, str] = {"shallow": "circle", "deep": "square", "generative": "diamond"}


def colours(models: Iterable[Model]) -> dict[str, str]:
    """Return the colour of every model by its label: the n-th has the n-th, beginning again after the last."""
    labels = dict.fromkeys(model.label for model in models)
    return {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(labels)}
