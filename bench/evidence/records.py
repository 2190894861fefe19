"""Turn records into observations of one score, run by run, and sample by sample where answers were kept."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.evidence.observations import Observations, RunKey
from bench.evidence.samples import SampleScores
from bench.record import PlannedRun, RunRecord, Score

__all__ = ["FAILED", "SHARE_MARGIN", "default_margin", "observe", "repeated", "run_key"]

Array = NDArray[np.float64]

# The one rule: these were tried and gave nothing. Runs that are skipped, that ended with their session (killed) or to
# which the model does not apply are missing; so is a score that a good run does not have.
FAILED = frozenset({"failed", "out-of-memory", "timeout", "diverged"})
# Differences below this share of what a score can span do not matter, unless a reader says otherwise.
SHARE_MARGIN = 0.01


def default_margin(low: float, high: float) -> float | None:
    """Return the margin of equivalence of a score that lies between two ends; None for one that does not."""
    return SHARE_MARGIN * (high - low) if np.isfinite(high - low) else None


def run_key(run: PlannedRun) -> RunKey:
    """Return what a run is paired by: its seed and its split."""
    split = run.split
    if split.scheme == "official":
        return RunKey(run.seed)
    folds = f" of {split.count}" if split.scheme == "kfold" else ""
    return RunKey(run.seed, f"{split.scheme} {split.number}{folds}")


def observe(
    records: Iterable[RunRecord],
    name: str,
    samples: SampleScores | None = None,
    row: Callable[[RunRecord], str] = lambda record: record.run.label,
) -> Observations:
    """Return one score of all models, run by run.

    records: of one data set, task and protocol. row: what a record counts as, by default its label. samples: where
    test samples are to count, too; a run without kept answers then has one value, and so have all of its section, and
    so have all where one split has runs of other test samples than the rest, as after a change of the data. Runs of one
    model, seed and split on several devices are averaged.
    """
    listed = [record for record in records if record.is_ok or record.status in FAILED]
    scored = [(record, score) for record in listed if (score := _named(record, name)) is not None]
    values = {id(record): _values(record, score, samples) for record, score in scored}
    if samples is not None and not _share_samples([record for record, _ in scored], values, samples):
        values = {id(record): np.asarray(score.value) for record, score in scored}
    models: dict[str, dict[RunKey, list[Array]]] = {row(record): {} for record in listed}
    failed: dict[str, set[RunKey]] = defaultdict(set)
    for record, _ in scored:
        models[row(record)].setdefault(run_key(record.run), []).append(values[id(record)])
    for record in listed:
        if record.status in FAILED:
            failed[row(record)].add(run_key(record.run))
    first = scored[-1][1] if scored else None
    low, high = _bounds(first, samples)
    return Observations(
        {model: {key: _mean(each) for key, each in runs.items()} for model, runs in models.items()},
        higher=first is None or first.higher_is_better,
        low=low,
        high=high,
        failed={model: frozenset(keys) for model, keys in failed.items()},
        test_to_train=_test_to_train(scored),
        groups=_groups([record for record, _ in scored], samples, values),
        is_series=samples is not None and any(samples.is_series(record) for record, _ in scored[:1]),
    )


def repeated(
    values: Mapping[str, Sequence[float]], *, higher: bool = False, low: float = 0.0, high: float = math.inf
) -> Observations:
    """Return times, memory and other costs of runs that were repeated on one machine: each is one observation.

    Another split of the data is another repetition of the work, so that neither seed nor split pairs them.
    """
    models = {
        model: {RunKey(number): np.asarray(value, np.float64) for number, value in enumerate(each)}
        for model, each in values.items()
    }
    return Observations(models, higher=higher, low=low, high=high, is_cost=True)


def _share_samples(records: Sequence[RunRecord], values: Mapping[int, Array], samples: SampleScores) -> bool:
    """Has every run that ended with a number a score of each test sample, and of the same ones on each split?

    Nothing is to be shared where none has such scores.
    """
    if not any(scores.ndim for scores in values.values()):
        return True
    # A run whose score is no number counts as failed; it takes nothing from the others.
    finite = [record for record in records if np.isfinite(values[id(record)]).all()]
    if not all(values[id(record)].ndim for record in finite):
        return False
    splits: dict[str, list[RunRecord]] = defaultdict(list)
    for record in finite:
        splits[run_key(record.run).split].append(record)
    return all(
        samples.is_same_part(each) and _has_one_length(each, values, samples.groups(each[0]))
        for each in splits.values()
    )


def _has_one_length(
    records: Sequence[RunRecord], values: Mapping[int, Array], groups: NDArray[np.int64] | None
) -> bool:
    """Have runs of one split as many values, and as many as groups? A jackknife may leave out many samples at once."""
    counts = {len(values[id(record)]) for record in records}
    return len(counts | (set() if groups is None else {len(groups)})) == 1


def _mean(values: Sequence[Array]) -> Array:
    if len(values) == 1:
        return values[0]
    # What is infinite on one device and not on another is no number, and counts as failed.
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.mean(values, axis=0))


def _bounds(score: Score | None, samples: SampleScores | None) -> tuple[float, float]:
    if score is None:
        return -np.inf, np.inf
    return (score.low, score.high) if samples is None else samples.bounds(score)


def _named(record: RunRecord, name: str) -> Score | None:
    if record.is_ok:
        for score in record.scores:
            if score.name == name:
                return score
    return None


def _values(record: RunRecord, score: Score, samples: SampleScores | None) -> Array:
    alone = np.asarray(score.value, np.float64)
    if samples is None or not record.truth:
        return alone
    return samples.read(record, [score.name]).get(score.name, alone)


def _test_to_train(scored: Sequence[tuple[RunRecord, Score]]) -> float:
    ratios = [
        float(score.detail["n"]) / record.problem.training_size
        for record, score in scored
        if record.problem is not None and record.problem.training_size and isinstance(score.detail.get("n"), int)
    ]
    return float(np.mean(ratios)) if ratios else 0.25


def _groups(
    records: Sequence[RunRecord], samples: SampleScores | None, values: Mapping[int, Array]
) -> dict[str, NDArray[np.int64]]:
    found: dict[str, NDArray[np.int64]] = {}
    if samples is None:
        return found
    for record in records:
        split = run_key(record.run).split
        if split not in found and values[id(record)].ndim and (groups := samples.groups(record)) is not None:
            found[split] = groups
    return found
