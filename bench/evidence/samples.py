"""Read the score of every test sample from the answers that runs kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arrays import unpack
from bench.evidence.pseudovalues import sample_scores
from bench.record import RunRecord, Score
from bench.specs import MetricSpec, resolve

__all__ = ["SampleScores"]

Array = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
# A task's own scores, by name, of an answer and its truth.
OwnScores = Callable[[Arrays, Arrays], Mapping[str, float]]

# Answers that hold something for each test sample; what else lies beside them in their order is cut with them.
PER_SAMPLE = ("probabilities", "predictions", "anomaly_scores", "log_likelihoods", "clusters", "top")
# What code of a plugin may raise, SystemExit included.
BROKEN = (Exception, SystemExit)


class SampleScores:
    """Reads the score of every test sample from kept answers; a truth is unpacked once for all its runs.

    answer: returns a record's kept answer, None where there is none; truth: returns what a key stands for (see
    `bench.store.Store`). metrics: by score name. own: by task name, what its scores are made by. Scores that a protocol
    gives, and those of drawn samples, which answer no test sample, have none. problems: what could not be read, or was
    refused by the code that makes a score, a sentence each; runs then count as one value.
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
        self._problems: dict[str, None] = {}
        self._unreadable: set[tuple[str, int]] = set()

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read or computed, each once."""
        return tuple(self._problems)

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
        opened = self._opened(record) if wanted and kept.intersection(PER_SAMPLE) else None
        if opened is None:
            return {}
        found = {name: self._scored(record, name, *opened) for name in wanted}
        return {name: scores for name, scores in found.items() if scores is not None and scores.ndim}

    def arrays(self, record: RunRecord) -> dict[str, NDArray[Any]]:
        """Return what is kept of a record's answer and truth, by name; nothing where no answer is kept."""
        opened = self._opened(record)
        return {} if opened is None else {**opened[1], **opened[0]}

    def readable(self, records: Iterable[RunRecord]) -> list[RunRecord]:
        """Return the records, those whose answers turned out to be unreadable as records that keep none."""
        return [
            record.model_copy(update={"kept": (), "truth": ""})
            if (record.run.run_id, record.attempt) in self._unreadable
            else record
            for record in records
        ]

    def is_same_part(self, records: Iterable[RunRecord]) -> bool:
        """Were these runs scored on the same test samples? Not where the data changed between them."""
        listed = list(records)
        if len({record.data["test"] for record in listed if "test" in record.data}) > 1:
            return False
        first, *others = dict.fromkeys(record.truth for record in listed)
        if not others:
            return True
        one = self._unpacked(first)
        return all(_agree(one, self._unpacked(other)) for other in others)

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

    def _opened(self, record: RunRecord) -> tuple[Arrays, Arrays] | None:
        """Return a record's answer and its truth, None where no answer is kept or it cannot be read."""
        try:
            content = self._answer(record) if record.truth else None
            return None if content is None else (unpack(content), self._unpacked(record.truth))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a stored answer, the run keeps its scores
            self._unreadable.add((record.run.run_id, record.attempt))
            self._problems[f"The answers of {record.run} cannot be read: {_sentence(error)}"] = None
            return None

    def _unpacked(self, key: str) -> dict[str, NDArray[Any]]:
        if key not in self._truths:
            self._truths[key] = unpack(self._truth(key))
        return self._truths[key]

    def _scored(self, record: RunRecord, name: str, answer: Arrays, truth: Arrays) -> Array | None:
        try:
            return self._computed(record, name, answer, truth)
        except BROKEN as error:
            where = f"{record.run.task} on {record.run.dataset}"
            self._problems[
                f"{name} of single test samples could not be computed for {where}, so that each run counts as one "
                f"value: {_sentence(error)}"
            ] = None
            return None

    def _computed(self, record: RunRecord, name: str, answer: Arrays, truth: Arrays) -> Array | None:
        stored = next(score for score in record.scores if score.name == name)
        if (spec := self._metrics.get(name)) and stored.source:
            both = {**truth, **answer}
            arrays = [both[each] for each in spec.arrays]
            # What has one row holds for all samples, such as the scale of each series.
            is_even = len({len(array) for array in arrays} - {1}) == 1 or all(len(array) == 1 for array in arrays)
            return sample_scores(name, resolve(spec.target), arrays) if is_even else None
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


def _agree(one: Arrays, other: Arrays) -> bool:
    """Are the arrays equal that both truths have? Versions of the core may have kept more or fewer."""
    shared = one.keys() & other.keys()
    return bool(shared) and all(np.array_equal(one[name], other[name]) for name in shared)


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"
