"""Images read as sequences, row by row or pixel by pixel, and images whose pixels stand in one other order."""

from __future__ import annotations

from dataclasses import replace

from bench import DatasetSpec, Space

__all__ = ["scanned"]

CITATION = "Q. Le, N. Jaitly, G. Hinton: A simple way to initialize recurrent networks of rectified linear units, 2015"


def scanned(spec: DatasetSpec, loader: str) -> tuple[DatasetSpec, ...]:
    """Return what can be made of a set of grey images: its rows, its pixels, both orders of these, other images."""
    _, height, width = spec.inputs.sizes
    rows, pixels = Space("tc", (height, width)), Space("tc", (height * width, 1))
    what, _, values = spec.summary.rpartition(", ")
    made = (
        ("rows", rows, f"{what}, read row by row: {height} steps of {width} values"),
        ("pixels", pixels, f"{what}, read pixel by pixel: {height * width} steps"),
        ("pixels-permuted", pixels, f"{what}, read pixel by pixel in one random order"),
        ("permuted", spec.inputs, f"{what}, {values}, their pixels in one random order"),
    )
    return tuple(
        replace(
            spec,
            name=f"{spec.name}-{name}",
            target=f"bench_data.{loader}:load_{name.replace('-', '_')}",
            summary=summary,
            inputs=replace(space, bounds=spec.inputs.bounds),
            citation=f"{spec.citation}; {CITATION}",
        )
        for name, space, summary in made
    )
