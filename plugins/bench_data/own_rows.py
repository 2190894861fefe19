"""Turn a table into what a data set holds: inputs, target, and what is to be said of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from bench.data import Split
from bench.errors import DataError, UsageError
from bench.own_data import ColumnFact
from bench.spaces import Space
from bench_data.own_columns import Array, Kind, Made, fact_of, made
from bench_data.own_leaks import suspected
from bench_data.own_series import seems_series, steps_of
from bench_data.own_target import FEWEST_ROWS, Target, target_of
from bench_data.own_text import Table
from bench_data.own_values import Decimal, decimal_of

__all__ = ["Read", "TableSettings", "read"]

# What a task takes the target for, where nobody has said what the column is.
KIND_OF_TASK: Mapping[str, Kind] = {"regression": "number", "classification": "category"}


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


def read(table: Table, settings: TableSettings, task: str = "", *, is_asked: bool = False) -> Read:
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
        return _series(table, settings, decimal)
    return _rows(table, settings, decimal, task, is_asked=is_asked)


def _series(table: Table, settings: TableSettings, decimal: Decimal) -> Read:
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


def _rows(table: Table, settings: TableSettings, decimal: Decimal, task: str, *, is_asked: bool) -> Read:
    if not settings.target:
        _assert_no_target_needed(table, task, is_asked=is_asked)
    table, target, said = _with_target(table, settings, decimal, task)
    columns = {
        name: made(table, name, decimal, settings.columns.get(name))
        for name in table.columns
        if name != settings.target
    }
    text = _text_column(columns, settings)
    kept = settings.model_copy(
        update={"content": "text" if text else "table", "columns": _kinds(columns, text, settings.target, target)}
    )
    facts = [] if target is None else [ColumnFact(settings.target, target.kind, target.told)]
    facts += [_fact(name, column, text) for name, column in columns.items()]
    if text:
        x: Array = np.array(table.columns[text], dtype=object).astype(str)
        inputs = Space(kind="text")
    else:
        inputs, x = _inputs(table.place, list(columns.values()), facts)
    return Read(
        kept,
        inputs,
        None if target is None else target.space,
        Split(x, None if target is None else target.values),
        tuple(facts),
        tuple(said),
        suspected(columns, target, x) if is_asked and not text else (),
    )


def _assert_no_target_needed(table: Table, task: str, *, is_asked: bool) -> None:
    if is_asked and not task:
        raise UsageError(
            f"which column of {table.place} is to be predicted? Say --target COLUMN, one of: "
            f"{', '.join(table.columns)}. A table without one may be asked something else: --task NAME "
            "(see: bench list tasks)"
        )
    if len(table) < FEWEST_ROWS:
        raise DataError(f"{table.place} has {len(table)} row(s); at least {FEWEST_ROWS} are needed. Add some")


def _with_target(
    table: Table, settings: TableSettings, decimal: Decimal, task: str
) -> tuple[Table, Target | None, list[str]]:
    """Return the rows that have a target, the target, and what is to be said; no target where none is asked for."""
    name, said = settings.target, list(table.said)
    if not name:
        return table, None, said
    rows = [row for row, value in enumerate(table.columns[name]) if value]
    if not rows:
        raise DataError(f"{table.place}: the target {name!r} is empty in every row. Name another with --target")
    if count := len(table) - len(rows):
        said.append(f"{count} row(s) without a value of {name!r} are left out")
        table = table.take(rows)
    target = target_of(table, name, decimal, settings.columns.get(name) or KIND_OF_TASK.get(task))
    return table, target, [*said, *target.said]


def _text_column(columns: Mapping[str, Made], settings: TableSettings) -> str:
    """Return the column whose texts are the input: one that was said to be, or the only one that there is to read."""
    if settings.content == "table":
        return ""
    texts = [name for name, column in columns.items() if column.kind == "text"]
    asked = [name for name in texts if settings.columns.get(name) == "text"]
    if len(asked) > 1:
        raise UsageError(f"{', '.join(map(repr, asked))} are to be texts, and one column can be: leave the others out")
    if asked:
        return asked[0]
    if settings.content == "text":
        raise UsageError('content = "text" needs a column that is one: columns = { NAME = "text" }')
    is_alone = len(texts) == 1 and all(column.values is None for column in columns.values())
    return texts[0] if is_alone else ""


def _kinds(columns: Mapping[str, Made], text: str, name: str, target: Target | None) -> dict[str, Kind]:
    """Return what every column was read as, so that a suite which holds it infers nothing again."""
    found: dict[str, Kind] = {
        each: "drop" if text and column.kind == "text" and each != text else column.kind
        for each, column in columns.items()
    }
    return found if target is None else {**found, name: target.kind}


def _inputs(place: str, columns: Sequence[Made], facts: Sequence[ColumnFact]) -> tuple[Space, Array]:
    """Return the space of the columns that models see, and their values, (n, columns) float32."""
    used = [(column, column.values) for column in columns if column.values is not None]
    if not used:
        told = "; ".join(f"{fact.name}: {fact.told}" for fact in facts[-5:])
        raise DataError(
            f"{place}: no column is left to predict from: {told}. Say what a column is with --column NAME=number or "
            "=category, or add one"
        )
    x = np.concatenate([values for _, values in used], axis=1)
    names = tuple(name for column, _ in used for name in column.names)
    levels = tuple(level for column, _ in used for level in column.levels)
    return Space("c", (x.shape[1],), names=names, levels=levels, missing=bool(np.isnan(x).any())), x


def _fact(name: str, column: Made, text: str) -> ColumnFact:
    if column.kind != "text":
        return fact_of(name, column)
    told = "the input" if name == text else f"left out: a text. To compare models on it alone: --column {name!r}=text"
    if text and name != text:
        told = "left out: another text is the input"
    return ColumnFact(name, "text", told)
