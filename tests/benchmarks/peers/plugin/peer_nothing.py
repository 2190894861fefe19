"""A data set, a task and a model that cost nothing, so that what remains is the harness."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from bench.data import Dataset, Split
from bench.model import Problem
from bench.record import Score
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.tasks.base import Arrays, Task


def tiny(source: DataSource) -> Dataset:
    """Return sixteen samples of four zeros in each part."""
    part = Split(np.zeros((16, 4), np.float32), np.arange(16) % 2)
    return Dataset(source.spec, part, part, part)


class Idle:
    """Learns nothing, and finds both classes equally likely."""

    def __init__(self, problem: Problem) -> None:
        self.classes = problem.classes

    def fit(self, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Idle:
        return self

    def predict_proba(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.full((len(x), self.classes), 1 / self.classes)


class Nothing(Task):
    """Ask nothing and score a constant."""

    objective: ClassVar[str] = "value"
    higher: ClassVar[bool] = True

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space | None]:
        return offer.inputs, offer.targets

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        return (Score(name="value", value=0.0, higher_is_better=True),)
