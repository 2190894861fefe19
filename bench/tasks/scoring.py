"""Scores from answers and truth: the task's own, then every metric whose arrays are there; torch is not needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.record import Score
from bench.specs import MetricSpec, Value, resolve
from bench.tasks.base import Task
from bench.tasks.data import Arrays

__all__ = ["BOUND_BYTES", "bounded", "score"]

# Of one run's kept answers: 10,000 images of 28 × 28 are 8 MB.
BOUND_BYTES = 64 * 2**20


def score(
    task: Task, metrics: Iterable[MetricSpec], answer: Arrays, truth: Arrays
) -> tuple[tuple[Score, ...], tuple[str, ...]]:
    """Return the scores, and a note for each metric that failed; the task's own scores go first."""
    scores = {score.name: score for score in task.scores(answer, truth)}
    known: dict[str, Any] = {**truth, **answer}
    notes = []
    for spec in metrics:
        if spec.name in scores or not known.keys() >= {*spec.arrays}:
            continue
        arrays = [known[name] for name in spec.arrays]
        try:
            value = float(resolve(spec.target)(*arrays))
        except Exception as error:  # noqa: BLE001 - a plugin's metric; one that fails takes no other score with it
            notes.append(f"metric {spec.name} failed: {type(error).__name__}: {error}")
            continue
        detail: dict[str, Value] = {"n": len(arrays[0])}
        scores[spec.name] = Score(
            name=spec.name, value=value, higher_is_better=spec.higher_is_better, unit=spec.unit, detail=detail
        )
    return tuple(scores.values()), tuple(notes)


def bounded(answer: Arrays, most: int = BOUND_BYTES) -> tuple[Arrays, tuple[str, ...]]:
    """Return the arrays that are kept, the largest left out until the rest is at most `most` bytes, and a note."""
    kept = dict(answer)
    left_out = []
    while sum(array.nbytes for array in kept.values()) > most:
        largest = max(kept, key=lambda name: kept[name].nbytes)
        left_out.append(f"{largest} ({kept[largest].nbytes / 1e6:,.0f} MB)")
        del kept[largest]
    if not left_out:
        return kept, ()
    names = ", ".join(left_out)
    return kept, (f"not kept, since a run keeps at most {most / 1e6:,.0f} MB of answers: {names}",)
