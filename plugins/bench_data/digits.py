"""Handwritten digits of 8 × 8 pixels, as scikit-learn carries them."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.scanning import permuted, pixels, pixels_permuted, rows

__all__ = [
    "load",
    "load_high",
    "load_low",
    "load_permuted",
    "load_pixels",
    "load_pixels_permuted",
    "load_rows",
]

GREY_LEVELS = 16.0


def load(source: DataSource) -> Dataset:
    """Return the digits. x: (n, 1, 8, 8) float32 in [0, 1], 17 grey levels; y: (n,) int64."""
    table = np.loadtxt(io.BytesIO(source.read("datasets/data/digits.csv")), delimiter=",", dtype=np.float32)
    images = (table[:, :-1] / GREY_LEVELS).reshape(-1, 1, 8, 8)
    return Dataset.cut(source.spec, Split(images, table[:, -1].astype(np.int64)))


def load_low(source: DataSource) -> Dataset:
    """Return the digits 0 to 4, each in the part it has in `digits`; y: 0 … 4."""
    return _only(load(source), range(5))


def load_high(source: DataSource) -> Dataset:
    """Return the digits 5 to 9, each in the part it has in `digits`; y: 0 … 4."""
    return _only(load(source), range(5, 10))


def load_rows(source: DataSource) -> Dataset:
    """Return the same images as 8 rows of 8 each."""
    return rows(load(source))


def load_pixels(source: DataSource) -> Dataset:
    """Return the same images as 64 pixels each, in the order of reading."""
    return pixels(load(source))


def load_pixels_permuted(source: DataSource) -> Dataset:
    """Return the same images as 64 pixels each, in one random order."""
    return pixels_permuted(load(source))


def load_permuted(source: DataSource) -> Dataset:
    """Return the same images with their pixels in that order."""
    return permuted(load(source))


def _only(whole: Dataset, labels: range) -> Dataset:
    def part(split: Split) -> Split:
        kept = split.take(np.flatnonzero(np.isin(split.layers(), labels)))
        return replace(kept, y=kept.layers() - labels.start)

    return Dataset(whole.spec, part(whole.train), part(whole.validation), part(whole.test))
