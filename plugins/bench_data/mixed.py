"""Turn the rows of a CSV file into numbers: categories as their codes, gaps as NaN."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from bench.errors import DataError
from bench.sources import DataSource
from bench_data.columns import Columns

__all__ = ["coded", "read_records", "records_of"]

Row = dict[str, str]


def read_records(source: DataSource, path: str, *, delimiter: str = ",") -> list[Row]:
    """Return the rows of a CSV file whose first line names its columns."""
    lines = source.read(path).decode("utf-8").splitlines()
    return list(csv.DictReader(lines, delimiter=delimiter))


def records_of(lines: Iterable[str], names: Sequence[str]) -> list[Row]:
    """Return rows of a file without a heading; empty lines are left out."""
    rows = csv.reader((line for line in lines if line.strip()), skipinitialspace=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def coded(rows: Sequence[Row], columns: Columns, name: str, *, gap: str = "") -> npt.NDArray[np.float32]:
    """Return (rows, columns) float32 in the order of `columns`.

    gap: what stands in the file where a value is missing; spaces around values do not count.
    Raises DataError, naming the data set, the line and the column, for a value that is no number or no known category.
    """
    found = np.empty((len(rows), len(columns)), np.float32)
    for place, (column, categories) in enumerate(columns.items()):
        codes = {category: float(code) for code, category in enumerate(categories)}
        codes[gap] = float("nan")
        for line, row in enumerate(rows):
            value = row[column].strip()
            try:
                found[line, place] = codes[value] if categories or value == gap else float(value)
            except (KeyError, ValueError):
                allowed = f"one of {', '.join(categories)}" if categories else "a number"
                raise DataError(
                    f"data set {name!r}, row {line + 1}: {column} is {value!r}, and should be {allowed}"
                ) from None
    return found
