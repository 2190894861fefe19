"""El Niño: the temperature of the sea off Peru in each month from 1950 to 2010; statsmodels carries the file."""

from __future__ import annotations

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.steps import read_steps

__all__ = ["load"]

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def load(source: DataSource) -> Dataset:
    """Return 61 years of months. x: (732, 1) float32, °C, region Niño 1+2."""
    # The file has a line for each year and a column for each month.
    years = read_steps(source, "datasets/elnino/elnino.csv", MONTHS)
    return Dataset.cut(source.spec, Split(years.x.reshape(-1, 1)))
