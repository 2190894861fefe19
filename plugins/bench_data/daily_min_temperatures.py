"""Daily minimum temperatures of Melbourne over ten years, 1981 to 1990."""

from __future__ import annotations

from bench.data import Dataset
from bench.sources import DataSource
from bench_data.steps import read_steps

__all__ = ["load"]


def load(source: DataSource) -> Dataset:
    """Return ten years of 365 days: the file leaves the 29th of February out. x: (3650, 1) float32, °C."""
    return Dataset.cut(source.spec, read_steps(source, "daily-min-temperatures/daily-min-temperatures.csv", ("Temp",)))
