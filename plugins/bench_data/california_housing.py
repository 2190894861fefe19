"""California housing: the median value of houses in 20,640 districts of 1990."""

from __future__ import annotations

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.columns import CALIFORNIA_HOUSING
from bench_data.mixed import coded, read_records

__all__ = ["load"]

VALUE = "median_house_value"
UNIT = 100_000


def load(source: DataSource) -> Dataset:
    """Return the districts. x: (n, 9) float32, some total_bedrooms missing; y: in 100,000 $, capped at 5.00001."""
    rows = read_records(source, "california-housing/housing.csv")
    values = coded(rows, {VALUE: ()}, source.spec.name)[:, 0] / UNIT
    return Dataset.cut(source.spec, Split(coded(rows, CALIFORNIA_HOUSING, source.spec.name), values))
