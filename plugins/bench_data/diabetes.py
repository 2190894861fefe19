"""Diabetes: how far the disease went in a year, from ten measures at its start; scikit-learn carries the files."""

from __future__ import annotations

import io

import numpy as np

from bench.data import Dataset, Split
from bench.sources import DataSource

__all__ = ["load"]

SEX = 1


def load(source: DataSource) -> Dataset:
    """Return the patients. x: (442, 10) float32, sex as category 0 or 1; y: (442,) float32, 25 to 346."""
    table = np.loadtxt(io.BytesIO(source.read("datasets/data/diabetes_data_raw.csv")), dtype=np.float32)
    # The file counts from 1, categories from 0.
    table[:, SEX] -= 1
    progression = np.loadtxt(io.BytesIO(source.read("datasets/data/diabetes_target.csv")), dtype=np.float32)
    return Dataset.cut(source.spec, Split(table, progression))
