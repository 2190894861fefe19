"""Suspect columns that give the target away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bench_data.own_columns import Array, Made
from bench_data.own_target import Target

__all__ = ["class_share_told", "copies", "suspected", "value_share_told"]

# A column that tells so much of the target gives it away, or is another name for it.
SUSPICIOUS, SUSPICIOUS_VALUE = 0.98, 0.995
ROWS_TO_SUSPECT, MOST_COPIES = 4000, 0.2


def suspected(columns: Mapping[str, Made], target: Target | None, rows: Array) -> tuple[str, ...]:
    """Return sentences on columns that tell the target by themselves, and on rows, (n, columns), that stand twice."""
    found = [] if target is None else [_leak(name, column, target) for name, column in columns.items()]
    # Where columns are few and coarse, rows are equal by chance.
    if 0 < (count := copies(rows)) <= MOST_COPIES * len(rows):
        told = "one in training may give away its copy in the test part"
        found.append(f"{count:,} rows stand there more than once: {told}.")
    return tuple(filter(None, found))


def _leak(name: str, column: Made, target: Target) -> str:
    """Return what to say of a column that gives the target away; nothing of those that were left out on purpose."""
    if column.order is None or column.kind in ("constant", "drop"):
        return ""
    rows = np.random.RandomState(0).permutation(len(column.order))[:ROWS_TO_SUSPECT]
    order, values = column.order[rows], target.values[rows]
    is_class = target.space.kind == "index"
    share = class_share_told(order, values) if is_class else value_share_told(order, values.astype(np.float64))
    if share < (SUSPICIOUS if is_class else SUSPICIOUS_VALUE):
        return ""
    told = f"{name!r} alone tells the target ({share:.1%})"
    if column.kind == "id":
        return f"{told}, though it only names rows: they seem to be sorted or numbered by it. It is left out."
    return f"{told}: is it known before the target is? If not, leave it out: --drop {name!r}. It is kept."


def class_share_told(order: Array, labels: Array) -> float:
    """Return how much of what the most frequent class leaves open one column tells about the class: 0 to 1.

    order: (n,) float64, a number or a code, NaN for a gap; labels: (n,) int64. Each row is told by the others that have
    the same value; where they are few, by its neighbours in the order of the column. 1: every row is told right.
    Neighbours that disagree tell either class, so that a column of noise gets up to a half.
    """
    places = np.argsort(order, kind="stable")
    values, sorted_labels = order[places], labels[places]
    count, classes = len(labels), int(labels.max()) + 1
    majority = np.bincount(labels).max() / count
    if majority == 1 or count < 3:
        return 0.0
    votes = np.zeros((count, classes))
    for start, end in _ties(values):
        inside = np.bincount(sorted_labels[start:end], minlength=classes)
        votes[start:end] += inside
        votes[np.arange(start, end), sorted_labels[start:end]] -= 1
        if end - start < 3:
            for place in range(start, end):
                for near in (start - 1, end):
                    if 0 <= near < count:
                        votes[place, sorted_labels[near]] += 1
    # At the border of two classes the neighbours disagree, which no threshold between them can be blamed for.
    share = float((votes[np.arange(count), sorted_labels] == votes.max(1)).mean())
    return max(0.0, (share - float(majority)) / (1 - float(majority)))


def value_share_told(order: Array, values: Array) -> float:
    """Return the share of the target's variance that one column tells: 0 to 1.

    order: (n,) float64, NaN for a gap; values: (n,) float64. Each row is told by the mean of its neighbours.
    """
    places = np.argsort(order, kind="stable")
    sorted_values, column = values[places], order[places]
    variance = float(values.var())
    if len(values) < 5 or variance == 0:
        return 0.0
    told = np.empty(len(values))
    for start, end in _ties(column):
        near = sorted_values[max(0, start - 1) : end + 1]
        inside = sorted_values[start:end]
        others = inside if end - start > 2 else near
        told[start:end] = (others.sum() - inside) / (len(others) - 1)
    error = float(((told - sorted_values) ** 2).mean())
    return max(0.0, 1 - error / variance)


def _ties(values: Array) -> list[tuple[int, int]]:
    """Return where runs of equal values begin and end; gaps are equal."""
    is_new = np.ones(len(values), bool)
    is_new[1:] = (values[1:] != values[:-1]) & ~(np.isnan(values[1:]) & np.isnan(values[:-1]))
    starts = np.flatnonzero(is_new)
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(values)], strict=True))


def copies(rows: Array) -> int:
    """Return how many rows, (n, columns), stand there once more before them."""
    kept = np.where(np.isnan(rows), np.inf, rows)
    return len(rows) - len(np.unique(kept, axis=0))
