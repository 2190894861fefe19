"""Sunspots: how many were seen in each year from 1700 to 2008; statsmodels carries the file."""

from __future__ import annotations

from bench.data import Dataset
from bench.sources import DataSource
from bench_data.steps import read_steps

__all__ = ["load"]


def load(source: DataSource) -> Dataset:
    """Return 309 years. x: (309, 1) float32, the yearly mean of the sunspot number."""
    return Dataset.cut(source.spec, read_steps(source, "datasets/sunspots/sunspots.csv", ("SUNACTIVITY",)))
