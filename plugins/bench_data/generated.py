"""Data that are drawn rather than read: the same for ever, in parts that no seed of a run changes."""

from __future__ import annotations

from bench.data import Dataset, Split
from bench.specs import DatasetSpec
from bench_data.memory import TRAIN, VALIDATION

__all__ = ["in_parts"]


def in_parts(spec: DatasetSpec, whole: Split) -> Dataset:
    """Return the first samples to train on, the next for validation, the last to test; all are independent draws."""
    first, second = TRAIN, TRAIN + VALIDATION
    parts = (slice(0, first), slice(first, second), slice(second, None))
    train, validation, test = (Split(whole.x[part], None if whole.y is None else whole.y[part]) for part in parts)
    return Dataset(spec, train, validation, test)
