"""What a notebook reads from a store, without opening it by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_records"]


def load_records(location: str | Path) -> pd.DataFrame:
    """Return a store as a pandas frame: one row per run (its newest attempt), failed ones included.

    Columns: the plan (`suite`, `label`, `dataset`, `seed` …), `status`, times in seconds, memory in bytes,
    `score.<name>` for every score and `hyperparameter.<name>` for every hyperparameter.
    """
    import pandas as pd

    from bench.store import open_store

    with open_store(location, create=False) as store:
        return pd.DataFrame([record.row() for record in store.records()])
