"""Wine quality: what tasters said of 6,497 wines of which eleven measures were taken."""

from __future__ import annotations

import numpy as np

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.columns import WINE_QUALITY
from bench_data.mixed import coded, read_records

__all__ = ["load"]

QUALITY = "quality"


def load(source: DataSource) -> Dataset:
    """Return red and white wines. x: (n, 12) float32, the last column 0 for red, 1 for white; y: 3 to 9.

    1,179 rows repeat another, maybe one wine by several tasters: equal rows are a group, which no cut tears apart.
    """
    rows = [
        {**row, "colour": colour}
        for colour in WINE_QUALITY["colour"]
        for row in read_records(source, f"wine-quality/winequality-{colour}.csv", delimiter=";")
    ]
    x = coded(rows, WINE_QUALITY, source.spec.name)
    y = coded(rows, {QUALITY: ()}, source.spec.name)[:, 0]
    groups = np.unique(x, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    # Tenths of grades from 3 to 9 would be no tenths: the grades themselves are the strata.
    return Dataset.cut(source.spec, Split(x, y, strata=y.astype(np.int64), groups=groups))
