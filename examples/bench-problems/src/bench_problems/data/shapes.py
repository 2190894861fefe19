"""Discs, boxes and rings on a plain ground, drawn when they are asked for: no file, the same ones for ever."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.data import Dataset, Split
from bench.sources import DataSource

__all__ = ["COUNT", "SIDE", "load"]

COUNT, SIDE = 1200, 16
# So many points per pixel and axis decide how much of it a shape covers.
POINTS = 4


def load(source: DataSource) -> Dataset:
    """Return the images. x: (1200, 1, 16, 16) uint8, 256 grey levels; strata: (1200,) int64, the kind of the shape."""
    generator = np.random.RandomState(1)
    kinds = np.arange(COUNT) % 3
    images = np.stack([_image(generator, int(kind)) for kind in kinds])
    return Dataset.cut(source.spec, Split(images[:, None], strata=kinds.astype(np.int64)))


def _image(generator: np.random.RandomState, kind: int) -> npt.NDArray[np.uint8]:
    """Draw one disc (0), box (1) or ring (2) of random place, size, turn and brightness."""
    at = (np.arange(SIDE * POINTS) + 0.5) / POINTS
    (row, column), radius, turn = generator.uniform(5, 11, 2), generator.uniform(2.5, 5), generator.uniform(0, np.pi)
    ground, ink = generator.permutation([generator.uniform(0, 0.4), generator.uniform(0.6, 1)])
    down, right = np.meshgrid(at - row, at - column, indexing="ij")
    distance = np.hypot(down, right)
    if kind == 1:
        turned = np.cos(turn) * down + np.sin(turn) * right, np.cos(turn) * right - np.sin(turn) * down
        distance = np.maximum(np.abs(turned[0]), 1.5 * np.abs(turned[1]))
    inside = (distance < radius) & ((kind != 2) | (distance > radius / 2))
    covered = inside.reshape(SIDE, POINTS, SIDE, POINTS).mean((1, 3))
    return np.round(255 * (ground + (ink - ground) * covered)).astype(np.uint8)
