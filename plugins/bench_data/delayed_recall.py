"""Delayed recall: a row of symbols; which one came first?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.generated import in_parts
from bench_data.memory import ALL, SYMBOLS

__all__ = ["draw", "load"]

SEED = 20_243


def draw(count: int, lag: int, random: np.random.RandomState) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return x, (count, lag + 1): one of eight symbols at each step, and y, (count,): the one at the first.

    Those that follow look like it, so that nobody tells it who does not keep the order. Chance: one of eight.
    """
    x = random.randint(0, SYMBOLS, (count, lag + 1)).astype(np.int64)
    return x, x[:, 0].copy()


def load(source: DataSource) -> Dataset:
    """Return the sequences of the length that the spec declares."""
    lag = source.spec.inputs.sizes[0] - 1
    return in_parts(source.spec, Split(*draw(ALL, lag, np.random.RandomState(SEED))))
