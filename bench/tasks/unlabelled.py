"""Data sets without what their labels would tell a model that is to find out by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.data import Dataset, Split

__all__ = ["everywhere", "without_strata"]


def without_strata(split: Split) -> Split:
    """Return a part whose strata are all one: by default they are the classes, and parts carry them to models."""
    return replace(split, strata=np.zeros(len(split), np.int64))


def everywhere(dataset: Dataset) -> Dataset:
    """Return the data set with all its samples as each of its parts, in the order of the file where it is known."""
    whole = dataset.whole if dataset.whole is not None else dataset.train.joined(dataset.validation, dataset.test)
    return replace(dataset, train=whole, validation=whole, test=whole)
