"""Copy memory: ten symbols stand at the beginning of a sequence, and are to be repeated at its end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.generated import in_parts
from bench_data.memory import ALL, COPIED, SYMBOLS

__all__ = ["draw", "load"]

SEED = 20_242
BLANK, GO = 0, SYMBOLS + 1
NOT_ASKED = -1


def draw(count: int, lag: int, random: np.random.RandomState) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return x and y, (count, lag + 20) tokens: 0 blank, 1 to 8 symbols, 9 the sign to repeat.

    x: ten symbols, `lag` blanks, ten signs. y: at the signs the ten symbols in their order, nothing asked before. What
    is asked of the blanks elsewhere, that they be called blank, tells nothing. Chance: one of eight.
    """
    symbols = random.randint(1, SYMBOLS + 1, (count, COPIED))
    x = np.full((count, lag + 2 * COPIED), BLANK, np.int64)
    y = np.full_like(x, NOT_ASKED)
    x[:, :COPIED], x[:, -COPIED:], y[:, -COPIED:] = symbols, GO, symbols
    return x, y


def load(source: DataSource) -> Dataset:
    """Return the sequences of the length that the spec declares."""
    lag = source.spec.inputs.sizes[0] - 2 * COPIED
    return in_parts(source.spec, Split(*draw(ALL, lag, np.random.RandomState(SEED))))
