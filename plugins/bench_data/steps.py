"""Read a series from a CSV file: a column of dates, which is left out, and a column for each series."""

from __future__ import annotations

from bench.data import Split
from bench.sources import DataSource
from bench_data.mixed import coded, read_records

__all__ = ["read_steps"]


def read_steps(source: DataSource, path: str, columns: tuple[str, ...] = ()) -> Split:
    """Return the steps in the order of the file, (steps, series) float32.

    columns: how the file calls the series; by default as the data set does. Raises DataError for what is no number,
    a gap included.
    """
    rows = read_records(source, path)
    names = dict.fromkeys(columns or source.spec.inputs.names, ())
    # No text is a gap: an empty value is as wrong as any other that is no number.
    return Split(coded(rows, names, source.spec.name, gap="\0"))
