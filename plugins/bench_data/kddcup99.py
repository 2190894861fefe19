"""KDD Cup 1999, the 10 % file: web and mail connections with a login, normal or an attack."""

from __future__ import annotations

import numpy as np

from bench.data import Dataset, Split
from bench.errors import DataError
from bench.sources import DataSource

__all__ = ["load_http", "load_smtp"]

FILE = "kddcup99/kddcup.data_10_percent"
COLUMNS = 42
SERVICE, LOGGED_IN, LABEL = 2, 11, 41
# Duration in seconds, bytes from the source, bytes from the destination.
VALUES = (0, 4, 5)
# Added before the logarithm, since most durations are 0.
OFFSET = 0.1


def load_http(source: DataSource) -> Dataset:
    """Return the web connections. x: (58,725, 3) float32, logarithms; y: 1 for an attack."""
    return _service(source, "http")


def load_smtp(source: DataSource) -> Dataset:
    """Return the mail connections. x: (9,571, 3) float32, logarithms; y: 1 for an attack."""
    return _service(source, "smtp")


def _service(source: DataSource, service: str) -> Dataset:
    """Cut the connections of a service whose user was logged in; other logins are attacks that this alone would tell.

    Which columns, and log(value + 0.1): Yamanishi et al., 2000, as scikit-learn's `fetch_kddcup99` reads
    them. Raises DataError where the number of connections is not the declared one.
    """
    values, labels = [], []
    for line in source.read(FILE).decode("ascii").split("\n"):
        # Most lines are of another service: cutting only the beginning off them halves the time.
        if line.split(",", SERVICE + 1)[SERVICE : SERVICE + 1] != [service]:
            continue
        fields = line.strip().split(",")
        if len(fields) != COLUMNS:
            raise DataError(f"{FILE}: a line has {len(fields)} columns, and should have {COLUMNS}: {line[:60]!r}")
        if fields[LOGGED_IN] == "1":
            values.append([float(fields[place]) for place in VALUES])
            labels.append(fields[LABEL] != "normal.")
    if len(values) != source.spec.sample_count:
        raise DataError(f"{FILE} holds {len(values)} connections of {service}; expected {source.spec.sample_count}")
    x = np.log(np.array(values) + OFFSET).astype(np.float32)
    y = np.array(labels).astype(np.int64)
    # Many rows repeat another; normal ones stay together, so that none is asked for that was trained on.
    # Copies of an attack do not: nearly all attacks are one row, and would be in one part.
    repeats = np.unique(x, axis=0, return_inverse=True)[1].reshape(-1)
    groups = np.where(y == 0, repeats, len(x) + np.arange(len(x))).astype(np.int64)
    return Dataset.cut(source.spec, Split(x, y, groups=groups))
