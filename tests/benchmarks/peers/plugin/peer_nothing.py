"""A data set, a task and a model that cost nothing, so that what remains is the harness."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bench.data import Dataset, Split
from bench.model import Problem
from bench.sources import DataSource
from bench.tasks.base import Evaluation, Part, Task, TaskData

if TYPE_CHECKING:
    from torch import Tensor


def tiny(source: DataSource) -> Dataset:
    """Return sixteen samples of four zeros in each part."""
    part = Split(np.zeros((16, 4), np.float32), np.arange(16) % 2)
    return Dataset(train=part, validation=part, test=part, class_names=("even", "odd"))


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
    is_objective_higher_better: ClassVar[bool] = True

    def prepare(self, dataset: Dataset, name: str) -> TaskData:
        import torch

        def part(split: Split) -> Part:
            return Part(torch.from_numpy(split.x), torch.from_numpy(split.y))

        problem = Problem("nothing", name, dataset.input_shape, dataset.class_count, len(dataset.train))
        return TaskData(problem, part(dataset.train), part(dataset.validation), part(dataset.test))

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return output.sum()

    def check(self, model: Any, data: TaskData) -> None:
        return

    def validate(self, model: Any, data: TaskData) -> dict[str, float]:
        return {"value": 0.0}

    def evaluate(self, model: Any, data: TaskData) -> Evaluation:
        return Evaluation(tuple(metric.score(metric.function(model)) for metric in self.metrics))

    def predictor(self, model: Any) -> Callable[[Tensor], Any]:
        return lambda x: model.predict_proba(x.numpy())


def value(model: Idle) -> float:
    """Return the constant score."""
    return 0.0
