"""Airline passengers: how many flew in each of 144 months, ever more, and most of them in summer."""

from __future__ import annotations

from bench.data import Dataset
from bench.sources import DataSource
from bench_data.steps import read_steps

__all__ = ["load"]


def load(source: DataSource) -> Dataset:
    """Return the months from January 1949 to December 1960. x: (144, 1) float32, thousands of passengers."""
    return Dataset.cut(source.spec, read_steps(source, "airline-passengers/airline-passengers.csv", ("Passengers",)))
