"""Find places for labels beside their points, where they cover neither points nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

__all__ = ["Box", "place"]

# Multiples of the gap between a point and its label, the nearest first.
DISTANCES = (1.0, 2.0, 4.0, 6.0, 9.0)
# Horizontal and vertical direction of a label from its point: beside it first, then above and below, then across.
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))


class Box(NamedTuple):
    """A rectangle with sides along the axes."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """Return the area both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(width, 0.0) * max(height, 0.0)

    def area(self) -> float:
        """Return the area."""
        return (self.right - self.left) * (self.top - self.bottom)


def place(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    frame: Box,
    gap: float,
    obstacles: Sequence[Box] = (),
) -> list[Box]:
    """Return where each label goes, in the order of the points: the first place that is free, else the least covered.

    points: centres; sizes: width and height of each label; gap: between a point and its label; obstacles: what else
    should not be covered, such as intervals. One unit for all.
    """
    taken = [Box(x - gap / 2, y - gap / 2, x + gap / 2, y + gap / 2) for x, y in points] + list(obstacles)
    found = []
    for point, size in zip(points, sizes, strict=True):
        choices = [_beside(point, size, gap * far, side) for far, side in product(DISTANCES, DIRECTIONS)]
        best = min(choices, key=lambda box: _cost(box, taken, frame))
        taken.append(best)
        found.append(best)
    return found


def _beside(point: tuple[float, float], size: tuple[float, float], gap: float, side: tuple[int, int]) -> Box:
    (x, y), (width, height), (right, up) = point, size, side
    left = x - width / 2 + right * (width / 2 + gap)
    bottom = y - height / 2 + up * (height / 2 + gap)
    return Box(left, bottom, left + width, bottom + height)


def _cost(box: Box, taken: Sequence[Box], frame: Box) -> float:
    outside = box.area() - box.overlap(frame)
    # What lies outside cannot be read at all; what is covered still can.
    return 10 * outside + sum(box.overlap(each) for each in taken)
