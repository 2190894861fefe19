"""Suspect columns that give the target away."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["class_share_told", "copies", "value_share_told"]

Array = npt.NDArray[Any]


def class_share_told(order: Array, labels: Array) -> float:
    """Return how much of what the most frequent class leaves open one column tells about the class: 0 to 1.

    order: (n,) float64, a number or a code, NaN for a gap; labels: (n,) int64. Each row is told by the others that have
    the same value; where they are few, by its neighbours in the order of the column. 1: every row is told right.
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
    best = votes.max(1)
    # At the border of two classes the neighbours disagree: a coin would tell half of those rows.
    share = float(((votes[np.arange(count), sorted_labels] == best) / (votes == best[:, None]).sum(1)).mean())
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
