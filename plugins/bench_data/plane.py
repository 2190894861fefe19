"""Densities in the plane whose truth is known: a ring of 8 modes, a grid of 25, a roll."""

from __future__ import annotations

import numpy as np

from bench.data import Dataset, Split
from bench.sources import DataSource

__all__ = ["load_grid", "load_ring", "load_roll"]

SIZES = {"train": 4000, "validation": 1000, "test": 2000}
# NumPy's old generator gives the same numbers in every version.
SEED = 8
ROLL_NOISE = 0.05

# Modes and deviations as in Srivastava et al., 2017, and Lin et al., 2018 (PacGAN).
RING_RADIUS, RING_DEVIATION = 1.0, 0.01
GRID_PLACES, GRID_DEVIATION = (-4.0, -2.0, 0.0, 2.0, 4.0), 0.05


def load_ring(source: DataSource) -> Dataset:
    """Return 8 normal distributions of deviation 0.01 on a circle of radius 1."""
    angles = 2 * np.pi * np.arange(8) / 8
    return _modes(source, RING_RADIUS * np.stack([np.cos(angles), np.sin(angles)], 1), RING_DEVIATION)


def load_grid(source: DataSource) -> Dataset:
    """Return 25 normal distributions of deviation 0.05 on a square grid, 2 apart."""
    places = np.array([(x, y) for x in GRID_PLACES for y in GRID_PLACES])
    return _modes(source, places, GRID_DEVIATION)


def load_roll(source: DataSource) -> Dataset:
    """Return a spiral of one and a half turns: the Swiss roll seen from its side, scaled to [-1, 1], with noise."""

    def drawn(random: np.random.RandomState, count: int) -> Split:
        angle = 1.5 * np.pi * (1 + 2 * random.uniform(size=count))
        points = angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) / (4.5 * np.pi)
        # No point may leave the bounds.
        noise = random.normal(scale=ROLL_NOISE / 5, size=points.shape).clip(-ROLL_NOISE, ROLL_NOISE)
        return Split((points + noise).astype(np.float32))

    random = np.random.RandomState(SEED)
    return Dataset(source.spec, *(drawn(random, count) for count in SIZES.values()))


def _modes(source: DataSource, centres: np.ndarray[tuple[int, ...], np.dtype[np.float64]], deviation: float) -> Dataset:
    random = np.random.RandomState(SEED)
    parts = []
    for count in SIZES.values():
        labels = random.randint(0, len(centres), count)
        points = centres[labels] + deviation * random.normal(size=(count, 2))
        parts.append(Split(points.astype(np.float32), labels.astype(np.int64)))
    return Dataset(source.spec, *parts)
