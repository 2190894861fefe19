"""Turn stored text back into records, quickly, and say in words which of it cannot be read."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


def parse_records(rows: Iterable[tuple[str, str]], location: str) -> list[RunRecord]:
    """Return the records of one batch of rows, each a run id and its text."""
    with _collector_paused():
        return [parse(RunRecord, text, f"run {run_id}", location) for run_id, text in rows]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Hold back the search for reference cycles, which records do not have.

    Ten thousand records are half a million objects: looking through all of them, again and again while they are
    being made, took four fifths of the time of loading them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
