"""Census income: does somebody earn more than 50,000 $ a year? Training and test part are the publisher's files."""

from __future__ import annotations

import numpy as np

from bench.data import Dataset, Split, split
from bench.sources import DataSource
from bench_data.columns import ADULT
from bench_data.mixed import coded, records_of

__all__ = ["load"]

INCOME = "income"


def load(source: DataSource) -> Dataset:
    """Return 26,049 / 6,512 / 16,281 people. x: (n, 14) float32 with gaps; y: 1 for more than 50,000 $."""
    train, validation = split(_part(source, "adult/adult.data"), share=0.2)
    return Dataset(source.spec, train, validation, _part(source, "adult/adult.test"))


def _part(source: DataSource, path: str) -> Split:
    lines = source.read(path).decode("ascii").splitlines()
    # The test file begins with a remark, and its labels end in a full stop.
    kept = (line.rstrip(".") for line in lines if not line.startswith("|"))
    rows = records_of(kept, (*ADULT, INCOME))
    targets = source.spec.targets.names if source.spec.targets is not None else ()
    labels = coded(rows, {INCOME: targets}, source.spec.name)[:, 0]
    return Split(coded(rows, ADULT, source.spec.name, gap="?"), labels.astype(np.int64))
