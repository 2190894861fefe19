"""Handwritten digits of 8 × 8 pixels, as scikit-learn carries them."""

from __future__ import annotations

import io

import numpy as np

from bench.data import Dataset, DataSource, Split
from bench_data.table import cut

__all__ = ["load"]

CLASS_NAMES = tuple("0123456789")
GREY_LEVELS = 16.0


def load(source: DataSource) -> Dataset:
    """Return the digits. x: (n, 1, 8, 8) float32 in [0, 1], 17 grey levels; y: (n,) int64."""
    table = np.loadtxt(io.BytesIO(source.read("datasets/data/digits.csv")), delimiter=",", dtype=np.float32)
    images = (table[:, :-1] / GREY_LEVELS).reshape(-1, 1, 8, 8)
    return cut(Split(images, table[:, -1].astype(np.int64)), CLASS_NAMES)
