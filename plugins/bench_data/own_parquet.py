"""Read a Parquet file as a table of strings, as if it had been written as text."""

from __future__ import annotations

import io
from typing import Any

from bench.errors import DataError, MissingExtra
from bench_data.own_text import Table

__all__ = ["parquet_table"]


def parquet_table(content: bytes, place: str) -> Table:
    """Return the table of a Parquet file; raises MissingExtra without pyarrow, DataError where the file is broken."""
    import pandas as pd

    try:
        frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    except ImportError as error:
        raise MissingExtra(f"reading {place}", ["pyarrow"], "pip install 'depthbench[parquet]'") from error
    except (OSError, ValueError) as error:
        raise DataError(
            f"{place} is no Parquet file that can be read ({error}). Write it again, or save it as CSV"
        ) from error
    if not len(frame) or not len(frame.columns):
        raise DataError(
            f"{place} has {len(frame)} rows of {len(frame.columns)} columns: nothing can be learned from it"
        )
    columns = {str(name): [_text(value) for value in frame[name].tolist()] for name in frame.columns}
    return Table(place, columns, list(range(1, len(frame) + 1)), "row", ("a Parquet file",))


def _text(value: Any) -> str:
    # NaN and NaT are not equal to themselves.
    return "" if value is None or value != value else str(value).strip()
