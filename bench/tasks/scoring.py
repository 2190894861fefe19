"""Scores from answers and truth: the task's own, then every metric whose arrays are there; torch is not needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from bench.record import Score
from bench.specs import MetricSpec, TaskSpec, resolve
from bench.tasks.base import Task
from bench.tasks.data import Array, Arrays
from bench.tasks.encoding import from_levels

if TYPE_CHECKING:
    from bench.plugins import Offer

__all__ = ["BOUND_BYTES", "bounded", "in_units", "metric_scores", "own_scores", "score", "validate"]

# Of one run's kept answers: 10,000 images of 28 × 28 are 8 MB.
BOUND_BYTES = 64 * 2**20
IN_LEVELS = ("predictions", "samples", "targets")


def score(
    task: Task, metrics: Iterable[MetricSpec], answer: Arrays, truth: Arrays, sources: Mapping[str, str]
) -> tuple[tuple[Score, ...], tuple[str, ...]]:
    """Return the scores, and a note for each metric that failed; the task's own go first and keep their names.

    sources: the fingerprint of each metric's code, by which a stored score is known to be of that code.
    """
    own = task.scores(in_units(answer, truth), in_units(truth, truth))
    taken = {score.name for score in own}
    found, notes = metric_scores((spec for spec in metrics if spec.name not in taken), {**truth, **answer}, sources)
    return (*own, *found), notes


def validate(task: Task, answer: Arrays, truth: Arrays) -> dict[str, float]:
    """Return what a task wants to know of an answer on the validation part."""
    return task.validate(in_units(answer, truth), in_units(truth, truth))


def own_scores(
    tasks: Mapping[str, Offer[TaskSpec]], wanted: Collection[str]
) -> dict[str, Callable[[Arrays, Arrays], Mapping[str, float]]]:
    """Return, by the name of each installed task that is wanted, what its own scores are made by.

    Only a task that writes `scores` has any; one that is not installed, or misses what it needs, is left out.
    """
    found: dict[str, Callable[[Arrays, Arrays], Mapping[str, float]]] = {}
    for name in wanted:
        if name not in tasks or tasks[name].missing() is not None:
            continue
        kind: type[Task] = tasks[name].load()
        if kind.scores is not Task.scores:
            found[name] = partial(_own, kind(name=name))
    return found


def _own(task: Task, answer: Arrays, truth: Arrays) -> dict[str, float]:
    return {score.name: score.value for score in task.scores(in_units(answer, truth), in_units(truth, truth))}


def in_units(arrays: Arrays, truth: Arrays) -> Arrays:
    """Return values in the units of the data: uint8 stands for 256 levels between the bounds.

    Answers and data may be kept so, and one without the other: a score of both must see one unit, and numbers whose
    difference may be negative.
    """
    return _InUnits(arrays, truth["bounds"]) if "bounds" in truth else arrays


class _InUnits(Mapping[str, Array]):
    """Arrays in the units of the data, each made when it is read: few scores read samples, and float32 is large."""

    def __init__(self, arrays: Arrays, bounds: Array) -> None:
        self.arrays, self.bounds = arrays, bounds

    def __getitem__(self, name: str) -> Array:
        array, (low, high) = self.arrays[name], self.bounds.tolist()
        return from_levels(array, (low, high)) if name in IN_LEVELS and array.dtype == "uint8" else array

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


def metric_scores(
    metrics: Iterable[MetricSpec], arrays: Arrays, sources: Mapping[str, str]
) -> tuple[tuple[Score, ...], tuple[str, ...]]:
    """Return the scores of the metrics whose arrays are there, and a note for each that failed."""
    scores, notes = [], []
    arrays = in_units(arrays, arrays)
    for spec in metrics:
        if not arrays.keys() >= {*spec.arrays}:
            continue
        given = [arrays[name] for name in spec.arrays]
        try:
            value = float(resolve(spec.target)(*given))
        except Exception as error:  # noqa: BLE001 - a plugin's metric; one that fails takes no other score with it
            notes.append(f"metric {spec.name} failed: {type(error).__name__}: {error}")
            continue
        scores.append(
            Score(
                name=spec.name,
                value=value,
                higher_is_better=spec.higher_is_better,
                unit=spec.unit,
                # A lone number, such as how many classes there are, has no length.
                detail={"n": next((len(array) for array in given if array.ndim), 1)},
                source=sources.get(spec.name, ""),
                title=spec.title,
                low=spec.low,
                high=spec.high,
            )
        )
    return tuple(scores), tuple(notes)


def bounded(arrays: Arrays, what: str = "answers", most: int = BOUND_BYTES) -> tuple[Arrays, tuple[str, ...]]:
    """Return the arrays that are kept, the largest left out until the rest is at most `most` bytes, and a note."""
    kept = dict(arrays)
    left_out = []
    while sum(array.nbytes for array in kept.values()) > most:
        largest = max(kept, key=lambda name: kept[name].nbytes)
        left_out.append(f"{largest} ({kept[largest].nbytes / 1e6:,.0f} MB)")
        del kept[largest]
    if not left_out:
        return kept, ()
    names = ", ".join(left_out)
    return kept, (f"not kept, since a run keeps at most {most / 1e6:,.0f} MB of {what}: {names}",)
