"""A user's own table: a CSV or Parquet file as a data set, everything about it inferred and said."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from bench.data import Dataset, Split
from bench.errors import DataError, UsageError
from bench.mistakes import wrong_values
from bench.own_data import ColumnFact, Inspection, OwnSource
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DataFile, DatasetSpec
from bench_data.own_columns import Array, Kind, Made, fact_of, made
from bench_data.own_leaks import class_share_told, copies, value_share_told
from bench_data.own_parquet import parquet_table
from bench_data.own_series import seems_series, steps_of
from bench_data.own_suggested import suggested
from bench_data.own_target import FEWEST_ROWS, Target, target_of
from bench_data.own_text import Table, table_of
from bench_data.own_values import Decimal, decimal_of

__all__ = ["TableSettings", "inspect", "load"]

# What the file is called within the data set: its own name is no part of what it holds.
FILE = "table"
PARQUET = b"PAR1"
# A column that tells so much of the target gives it away, or is another name for it.
SUSPICIOUS, SUSPICIOUS_VALUE = 0.98, 0.995
ROWS_TO_SUSPECT, MOST_COPIES = 4000, 0.2


class TableSettings(BaseModel):
    """What a suite may say of a table; all of it is inferred where it is not said.

    target: the column to predict. content: `table`; `series`: each row is a step in time; `text`: the one column of
    kind `text` is the input. columns: what columns are (number, category, date, text, id, constant, drop). period: the
    steps of a season.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    target: str = ""
    content: Literal["", "table", "series", "text"] = ""
    columns: Mapping[str, Kind] = {}
    period: int = 0


@dataclass(frozen=True)
class Read:
    """A table as a data set will hold it, and all that was found out about it."""

    settings: TableSettings
    inputs: Space
    targets: Space | None
    split: Split
    facts: tuple[ColumnFact, ...]
    said: tuple[str, ...]
    suspected: tuple[str, ...] = ()


def load(source: DataSource) -> Dataset:
    """Return the table; x: (n, columns) float32 with gaps, (n,) texts, or (n, series) float32."""
    read = _read(_table(source.read(FILE), source.spec.files[0].at), _settings(source.spec.settings, ""), "")
    return Dataset.cut(source.spec, read.split)


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
    read = _read(table, settings, source.task, is_asked=True)
    task = source.task or _task(read)
    spec = DatasetSpec(
        name=source.name,
        target="bench_data.own_table:load",
        summary=f"{len(read.split):,} rows of your own",
        inputs=read.inputs,
        targets=read.targets,
        ordered=read.settings.content == "series",
        sample_count=len(read.split),
        licence="your own",
        source=source.path.name,
        files=(DataFile(FILE, f"sha256:{hashlib.sha256(content).hexdigest()}", size_bytes=len(content), at=place),),
        reader=source.reader,
        settings=read.settings.model_dump(exclude_defaults=True),
        notes=(*(f"{each[0].upper()}{each[1:]}." for each in (*_told(read.facts), *read.said)), *read.suspected),
    )
    content_kind = "texts" if read.settings.content == "text" else ""
    wanted = suggested(task, len(read.split), content=content_kind, settings=_task_settings(task, read))
    return Inspection(spec, wanted, read.facts, read.said, read.suspected)


def _settings(given: Mapping[str, Any], place: str) -> TableSettings:
    for wrong in wrong_values(TableSettings, given):
        name = ".".join(map(str, wrong.location))
        value = "" if wrong.kind == "unknown" else f" = {wrong.value!r}"
        raise UsageError(f"{place}: setting {name}{value}: {wrong.reason}")
    return TableSettings.model_validate(given)


def _table(content: bytes, place: str) -> Table:
    return parquet_table(content, place) if content[:4] == PARQUET else table_of(content, place)


def _read(table: Table, settings: TableSettings, task: str, *, is_asked: bool = False) -> Read:
    """Return the table as a data set holds it. is_asked: may the user still be asked, and is there time to suspect?"""
    for name in (*settings.columns, *filter(None, [settings.target])):
        table.find(name)
    decimal = decimal_of(table.columns.values(), table.separator == ",")
    if decimal == ",":
        table = replace(table, said=(*table.said, "numbers with a decimal comma"))
    content = settings.content
    if not content and (task == "forecasting" or (not task and not settings.target and seems_series(table, decimal))):
        content = "series"
    if content == "series":
        return _read_series(table, settings, decimal)
    return _read_rows(table, settings, decimal, task, is_asked=is_asked)


def _read_series(table: Table, settings: TableSettings, decimal: Decimal) -> Read:
    dropped = {name for name, kind in settings.columns.items() if kind != "number"}
    steps = steps_of(table, decimal, settings.target, dropped, settings.period)
    space = Space("c", (len(steps.names),), names=steps.names, period=steps.period)
    facts = [ColumnFact(steps.when, "date", "says when")]
    facts += [
        ColumnFact(name, "series", f"{values.min():.6g} to {values.max():.6g}")
        for name, values in zip(steps.names, steps.values.T, strict=True)
    ]
    kept = settings.model_copy(update={"content": "series", "period": steps.period})
    return Read(kept, space, None, Split(steps.values), tuple(facts), (*table.said, *steps.said))


def _read_rows(table: Table, settings: TableSettings, decimal: Decimal, task: str, *, is_asked: bool) -> Read:
    target, said = None, list(table.said)
    if settings.target:
        wanted = settings.columns.get(settings.target) or {"regression": "number", "classification": "category"}.get(
            task
        )
        table, count = _with_target(table, settings.target)
        said += [f"{count} row(s) without a value of {settings.target!r} are left out"] if count else []
        target = target_of(table, settings.target, decimal, wanted)  # type: ignore[arg-type]  # a kind, or nothing
        said += target.said
    elif is_asked and not task:
        raise UsageError(
            f"which column of {table.place} is to be predicted? Say --target COLUMN, one of: "
            f"{', '.join(table.columns)}. "
            "A table without one may be asked something else: --task NAME (see: bench list tasks)"
        )
    elif len(table) < FEWEST_ROWS:
        raise DataError(f"{table.place} has {len(table)} row(s); at least {FEWEST_ROWS} are needed")
    columns = {
        name: made(table, name, decimal, settings.columns.get(name))
        for name in table.columns
        if name != settings.target
    }
    text = _text_column(columns, settings)
    kinds: dict[str, Kind] = {
        name: "drop" if text and column.kind == "text" and name != text else column.kind
        for name, column in columns.items()
    }
    if target is not None:
        kinds[settings.target] = target.kind
    kept = settings.model_copy(update={"content": "text" if text else "table", "columns": kinds})
    y = None if target is None else target.values
    facts = [*([] if target is None else [ColumnFact(settings.target, target.kind, target.told)])]
    facts += [_fact(name, column, text) for name, column in columns.items()]
    space = None if target is None else target.space
    if text:
        x: Array = np.array(table.columns[text], dtype=object).astype(str)
        return Read(kept, Space(kind="text"), space, Split(x, y), tuple(facts), tuple(said))
    used = [column for column in columns.values() if column.values is not None]
    if not used:
        raise DataError(
            f"{table.place}: no column is left to predict from: "
            f"{'; '.join(f'{f.name}: {f.told}' for f in facts[-5:])}. Say what "
            "a column is with --column NAME=number or =category, or add one"
        )
    x = np.concatenate([column.values for column in used if column.values is not None], axis=1)
    inputs = Space(
        "c",
        (x.shape[1],),
        names=tuple(name for column in used for name in column.names),
        levels=tuple(level for column in used for level in column.levels),
        missing=bool(np.isnan(x).any()),
    )
    suspected = _suspected(columns, target, x) if is_asked else ()
    return Read(kept, inputs, space, Split(x, y), tuple(facts), tuple(said), suspected)


def _with_target(table: Table, name: str) -> tuple[Table, int]:
    rows = [row for row, value in enumerate(table.columns[name]) if value]
    if not rows:
        raise DataError(f"{table.place}: the target {name!r} is empty in every row. Name another with --target")
    return (table, 0) if len(rows) == len(table) else (table.take(rows), len(table) - len(rows))


def _text_column(columns: Mapping[str, Made], settings: TableSettings) -> str:
    """Return the column whose texts are the input: one that was said to be, or the only one that there is to read."""
    texts = [name for name, column in columns.items() if column.kind == "text"]
    asked = [name for name in texts if settings.columns.get(name) == "text"]
    if len(asked) > 1:
        raise UsageError(f"{', '.join(map(repr, asked))} are to be texts, and one column can be: leave the others out")
    if settings.content == "table":
        return ""
    if asked:
        return asked[0]
    if settings.content == "text":
        raise UsageError('content = "text" needs a column that is one: columns = { NAME = "text" }')
    is_alone = len(texts) == 1 and all(column.values is None for column in columns.values())
    return texts[0] if is_alone else ""


def _fact(name: str, column: Made, text: str) -> ColumnFact:
    if column.kind != "text":
        return fact_of(name, column)
    told = "the input" if name == text else f"left out: a text. To compare models on it alone: --column {name!r}=text"
    if text and name != text:
        told = "left out: another text is the input"
    return ColumnFact(name, "text", told)


def _told(facts: tuple[ColumnFact, ...]) -> list[str]:
    """Return a sentence on the columns that no model sees, with the reasons."""
    left = [
        f"{fact.name} ({fact.told.removeprefix('left out: ')})" for fact in facts if fact.told.startswith("left out")
    ]
    return [f"not used: {', '.join(left)}"] if left else []


def _suspected(columns: Mapping[str, Made], target: Target | None, x: Array) -> tuple[str, ...]:
    found = [] if target is None else [_leak(name, column, target) for name, column in columns.items()]
    # Where columns are few and coarse, rows are equal by chance.
    if 0 < (count := copies(x)) <= MOST_COPIES * len(x):
        found.append(
            f"{count:,} rows stand there more than once: one in training may give away its copy in the test part."
        )
    return tuple(filter(None, found))


def _leak(name: str, column: Made, target: Target) -> str:
    if column.order is None:
        return ""
    rows = np.random.RandomState(0).permutation(len(column.order))[:ROWS_TO_SUSPECT]
    order, values = column.order[rows], target.values[rows]
    is_class = target.space.kind == "index"
    told = class_share_told(order, values) if is_class else value_share_told(order, values.astype(np.float64))
    if told < (SUSPICIOUS if is_class else SUSPICIOUS_VALUE):
        return ""
    if column.kind in ("id", "constant", "drop"):
        return (
            f"{name!r} names rows, and alone it tells the target ({told:.1%}): the rows seem to be sorted or numbered "
            "by it. It "
            "is left out."
        )
    return (
        f"{name!r} alone tells the target ({told:.1%}): is it known before the target is? If not, leave it out: "
        f"--drop {name!r}. "
        "It is kept."
    )


def _task(read: Read) -> str:
    if read.settings.content == "series":
        return "forecasting"
    return "regression" if read.targets is not None and read.targets.kind == "real" else "classification"


def _task_settings(task: str, read: Read) -> dict[str, Any]:
    """Return a look-back and a horizon that the series is long enough for, two seasons where it is."""
    if task != "forecasting":
        return {}
    period, rows = read.inputs.period, len(read.split)
    horizon = max(1, min(period if period > 1 else 10, rows // 30))
    return {"look_back": max(2, min(2 * horizon if period > 1 else 20, rows // 12)), "horizon": horizon}
