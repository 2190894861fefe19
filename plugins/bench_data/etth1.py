"""ETTh1: loads and oil temperature of an electricity transformer, hour by hour, cut as the literature does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bench.data import Dataset
from bench.sources import DataSource
from bench_data.steps import read_steps

__all__ = ["load"]

# Months of 30 days: 12 to train on, 4 for validation, 4 to test (Zhou et al., 2021). The file goes on for four more.
MONTH = 30 * 24
ENDS = (0, 12 * MONTH, 16 * MONTH, 20 * MONTH)


def load(source: DataSource) -> Dataset:
    """Return the hours from July 2016 on: 8,640, 2,880 and 2,880. x: (hours, 7) float32, six loads and then °C."""
    hours = read_steps(source, "ETT-small/ETTh1.csv")
    train, validation, test = (hours.take(np.arange(*ends)) for ends in pairwise(ENDS))
    return Dataset(source.spec, train, validation, test)
