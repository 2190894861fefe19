"""Does a data set hold what it declares, the same every time, in parts that share no samples?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np

from bench.data import Array, Dataset, Split
from bench.errors import BenchError, ContractError, DataMissing
from bench.sources import DataSource
from bench.specs import DatasetSpec, resolve

__all__ = ["check_dataset"]

# Real tables hold a few rows twice; more than this many shared ones is a split that leaks.
MOST_SHARED = 0.1
PARTS = ("train", "validation", "test")


def check_dataset(spec: DatasetSpec, root: Path | str | None = None) -> Dataset:
    """Load a data set twice and look at its files, parts, shapes, types, values, classes and hashes; return it.

    Raises ContractError naming the data set and what is wrong, DataMissing where its files are not there.
    """
    try:
        source = DataSource.of(spec, root)
        dataset = resolve(spec.target)(source)
        again = resolve(spec.target)(DataSource.of(spec, root))
        found = next(_complaints(spec, source, dataset, again), "")
    except DataMissing:
        raise
    except BenchError as error:
        raise ContractError(f"data set {spec.name!r}: {error}") from error
    if found:
        raise ContractError(f"data set {spec.name!r}: {found}")
    assert isinstance(dataset, Dataset)  # noqa: S101 - what `_complaints` looked at first
    return dataset


def _complaints(spec: DatasetSpec, source: DataSource, dataset: object, again: object) -> Iterator[str]:
    """Yield what is wrong, the most telling first."""
    if not isinstance(dataset, Dataset) or not isinstance(again, Dataset):
        yield f"{spec.target} must return a bench.data.Dataset, got {type(dataset).__name__}"
        return
    if dataset.spec != spec:
        yield f"{spec.target} returned the data of another spec, {dataset.spec.name!r}: pass source.spec on"
    if unread := {file.path for file in spec.files} - set(source.seen):
        yield f"declares files it never reads through the source, so they are not verified: {sorted(unread)}"
    yield from _declared(spec)
    yield from dataset.complaints()
    if again.hashes() != dataset.hashes():
        yield "two loads differ: its parts must not depend on a random state"
    count = sum(map(len, dataset.parts().values()))
    if spec.sample_count != count:
        yield f"declares sample_count={spec.sample_count}, and its parts hold {count}"
    yield from _classes(spec, dataset.train)
    rows = {name: {_bytes(row) for row in part.x} for name, part in dataset.parts().items()}
    for one, other in combinations(PARTS, 2):
        shared = len(rows[one] & rows[other]) / min(len(rows[one]), len(rows[other]))
        if shared > MOST_SHARED and not spec.ordered:
            yield f"{one} and {other} share {shared:.0%} of their samples"


def _declared(spec: DatasetSpec) -> Iterator[str]:
    """Yield what the spec itself leaves out."""
    target = spec.targets
    if target is not None and target.kind == "index" and not target.axes and not target.names:
        yield f"its {target.size} classes have no names: give its target space names=(…), one per class"


def _classes(spec: DatasetSpec, train: Split) -> Iterator[str]:
    target = spec.targets
    if target is None or target.kind != "index" or target.axes or target.size is None or train.y is None:
        return
    if absent := sorted(set(range(target.size)) - set(np.unique(train.y).tolist())):
        names = ", ".join(f"{label} ({target.names[label]})" for label in absent)
        yield f"the training part has no sample of class {names}"


def _bytes(row: Array) -> bytes:
    return row.tobytes() if isinstance(row, np.ndarray) else str(row).encode()
