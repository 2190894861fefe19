"""Read the tables that scikit-learn carries, without importing it."""

from __future__ import annotations

import io

import numpy as np

from bench.data import Dataset, Split
from bench.errors import DataError
from bench.sources import DataSource

__all__ = ["read_table"]


def read_table(source: DataSource, path: str) -> Dataset:
    """Return a table whose first line is `rows,columns,class names…` and whose last column is the class.

    x: (n, columns) float32 as it stands in the file; y: (n,) int64. Test is 20 % of each class, validation
    20 % of the rest. Raises DataError where the numbers of rows or columns are not those announced.
    """
    text = source.read(path)
    rows, columns, *class_names = text.partition(b"\n")[0].decode().strip().split(",")
    table = np.loadtxt(io.BytesIO(text), delimiter=",", skiprows=1, ndmin=2)
    if table.shape != (int(rows), int(columns) + 1):
        raise DataError(f"{path} announces {rows} rows of {columns} columns and holds {table.shape}")
    declared = source.spec.targets.names if source.spec.targets is not None else ()
    if tuple(class_names) != declared:
        raise DataError(f"{path} announces the classes {class_names}; data set {source.spec.name!r} has {declared}")
    return Dataset.cut(source.spec, Split(table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64)))
