"""SMS spam: which of 5,574 short messages did nobody ask for?"""

from __future__ import annotations

import numpy as np

from bench.data import Dataset, Split
from bench.errors import DataError
from bench.sources import DataSource

__all__ = ["load"]


def load(source: DataSource) -> Dataset:
    """Return the messages. x: (n,) strings; y: 1 for spam.

    403 messages repeat another: equal ones are a group, which no cut tears apart.
    """
    # Line feeds alone end a line: messages hold other characters that Python takes for line ends, and free quotes.
    lines = source.read("sms-spam/SMSSpamCollection").decode("utf-8").rstrip("\n").split("\n")
    pairs = [line.partition("\t") for line in lines]
    names = source.spec.targets.names if source.spec.targets is not None else ()
    if strange := {label for label, _, _ in pairs} - {*names}:
        raise DataError(f"data set {source.spec.name!r} has labels {sorted(strange)}; expected {', '.join(names)}")
    x = np.array([text for _, _, text in pairs])
    y = np.array([names.index(label) for label, _, _ in pairs], np.int64)
    groups = np.unique(x, return_inverse=True)[1].astype(np.int64)
    return Dataset.cut(source.spec, Split(x, y, groups=groups))
