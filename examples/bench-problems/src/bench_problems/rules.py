"""What needs cannot say: rules between input and target. Planning asks them, so nothing heavy is imported here."""

from __future__ import annotations

from bench import Space

__all__ = ["enlarges"]


def enlarges(given: Space | None, wanted: Space | None) -> str:
    """Are height and width multiplied by one whole number, and the channels kept? Return the complaint."""
    if given is None or wanted is None or given.axes != wanted.axes or given.axes != "chw":
        return f"takes small images and gives large ones; here are {given or 'nothing'} and {wanted or 'nothing'}"
    (channels, height, width), (large_channels, large_height, large_width) = given.sizes, wanted.sizes
    factor = large_height // height
    if factor > 1 and (large_channels, large_height, large_width) == (channels, factor * height, factor * width):
        return ""
    return f"multiplies both sides of an image by one whole number; here are {given} and {wanted}"
