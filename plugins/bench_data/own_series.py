"""A table whose rows are steps in time: which column says when, whether they stand in order, how long a season is."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from bench.errors import DataError
from bench_data.own_columns import Array
from bench_data.own_text import Table
from bench_data.own_values import Decimal, date_format, dates, numbers

__all__ = ["FEWEST_STEPS", "Steps", "seems_series", "steps_of"]

FEWEST_STEPS = 50
TIME_NAME = re.compile(r"date|time|datum|zeit|day|month|year|jahr|monat|tag|ds|timestamp", re.IGNORECASE)
# Days between steps, at most, and how many steps make a season.
SEASONS = ((1 / 20, 24), (1.5, 7), (8, 52), (32, 12), (95, 4))


@dataclass(frozen=True)
class Steps:
    """The series of a table: (n, series) float32 in the order of time, their names, the season, what is said of it."""

    when: str
    names: tuple[str, ...]
    values: Array
    period: int
    said: tuple[str, ...]


def time_column(table: Table) -> str:
    """Return the column that says when; empty where none does."""
    dated = [name for name, values in table.columns.items() if date_format(values)[0]]
    named = [name for name in table.columns if re.fullmatch(TIME_NAME, name.strip())]
    return next(iter((*dated, *named)), "")


def seems_series(table: Table, decimal: Decimal) -> bool:
    """Are these rows steps in time: a column of dates, all different and in order, and numbers beside it?"""
    when = time_column(table)
    others = [name for name in table.columns if name != when]
    if not when or not others or not date_format(table.columns[when])[0]:
        return False
    if any(np.isnan(numbers(table.columns[name], decimal)).all() for name in others):
        return False
    days = _days(table, when, decimal)
    return bool((np.diff(days) > 0).all())


def steps_of(table: Table, decimal: Decimal, target: str, dropped: set[str], period: int) -> Steps:
    """Return the series of a table; raises DataError, naming line and cure, for what no series can have.

    target: the series to forecast, all where it is empty. period: the length of a season, 0 where nobody said.
    """
    when = time_column(table)
    if not when:
        raise DataError(
            f"{table.place} has no column of dates, so its rows are no steps in time. Add one (2024-12-31), or choose "
            "another "
            f"task with --target and one of: {', '.join(table.columns)}"
        )
    days = _days(table, when, decimal)
    _assert_in_order(table, when, days)
    if len(table) < FEWEST_STEPS:
        raise DataError(f"{table.place} has {len(table)} steps; at least {FEWEST_STEPS} are needed to forecast any")
    names = [target] if target else [name for name in table.columns if name != when and name not in dropped]
    if not names or names == [when]:
        raise DataError(f"{table.place} has no column beside {when!r} that could be forecast. Add one with numbers")
    values = np.stack([_series(table, name, decimal) for name in names], 1).astype(np.float32)
    season, said = _season(days)
    left = [name for name in table.columns if target and name not in (when, target)]
    if left:
        said = (*said, f"only {target!r} is forecast; {', '.join(left)} left out")
    told = f"steps in the order of {when!r}"
    return Steps(when, tuple(names), values, period or season, (told, *said))


def _days(table: Table, when: str, decimal: Decimal) -> Array:
    values = table.columns[when]
    format_ = date_format(values)[0]
    if not format_:
        return numbers(values, decimal)
    found = dates(values, format_) - np.datetime64("2000-01-01")
    return np.asarray(found / np.timedelta64(1, "D"), np.float64)


def _assert_in_order(table: Table, when: str, days: Array) -> None:
    if bool(np.isnan(days).any()):
        row = int(np.flatnonzero(np.isnan(days))[0])
        raise DataError(
            f"{table.place}, {table.unit} {table.lines[row]}: {when!r} is {table.columns[when][row]!r}, which is no "
            "date like "
            "the others. Correct it"
        )
    wrong = np.flatnonzero(np.diff(days) <= 0)
    if not len(wrong):
        return
    row = int(wrong[0]) + 1
    here, before = table.columns[when][row], table.columns[when][row - 1]
    cure = f"sort the rows by {when!r}, the oldest first"
    if here == before:
        cure = "keep one row for each point in time; several series belong side by side, a column for each"
    raise DataError(f"{table.place}, {table.unit} {table.lines[row]}: {here!r} does not come after {before!r}: {cure}")


def _series(table: Table, name: str, decimal: Decimal) -> Array:
    found = numbers(table.columns[name], decimal)
    wrong = np.flatnonzero(~np.isfinite(found))
    if len(wrong):
        row, value = int(wrong[0]), table.columns[name][int(wrong[0])]
        what = f"is {value!r}, which is no number" if value else "has a gap"
        raise DataError(
            f"{table.place}, {table.unit} {table.lines[row]}: the series {name!r} {what} ({len(wrong)} such "
            "value(s)), and a "
            f"series to forecast has a number at each step. Fill it, or leave the column out: --drop {name!r}"
        )
    return found


def _season(days: Array) -> tuple[int, tuple[str, ...]]:
    """Return how many steps make a season, as the distance of the steps suggests, and what to say."""
    gaps = np.diff(days)
    usual = float(np.median(gaps))
    season = next((steps for most, steps in SEASONS if usual <= most), 1)
    said = [f"a season of {season} steps is assumed (period = {season})"] if season > 1 else []
    if uneven := int(((gaps < 0.85 * usual) | (gaps > 1.15 * usual)).sum()):
        said.append(f"{uneven} steps are not as far from the one before as the others: each row counts as one step")
    return season, tuple(said)
