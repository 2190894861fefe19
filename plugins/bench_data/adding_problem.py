"""The adding problem: of a long series of random numbers two are marked, and their sum is asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.generated import in_parts
from bench_data.memory import ALL

__all__ = ["draw", "load"]

SEED = 20_241


def draw(
    count: int, length: int, random: np.random.RandomState
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return x, (count, length, 2): numbers from [0, 1) beside marks of 0 and 1, and y, (count,): the marked sum.

    One mark lies in the first half, one in the second (Bai et al., 2018, section 4.1). Whoever always says one, the
    mean, errs by a sixth, squared.
    """
    values = random.random_sample((count, length)).astype(np.float32)
    half = length // 2
    places = np.stack([random.randint(0, half, count), random.randint(half, length, count)], 1)
    marks = np.zeros((count, length), np.float32)
    np.put_along_axis(marks, places, np.float32(1), 1)
    sums = np.take_along_axis(values, places, 1).sum(1)
    return np.stack([values, marks], 2), sums.astype(np.float32)


def load(source: DataSource) -> Dataset:
    """Return the series of the length that the spec declares."""
    x, y = draw(ALL, source.spec.inputs.sizes[0], np.random.RandomState(SEED))
    return in_parts(source.spec, Split(x, y))
