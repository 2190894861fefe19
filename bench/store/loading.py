"""What a notebook reads from a store, without opening it by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import StoreError
from bench.record import RunRecord
from bench.store.base import Store

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["kept_arrays", "load_answers", "load_records"]


def load_records(location: str | Path) -> pd.DataFrame:
    """Return a store as a pandas frame: one row per run (its newest attempt), failed ones included.

    Columns: the plan (`suite`, `label`, `dataset`, `seed` …), `status`, times in seconds, memory in bytes,
    `score.<name>` for every score and `hyperparameter.<name>` for every hyperparameter.
    """
    import pandas as pd

    from bench.store import open_store

    with open_store(location, create=False) as store:
        return pd.DataFrame([record.row() for record in store.records()])


def load_answers(location: str | Path, run_prefix: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return what the one run whose id begins so answered for every test sample, and the truth it is scored against.

    Both by name, in the order of the test part, such as `probabilities` (n, k) and `labels` (n,); of the newest
    attempt. Raises UnknownName for no run or several, StoreError where the run kept no answer.
    """
    from bench.store import open_store

    with open_store(location, create=False) as store:
        return kept_arrays(store, store.find(run_prefix)[-1])


def kept_arrays(store: Store, record: RunRecord) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the answer of one stored attempt and its truth, by name; no truth gives no arrays.

    Raises StoreError where the attempt kept no answer.
    """
    from bench.arrays import unpack

    answer = store.answer(record)
    if answer is None:
        why = (
            "runs made before answers were kept have none. bench run SUITE --repeat makes it again"
            if record.is_ok
            else f"it ended as {record.status}"
        )
        which = f"attempt {record.attempt} of run {record.run.run_id}"
        raise StoreError(f"{which} kept no answer in {store.location}: {why}")
    return unpack(answer), unpack(store.truth(record.truth)) if record.truth else {}
