"""Sentiment labelled sentences: does a sentence on a phone, a film or a restaurant praise or blame?"""

from __future__ import annotations

import numpy as np

from bench.data import Dataset, Split
from bench.errors import DataError
from bench.sources import DataSource

__all__ = ["load"]

LABELS = ("0", "1")


def load(source: DataSource) -> Dataset:
    """Return the sentences of all three sites. x: (n,) strings; y: 1 for praise.

    Equal ones are a group, which no cut tears apart.
    """
    pairs: list[tuple[str, str]] = []
    for file in source.spec.files:
        # Line feeds alone end a line: a review of a film holds other characters that Python takes for line ends.
        for line in source.read(file.path).decode("utf-8").rstrip("\n").split("\n"):
            text, _, label = line.rpartition("\t")
            if label.strip() not in LABELS:
                raise DataError(
                    f"data set {source.spec.name!r}, {file.path}: {line!r} does not end in a tab and 0 or 1"
                )
            pairs.append((text.strip(), label.strip()))
    x = np.array([text for text, _ in pairs])
    y = np.array([LABELS.index(label) for _, label in pairs], np.int64)
    groups = np.unique(x, return_inverse=True)[1].astype(np.int64)
    return Dataset.cut(source.spec, Split(x, y, groups=groups))
