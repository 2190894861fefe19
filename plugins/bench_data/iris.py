"""Fisher's flowers, as scikit-learn carries them."""

from __future__ import annotations

from bench.data import Dataset
from bench.sources import DataSource
from bench_data.table import read_table

__all__ = ["load"]


def load(source: DataSource) -> Dataset:
    """Return the table, cut into train, validation and test."""
    return read_table(source, "datasets/data/iris.csv")
