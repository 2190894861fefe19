"""Find out what the columns of a table are: numbers, categories, dates, texts, or nothing that a model should see."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from bench.errors import DataError
from bench.own_data import ColumnFact
from bench_data.own_text import Table
from bench_data.own_values import Decimal, date_format, dates, numbers

__all__ = ["KINDS", "Kind", "Made", "fact_of", "made"]

Array = npt.NDArray[Any]
Kind = Literal["number", "category", "date", "text", "id", "constant", "drop"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# So many values must be numbers before the rest count as gaps.
MOSTLY = 0.95
# An epoch of its own keeps days exact in float32.
EPOCH = "2000-01-01"
ID_NAME = re.compile(
    r"(^|[\s_.-])(id|uuid|guid|key|index|nr|no|rownames?)$|^column \d+$|^unnamed|[a-z]I[dD]$", re.IGNORECASE
)
WORDS_OF_A_TEXT = 4
MANY = 50


@dataclass(frozen=True)
class Made:
    """A column turned into numbers.

    kind, told: what it was read as, and why. names, levels: of the columns that it became, none where it is left out.
    values: (n, columns) float32, codes of categories included; NaN for a gap. order: (n,) float64, what sorts the rows
    by it. categories: of a category, in the order of their codes.
    """

    kind: Kind
    told: str
    names: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    values: Array | None = None
    order: Array | None = None
    categories: tuple[str, ...] = ()


def fact_of(name: str, column: Made) -> ColumnFact:
    """Return what is said of a column on the screen."""
    return ColumnFact(name, column.kind, column.told)


def made(table: Table, name: str, decimal: Decimal, wanted: Kind | None = None) -> Made:
    """Return a column as what it was said to be, else as what it seems to be; raises DataError where it cannot be."""
    if wanted == "drop":
        return Made("drop", "left out: as asked", order=_order(table.columns[name], decimal))
    # To be a number or a category, a column need not look like it.
    if wanted in ("number", "category", "date"):
        return _AS[wanted](table, name, decimal)
    seen = _seen(table, name, decimal)
    return seen if wanted is None or wanted == seen.kind else _AS[wanted](table, name, decimal)


def _seen(table: Table, name: str, decimal: Decimal) -> Made:
    """Return a column as what it seems to be."""
    values = table.columns[name]
    known = [value for value in values if value]
    different = len(set(known))
    if not known:
        return Made("constant", "left out: no value at all")
    if different == 1 and len(known) == len(values):
        return Made("constant", f"left out: {known[0]!r} in every row")
    found = numbers(values, decimal)
    share = float(np.isfinite(found).sum() + np.isinf(found).sum()) / len(known)
    if share >= MOSTLY:
        return _id(values, found, name, known, decimal) or _number(table, name, decimal)
    if date_format(values)[0]:
        return _date(table, name, decimal)
    if _is_text(known, different):
        return _text(table, name, decimal)
    if different == len(values) or (different > MANY and different > len(known) / 2):
        told = "another value in every row" if different == len(values) else f"{different:,} different values"
        return Made("id", f"left out: {told}, so it names rows", order=_order(values, decimal))
    return _category(table, name, decimal)


def _id(values: Sequence[str], found: Array, name: str, known: Sequence[str], decimal: Decimal) -> Made | None:
    """Return a column of numbers that only count or name the rows; None where it may mean something."""
    if len(set(known)) < len(values) or not bool((found % 1 == 0).all()):
        return None
    counts = bool(found.max() - found.min() == len(values) - 1) and len(values) > 2
    if not counts and not ID_NAME.search(name):
        return None
    why = "counts the rows" if counts else "another whole number in every row, and its name says so"
    return Made("id", f"left out: {why}", order=found)


def _is_text(known: Sequence[str], different: int) -> bool:
    words = sum(len(value.split()) for value in known) / len(known)
    return words >= WORDS_OF_A_TEXT and different > len(known) / 2


def _order(values: Sequence[str], decimal: Decimal) -> Array:
    """Return (n,) float64 that sorts rows as the column does, NaN for a gap."""
    found = numbers(values, decimal)
    if not np.isnan(found).all():
        return found
    place = {value: float(number) for number, value in enumerate(sorted(set(values) - {""}))}
    return np.array([place.get(value, np.nan) for value in values])


def _number(table: Table, name: str, decimal: Decimal) -> Made:
    values = table.columns[name]
    found = numbers(values, decimal)
    _assert_finite(table, name, found)
    others = sorted({value for value, number in zip(values, found, strict=True) if value and np.isnan(number)})
    known = found[~np.isnan(found)]
    if not len(known):
        raise DataError(f"{table.place}: column {name!r} is to be numbers and holds none, but {others[0]!r}")
    told = [f"{known.min():.6g} to {known.max():.6g}"]
    if odd := sum(value in set(others) for value in values):
        told.append(
            f"{odd} no numbers ({', '.join(map(repr, others[:3]))}{' …' if len(others) > 3 else ''}) count as gaps"
        )
    if any(value and value.strip("0123456789+-eE") not in ("", decimal) for value in values if value not in others):
        told.append("numbers written as text")
    told += _gaps(found)
    return Made("number", "; ".join(told), (name,), (0,), found.astype(np.float32)[:, None], found)


def _assert_finite(table: Table, name: str, found: Array) -> None:
    with np.errstate(over="ignore"):
        infinite = np.flatnonzero(np.isinf(found.astype(np.float32)))
    if len(infinite):
        row = int(infinite[0])
        raise DataError(
            f"{table.place}, {table.unit} {table.lines[row]}: {name!r} is {table.columns[name][row]}, which no model "
            "can "
            f"use ({len(infinite)} such value(s)). Leave the value empty, or leave the column out: --drop {name!r}"
        )


def _gaps(found: Array) -> list[str]:
    count = int(np.isnan(found).sum())
    return [f"{count} gaps" if count > 1 else "1 gap"] if count else []


def _category(table: Table, name: str, decimal: Decimal) -> Made:
    values = table.columns[name]
    found = numbers(values, decimal)
    names = sorted(set(values) - {""})
    if not names:
        raise DataError(
            f"{table.place}: column {name!r} is to be a category and holds nothing. Leave it out: --drop {name!r}"
        )
    if not np.isnan(found[[bool(value) for value in values]]).any():
        names.sort(key=lambda value: float(numbers([value], decimal)[0]))
    code = {value: float(number) for number, value in enumerate(names)}
    codes = np.array([code.get(value, np.nan) for value in values])
    shown = ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
    told = [f"{len(names)} different: {shown}"]
    if len(names) > MANY:
        told.append("those that are rare in the training part count as one")
    told += _gaps(codes)
    return Made(
        "category", "; ".join(told), (name,), (len(names),), codes.astype(np.float32)[:, None], codes, tuple(names)
    )


def _date(table: Table, name: str, decimal: Decimal) -> Made:
    values = table.columns[name]
    format_, other = date_format(values)
    if not format_:
        wrong = next(((line, value) for line, value in zip(table.lines, values, strict=True) if value), (0, ""))
        raise DataError(
            f"{table.place}: column {name!r} is to be dates, and they are not all of one form I know ({table.unit} "
            f"{wrong[0]}: "
            f"{wrong[1]!r}). Write 2024-12-31, or leave the column out: --drop {name!r}"
        )
    when = dates(values, format_)
    days = np.asarray((when - np.datetime64(EPOCH)) / np.timedelta64(1, "D"), np.float64)
    month, weekday = (np.asarray(each, np.float64) for each in (when.month, when.day_of_week))
    hour = np.asarray(when.hour + when.minute / 60, np.float64)
    parts = {f"{name}.days": days, f"{name}.month": month, f"{name}.weekday": weekday, f"{name}.hour": hour}
    kept = {key: part for key, part in parts.items() if len(np.unique(part[~np.isnan(part)])) > 1}
    told = [
        f"{when.min():%Y-%m-%d} to {when.max():%Y-%m-%d}",
        f"becomes {', '.join(key.rpartition('.')[2] for key in kept)}",
    ]
    if other:
        told.append(f"read as {format_}, though {other} would fit, too")
    told += _gaps(days)
    stacked = np.stack([*kept.values()], 1).astype(np.float32) if kept else None
    return Made("date", "; ".join(told), tuple(kept), (0,) * len(kept), stacked, days)


def _text(table: Table, name: str, decimal: Decimal) -> Made:
    return Made("text", "texts", order=_order(table.columns[name], decimal))


def _named(kind: Kind, told: str) -> Callable[[Table, str, Decimal], Made]:
    return lambda table, name, decimal: Made(kind, told, order=_order(table.columns[name], decimal))


_AS: Mapping[Kind, Callable[[Table, str, Decimal], Made]] = {
    "number": _number,
    "category": _category,
    "date": _date,
    "text": _text,
    "id": _named("id", "left out: it names rows"),
    "constant": _named("constant", "left out: it says nothing"),
}
