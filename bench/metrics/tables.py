"""Compare drawn rows of numbers with real ones: energy distance, columns, correlations, and modes of known places.

Pure functions of NumPy arrays: real (n, d) and fake (m, d) rows, with columns of one scale where distances are taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import NotEnoughSamples
from bench.metrics.neighbours import blocks

__all__ = ["Modes", "correlation_error", "energy_distance", "marginal_distance", "modes_of", "two_sample_accuracy"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# Of a mode's training rows, those that count as good: in two dimensions the share of a normal distribution within three
# standard deviations, by which the modes of rings and grids are counted.
GOOD = 0.989


def energy_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| of real X and fake Y; 0 on average where both are alike, else larger.

    Without bias, so that it may lie a little below 0 and does not depend on the number of rows. Raises NotEnoughSamples
    below 2 rows. Source: Székely and Rizzo, 2013 (Energy statistics), eq. 2.5, with U-statistics.
    """
    a, b = _rows(real, fake)
    return 2 * _mean_distance(a, b) - _mean_distance(a, a) - _mean_distance(b, b)


def marginal_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """Mean over columns of the Kolmogorov-Smirnov distance; in [0, 1], lower is better."""
    a, b = _rows(real, fake)
    return float(np.mean([_kolmogorov(x, y) for x, y in zip(a.T, b.T, strict=True)]))


def correlation_error(real: ArrayLike, fake: ArrayLike) -> float:
    """Mean absolute difference of the correlations of all pairs of columns; in [0, 2], lower is better.

    A column that does not vary correlates with none. 0 where there is one column alone.
    """
    a, b = (_correlations(rows) for rows in _rows(real, fake))
    pairs = np.triu_indices(len(a), 1)
    return float(np.abs(a[pairs] - b[pairs]).mean()) if len(pairs[0]) else 0.0


def two_sample_accuracy(real: ArrayLike, fake: ArrayLike) -> float:
    """Share of rows whose nearest other row is of their own kind; 0.5 where nobody can tell real from fake, at most 1.

    Of as many real as fake rows, the first ones. Below 0.5 fake rows lie too near to real ones, as copies do.
    Source: the 1-NN classifier two-sample test, Lopez-Paz and Oquab, 2017.
    """
    a, b = _rows(real, fake)
    n = min(len(a), len(b))
    rows, is_real = np.concatenate([a[:n], b[:n]]), np.arange(2 * n) < n
    own, other = np.empty(2 * n), np.empty(2 * n)
    for kind in (True, False):
        same, different = rows[is_real == kind], rows[is_real != kind]
        own[is_real == kind] = np.concatenate([block.smallest((1,))[:, 0] for block in blocks(same, same)])
        other[is_real == kind] = np.concatenate([block.smallest((0,))[:, 0] for block in blocks(same, different)])
    # Of neighbours at one distance either may be the nearest.
    return float(((own < other) + (own == other) / 2).mean())


class Modes(NamedTuple):
    """Where the classes of training rows lie: centres, (k, d), and the radii, (k,), around nearly all rows of each."""

    centres: Floats
    radii: Floats

    def nearest(self, rows: ArrayLike) -> tuple[Indices, NDArray[np.bool_]]:
        """Return the mode that each row, (m, d), lies nearest to in units of its radius, and whether it is inside."""
        values = np.asarray(rows, np.float64)
        distances = np.linalg.norm(values[:, None] - self.centres, axis=2) / self.radii
        found = distances.argmin(1)
        return found, distances[np.arange(len(values)), found] <= 1


def modes_of(rows: ArrayLike, classes: ArrayLike, class_count: int) -> Modes:
    """Return the modes of training rows, (n, d), with their classes, (n,); every class has rows.

    The radius holds 98.9 % of a class's rows. Source of the idea: Srivastava et al., 2017 (VEEGAN), sec. 4.1.
    """
    values, labels = np.asarray(rows, np.float64), np.asarray(classes)
    parts = [values[labels == label] for label in range(class_count)]
    if min(map(len, parts), default=0) < 2:
        raise NotEnoughSamples("the place of a mode needs at least 2 training rows of each class")
    centres = np.stack([part.mean(0) for part in parts])
    radii = [
        np.quantile(np.linalg.norm(part - centre, axis=1), GOOD) for part, centre in zip(parts, centres, strict=True)
    ]
    return Modes(centres, np.maximum(radii, np.finfo(np.float64).tiny))


def _mean_distance(a: Floats, b: Floats) -> float:
    """Mean distance of rows of a to rows of b; of a set to itself, to all other rows."""
    total = sum(float(np.linalg.norm(b - row, axis=1).sum()) for row in a)
    return total / (len(a) * (len(b) - (a is b)))


def _kolmogorov(x: Floats, y: Floats) -> float:
    places = np.concatenate([x, y])
    shares = (np.searchsorted(np.sort(each), places, side="right") / len(each) for each in (x, y))
    first, second = shares
    return float(np.abs(first - second).max())


def _correlations(rows: Floats) -> Floats:
    centred = rows - rows.mean(0)
    norms = np.linalg.norm(centred, axis=0)
    scaled = np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 0)
    found: Floats = scaled.T @ scaled
    return found


def _rows(real: ArrayLike, fake: ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"rows must be (n, d) and (m, d), got shapes {a.shape} and {b.shape}")
    for which, rows in (("real", a), ("fake", b)):
        if len(rows) < 2:
            raise NotEnoughSamples(f"a distance between tables needs at least 2 {which} rows, got {len(rows)}")
    return a, b
