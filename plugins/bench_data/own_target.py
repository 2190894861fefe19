"""Find out what a target column is: classes or a number; and whether it can be predicted at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from bench.errors import DataError
from bench.spaces import Space
from bench_data.own_columns import Array, Kind, made
from bench_data.own_text import Table
from bench_data.own_values import Decimal, date_format, numbers

__all__ = ["FEWEST_OF_A_CLASS", "FEWEST_ROWS", "Target", "target_of"]

# One for each part.
FEWEST_OF_A_CLASS = 3
FEWEST_ROWS = 20
# Of whole numbers: more are quantities.
MOST_CLASSES_OF_NUMBERS = 10
MOST_CLASSES = 200


class Target:
    """The target of each row: its space, the values (n,) int64 or float32, and what is said of it."""

    def __init__(self, space: Space, values: Array, kind: Kind, told: str, said: Sequence[str] = ()) -> None:
        self.space, self.values, self.kind, self.told, self.said = space, values, kind, told, tuple(said)


def target_of(table: Table, name: str, decimal: Decimal, wanted: Kind | None) -> Target:
    """Return the target, a category or a number as wanted; raises DataError where it is neither."""
    kind, said = (wanted, "") if wanted in ("number", "category") else _kind(table, name, decimal)
    if len(table) < FEWEST_ROWS:
        raise DataError(
            f"{table.place} has {len(table)} row(s) with a value of {name!r}: at least {FEWEST_ROWS} are needed to "
            "train on "
            "some and to test on others"
        )
    column = made(table, name, decimal, kind)
    assert column.values is not None  # noqa: S101 - numbers and categories have some
    if kind == "number":
        values = column.values[:, 0]
        _assert_numbers(table, name, values)
        return Target(Space(), values, kind, f"target: a number, {column.told}", (said,) if said else ())
    labels, names = column.values[:, 0].astype(np.int64), column.categories
    counts = np.bincount(labels, minlength=len(names))
    _assert_classes(table, name, names, counts)
    shares = ", ".join(f"{label} {count / len(labels):.0%}" for label, count in zip(names[:5], counts, strict=False))
    told = f"target: {len(names)} classes ({shares}{' …' if len(names) > 5 else ''})"
    return Target(Space(kind="index", size=len(names), names=names), labels, "category", told, (said,) if said else ())


def _kind(table: Table, name: str, decimal: Decimal) -> tuple[Kind, str]:
    values = table.columns[name]
    found, different = numbers(values, decimal), len(set(values))
    if np.isnan(found).any():
        if date_format(values)[0]:
            raise DataError(
                f"{table.place}: {name!r} holds dates, which nothing here predicts. Name another target, or leave it "
                "away "
                "and choose --task forecasting where the rows are steps in time"
            )
        return "category", ""
    is_whole = bool((found % 1 == 0).all())
    if different == 2 or (is_whole and different <= min(MOST_CLASSES_OF_NUMBERS, len(values) // 10)):
        told = f"{name!r} has {different} different numbers, which are taken for classes"
        return "category", f"{told}; --task regression takes them for numbers"
    return "number", ""


def _assert_numbers(table: Table, name: str, values: Array) -> None:
    if bool(np.isnan(values).any()):
        row = int(np.flatnonzero(np.isnan(values))[0])
        raise DataError(
            f"{table.place}, {table.unit} {table.lines[row]}: the target {name!r} is {table.columns[name][row]!r}, "
            "which is "
            "no number. Correct it, or choose --task classification"
        )
    if bool((values == values[0]).all()):
        raise DataError(
            f"{table.place}: the target {name!r} is {values[0]:g} in every row, so nothing is to be learned"
        )


def _assert_classes(table: Table, name: str, names: Sequence[str], counts: Array) -> None:
    if len(names) < 2:
        raise DataError(
            f"{table.place}: the target {name!r} is {names[0]!r} in every row: two classes or more are needed. Add "
            "rows of "
            "another class, or name another target"
        )
    if len(names) > len(table) / 2 or len(names) > MOST_CLASSES:
        raise DataError(
            f"{table.place}: the target {name!r} has {len(names):,} different values in {len(table):,} rows, so they "
            "are no "
            "classes: is it a name or a text? Name another target"
        )
    few = {each: int(count) for each, count in zip(names, counts, strict=True) if count < FEWEST_OF_A_CLASS}
    if few:
        listed = ", ".join(f"{each!r} ({count})" for each, count in Counter(few).most_common(5))
        raise DataError(
            f"{table.place}: too few rows of some classes of {name!r}: {listed}. Each needs {FEWEST_OF_A_CLASS}, one "
            "to train "
            "on, one to validate, one to test: add some, join classes, or take those rows out"
        )
