"""Telco churn: which of 7,043 customers left last month?"""

from __future__ import annotations

import numpy as np

from bench.data import Dataset, Split
from bench.sources import DataSource
from bench_data.columns import TELCO_CHURN
from bench_data.mixed import coded, read_records

__all__ = ["load"]


def load(source: DataSource) -> Dataset:
    """Return the customers without their identifiers. x: (n, 19) float32, 11 TotalCharges missing; y: 1 who left."""
    rows = read_records(source, "telco-churn/Telco-Customer-Churn.csv")
    targets = source.spec.targets.names if source.spec.targets is not None else ()
    labels = coded(rows, {"Churn": targets}, source.spec.name)[:, 0]
    return Dataset.cut(source.spec, Split(coded(rows, TELCO_CHURN, source.spec.name), labels.astype(np.int64)))
