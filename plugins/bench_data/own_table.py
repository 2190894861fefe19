"""A user's own table: a CSV or Parquet file as a data set, everything about it inferred and said."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from bench.data import Dataset
from bench.errors import DataError, UsageError
from bench.mistakes import wrong_values
from bench.own_data import ColumnFact, Inspection, OwnSource
from bench.sources import DataSource
from bench.specs import DataFile, DatasetSpec
from bench_data.own_parquet import parquet_table
from bench_data.own_rows import Read, TableSettings, read
from bench_data.own_suggested import suggested
from bench_data.own_text import Table, table_of

__all__ = ["inspect", "load"]

# What the file is called within the data set: its own name is no part of what it holds.
FILE = "table"
PARQUET = b"PAR1"


def load(source: DataSource) -> Dataset:
    """Return the table; x: (n, columns) float32 with gaps, (n,) texts, or (n, series) float32."""
    held = read(_table(source.read(FILE), source.spec.files[0].at), _settings(source.spec.settings, ""))
    return Dataset.cut(source.spec, held.split)


def inspect(source: OwnSource) -> Inspection:
    """Return the data set that a table is, with what was inferred, left out and suspected.

    Raises UsageError for what the settings cannot mean, DataError for a table that cannot be used; both name the cure.
    """
    place = str(source.path)
    settings = _settings(source.settings, place)
    if source.path.is_dir():
        raise DataError(f"{place} is a folder: name the file in it")
    try:
        content = source.path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{place} cannot be read: {error.strerror}. Let yourself read it (chmod u+r), or copy it"
        ) from error
    table = _table(content, place)
    held = read(table, settings, source.task, is_asked=True)
    task = source.task or _task(held)
    spec = DatasetSpec(
        name=source.name,
        target="bench_data.own_table:load",
        summary=f"{len(held.split):,} rows of your own",
        inputs=held.inputs,
        targets=held.targets,
        ordered=held.settings.content == "series",
        sample_count=len(held.split),
        licence="your own",
        source=source.path.name,
        files=(DataFile(FILE, f"sha256:{hashlib.sha256(content).hexdigest()}", size_bytes=len(content), at=place),),
        reader=source.reader,
        settings=held.settings.model_dump(exclude_defaults=True),
        notes=(*(f"{each[0].upper()}{each[1:]}." for each in (*_told(held.facts), *held.said)), *held.suspected),
    )
    content_kind = "texts" if held.settings.content == "text" else ""
    wanted = suggested(task, len(held.split), content=content_kind, settings=_task_settings(task, held))
    return Inspection(spec, wanted, held.facts, held.said, held.suspected)


def _settings(given: Mapping[str, Any], place: str) -> TableSettings:
    for wrong in wrong_values(TableSettings, given):
        name = ".".join(map(str, wrong.location))
        value = "" if wrong.kind == "unknown" else f" = {wrong.value!r}"
        raise UsageError(f"{place}: setting {name}{value}: {wrong.reason}")
    return TableSettings.model_validate(given)


def _table(content: bytes, place: str) -> Table:
    return parquet_table(content, place) if content[:4] == PARQUET else table_of(content, place)


def _told(facts: tuple[ColumnFact, ...]) -> list[str]:
    """Return a sentence on the columns that no model sees, with the reasons."""
    left = [
        f"{fact.name} ({fact.told.removeprefix('left out: ')})" for fact in facts if fact.told.startswith("left out")
    ]
    return [f"not used: {', '.join(left)}"] if left else []


def _task(held: Read) -> str:
    if held.settings.content == "series":
        return "forecasting"
    return "regression" if held.targets is not None and held.targets.kind == "real" else "classification"


def _task_settings(task: str, held: Read) -> dict[str, Any]:
    """Return a look-back and a horizon that the series is long enough for, two seasons where it is."""
    if task != "forecasting":
        return {}
    period, rows = held.inputs.period, len(held.split)
    horizon = max(1, min(period if period > 1 else 10, rows // 30))
    return {"look_back": max(2, min(2 * horizon if period > 1 else 20, rows // 12)), "horizon": horizon}
