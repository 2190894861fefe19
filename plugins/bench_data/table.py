"""Read the tables that scikit-learn carries, without importing it."""

from __future__ import annotations

import io

import numpy as np

from bench.data import Dataset, DataSource, Split, split
from bench.errors import DataError

__all__ = ["cut", "read_table"]

# Shares of all that is not yet cut off; the salts keep the two cuts apart.
TEST_SHARE, TEST_SALT = 0.2, 0
VALIDATION_SHARE, VALIDATION_SALT = 0.2, 1


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
    return cut(Split(table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64)), tuple(class_names))


def cut(whole: Split, class_names: tuple[str, ...]) -> Dataset:
    """Cut data that comes without an official test part: 64 % train, 16 % validation, 20 % test."""
    rest, test = split(whole.x, whole.y, share=TEST_SHARE, salt=TEST_SALT)
    train, validation = split(rest.x, rest.y, share=VALIDATION_SHARE, salt=VALIDATION_SALT)
    return Dataset(train, validation, test, class_names)
