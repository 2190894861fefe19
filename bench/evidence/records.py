"""Turn records, and the answers their runs kept, into observations of one score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arrays import unpack
from bench.evidence.observations import Observations, RunKey
from bench.evidence.pseudovalues import sample_scores
from bench.record import PlannedRun, RunRecord, Score
from bench.specs import MetricSpec, resolve

__all__ = ["FAILED", "SHARE_MARGIN", "SampleScores", "default_margin", "observe", "repeated", "run_key"]

Array = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
# A task's own scores, by name, of an answer and its truth.
OwnScores = Callable[[Arrays, Arrays], Mapping[str, float]]
Reading = tuple[Array, NDArray[np.int64] | None]

# The one rule: these were tried and gave nothing. Runs that are skipped, that ended with their session (killed) or to
# which the model does not apply are missing; so is a score that a good run does not have.
FAILED = frozenset({"failed", "out-of-memory", "timeout", "diverged"})
# Differences below this share of what a score can span do not matter, unless a reader says otherwise.
SHARE_MARGIN = 0.01
# Answers that hold something for each test sample; what else lies beside them in their order is cut with them.
PER_SAMPLE = ("probabilities", "predictions", "anomaly_scores", "log_likelihoods", "clusters", "top")


def default_margin(low: float, high: float) -> float | None:
    """Return the margin of equivalence of a score that lies between two ends; None for one that does not."""
    return SHARE_MARGIN * (high - low) if np.isfinite(high - low) else None


def run_key(run: PlannedRun) -> RunKey:
    """Return what a run is paired by: its seed and its split."""
    split = run.split
    folds = f" of {split.count}" if split.scheme == "kfold" else ""
    return RunKey(run.seed, "official" if split.scheme == "official" else f"{split.scheme} {split.number}{folds}")


class SampleScores:
    """Reads the score of every test sample from kept answers; a truth is unpacked once for all its runs.

    answer: returns a record's kept answer, None where there is none; truth: returns what a key stands for (see
    `bench.store.Store`). metrics: by score name. own: by task name, what its scores are made by. Scores that a protocol
    gives, and those of drawn samples, which answer no test sample, have none.
    """

    def __init__(
        self,
        answer: Callable[[RunRecord], bytes | None],
        truth: Callable[[str], bytes],
        metrics: Mapping[str, MetricSpec],
        own: Mapping[str, OwnScores] | None = None,
    ) -> None:
        self._answer, self._truth, self._metrics, self._own = answer, truth, metrics, own or {}
        self._truths: dict[str, dict[str, NDArray[Any]]] = {}
        self._loaded: dict[tuple[str, int], dict[str, Array]] = {}

    def load(self, records: Iterable[RunRecord], names: Iterable[str]) -> None:
        """Read several scores at once, so that each answer is unpacked once; `forget` them when they were used."""
        listed = list(names)
        self._loaded = {(record.run.run_id, record.attempt): self.read(record, listed) for record in records}

    def forget(self) -> None:
        """Let go of what was loaded, and of the truths behind it."""
        self._loaded, self._truths = {}, {}

    def read(self, record: RunRecord, names: Iterable[str]) -> dict[str, Array]:
        """Return one value per test sample, (n,), for each score that has them; their mean is the score."""
        if (known := self._loaded.get((record.run.run_id, record.attempt))) is not None:
            return {name: known[name] for name in names if name in known}
        kept = set(record.kept)
        wanted = [name for name in names if self._has(record, name, kept)]
        content = self._answer(record) if wanted and record.truth and kept.intersection(PER_SAMPLE) else None
        if content is None:
            return {}
        answer, truth = unpack(content), self._unpacked(record.truth)
        found = {name: self._scored(record, name, answer, truth) for name in wanted}
        return {name: scores for name, scores in found.items() if scores is not None and scores.ndim}

    def arrays(self, record: RunRecord) -> dict[str, NDArray[Any]]:
        """Return what is kept of a record's answer and truth, by name; nothing where no answer is kept."""
        content = self._answer(record) if record.truth else None
        return {} if content is None else {**self._unpacked(record.truth), **unpack(content)}

    def bounds(self, score: Score) -> tuple[float, float]:
        """Return the ends of a score: its own, or those of the installed metric where an older record has none."""
        spec = self._metrics.get(score.name) if score.source else None
        return (score.low, score.high) if spec is None else (max(score.low, spec.low), min(score.high, spec.high))

    def groups(self, record: RunRecord) -> NDArray[np.int64] | None:
        """Return which samples of a run's test part depend on each other, (n,), where its truth says so."""
        return self._unpacked(record.truth).get("groups") if record.truth and "groups" in record.kept else None

    def is_series(self, record: RunRecord) -> bool:
        """Are neighbours in the run's test part neighbours in time?"""
        return bool(record.truth and "ordered" in record.kept and self._unpacked(record.truth)["ordered"])

    def _has(self, record: RunRecord, name: str, kept: set[str]) -> bool:
        if record.score(name) is None:
            return False
        spec = self._metrics.get(name)
        return kept.issuperset(spec.arrays) if spec else record.run.task in self._own

    def _unpacked(self, key: str) -> dict[str, NDArray[Any]]:
        if key not in self._truths:
            self._truths[key] = unpack(self._truth(key))
        return self._truths[key]

    def _scored(self, record: RunRecord, name: str, answer: Arrays, truth: Arrays) -> Array | None:
        stored = next(score for score in record.scores if score.name == name)
        both = {**truth, **answer}
        if (spec := self._metrics.get(name)) and stored.source:
            function = resolve(spec.target)
            arrays = [both[each] for each in spec.arrays]
            return None if len({len(array) for array in arrays}) > 1 else sample_scores(name, function, arrays)
        return _of_task(self._own[record.run.task], name, answer, truth) if record.run.task in self._own else None


def _of_task(own: OwnScores, name: str, answer: Arrays, truth: Arrays) -> Array | None:
    """Return pseudo-values of a score that the task itself makes of all its arrays at once."""
    count = next((len(answer[each]) for each in PER_SAMPLE if each in answer), 0)
    names = [(0, each) for each, array in answer.items() if array.ndim and len(array) == count]
    names += [(1, each) for each, array in truth.items() if array.ndim and len(array) == count]

    def score(*arrays: NDArray[Any]) -> float:
        sides = dict(answer), dict(truth)
        for (side, each), array in zip(names, arrays, strict=True):
            sides[side][each] = array
        return float(own(*sides)[name])

    sides = answer, truth
    return sample_scores(name, score, [sides[side][each] for side, each in names]) if count > 1 else None


def observe(
    records: Iterable[RunRecord],
    name: str,
    samples: SampleScores | None = None,
    row: Callable[[RunRecord], str] = lambda record: record.run.label,
) -> Observations:
    """Return one score of all models, run by run.

    records: of one data set, task and protocol. row: what a record counts as, by default its label. samples: where
    test samples are to count, too; a run without kept answers then has one value, and so have all of its section.
    Runs of one model, seed and split on several devices are averaged.
    """
    listed = [record for record in records if record.is_ok or record.status in FAILED]
    scored = [(record, score) for record in listed if (score := _named(record, name)) is not None]
    values = {id(record): _values(record, name, samples) for record, _ in scored}
    if len({np.ndim(each) for each in values.values()}) > 1:
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
        {
            model: {key: np.asarray(np.mean(each, axis=0)) for key, each in runs.items()}
            for model, runs in models.items()
        },
        higher=first is None or first.higher_is_better,
        low=low,
        high=high,
        failed={model: frozenset(keys) for model, keys in failed.items()},
        test_to_train=_test_to_train(scored),
        groups=_groups([record for record, _ in scored], samples, values),
        is_series=samples is not None and any(samples.is_series(record) for record, _ in scored[:1]),
    )


def repeated(values: Mapping[str, Sequence[float]], *, higher: bool = False, low: float = 0.0) -> Observations:
    """Return times, memory and other costs of runs that were repeated on one machine: each is one observation.

    Another split of the data is another repetition of the work, so that neither seed nor split pairs them.
    """
    models = {
        model: {RunKey(number): np.asarray(value, np.float64) for number, value in enumerate(each)}
        for model, each in values.items()
    }
    return Observations(models, higher=higher, low=low)


def _bounds(score: Score | None, samples: SampleScores | None) -> tuple[float, float]:
    if score is None:
        return -np.inf, np.inf
    return (score.low, score.high) if samples is None else samples.bounds(score)


def _named(record: RunRecord, name: str) -> Score | None:
    return next((score for score in record.scores if score.name == name), None) if record.is_ok else None


def _values(record: RunRecord, name: str, samples: SampleScores | None) -> Array:
    score = _named(record, name)
    alone = np.asarray(np.nan if score is None else score.value, np.float64)
    return alone if samples is None else samples.read(record, [name]).get(name, alone)


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
