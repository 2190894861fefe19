"""Turn stored text back into records, quickly, and say in words which of it cannot be read."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import ValidationError

from bench.errors import StoreError
from bench.record import Environment, RunRecord, SuitePlan

__all__ = ["parse", "parse_records"]

R = TypeVar("R", Environment, RunRecord, SuitePlan)


def parse(kind: type[R], text: str, what: str, location: str) -> R:
    """Return the value that a text in JSON stands for; raises StoreError that names `what` and `location`."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        reason = ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
        raise StoreError(
            f"{what} in {location} cannot be read: {reason}. Where a newer depthbench wrote it: "
            "pip install --upgrade depthbench"
        ) from error


def parse_records(rows: Iterable[tuple[str, str]], location: str) -> Iterator[RunRecord]:
    """Yield the record of every row, a run id and its text.

    Until the last is read, or the iterator is let go, the search for reference cycles is held back: records have
    none, but ten thousand of them are a million objects, and a list of them was looked through again and again while
    it grew, for four fifths of the time. One by one, since batches would not stay in the processor's cache.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for run_id, text in rows:
            yield parse(RunRecord, text, f"run {run_id}", location)
    finally:
        if was_enabled:
            gc.enable()
