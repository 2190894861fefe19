"""The interface of a task, and the data as a task hands it to models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from bench.data import Dataset
from bench.model import Problem
from bench.record import Score
from bench.specs import MetricSpec

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Evaluation", "Metric", "Part", "Task", "TaskData", "TaskSettings"]


class TaskSettings(BaseModel):
    """What a suite may set about a task; an unknown setting is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Metric:
    """A metric's spec with its function resolved."""

    spec: MetricSpec
    function: Callable[..., float]

    def score(self, value: float, **detail: Any) -> Score:
        """Wrap a value as this metric's score."""
        spec = self.spec
        return Score(name=spec.name, value=value, higher_is_better=spec.higher_is_better, unit=spec.unit, detail=detail)


@dataclass(frozen=True)
class Part:
    """One split as tensors. x: (n, *input_shape) float32, standardised as the task says; y: (n,) int64."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device) -> Part:
        """Return the part on a device."""
        return Part(self.x.to(device), self.y.to(device))

    def take(self, indices: Tensor) -> Part:
        """Return the samples at those indices."""
        return Part(self.x[indices], self.y[indices])

    def nbytes(self) -> int:
        """Bytes of both tensors."""
        return self.x.nbytes + self.y.nbytes


@dataclass(frozen=True)
class TaskData:
    """A data set as a task prepared it: the same numbers for every model."""

    problem: Problem
    train: Part
    validation: Part
    test: Part
    class_names: tuple[str, ...] = ()

    def to(self, device: torch.device) -> TaskData:
        """Return the data on a device."""
        return replace(
            self,
            train=self.train.to(device),
            validation=self.validation.to(device),
            test=self.test.to(device),
        )

    def nbytes(self) -> int:
        """Bytes of all parts."""
        return self.train.nbytes() + self.validation.nbytes() + self.test.nbytes()

    def with_train(self, train: Part) -> TaskData:
        """Return the data with another training part, e.g. a smaller or a noisier one."""
        return replace(self, train=train, problem=replace(self.problem, training_size=len(train)))


@dataclass(frozen=True)
class Evaluation:
    """Scores on the test part and files worth keeping, as `name → (media type, bytes)`."""

    scores: tuple[Score, ...]
    artifacts: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Task(ABC):
    """What is asked of a model and how the answer is scored.

    `objective` names the validation score that early stopping and tuning look at.
    `preload` names modules worth importing before runs are forked; `cache` is a folder this user may write.
    """

    Settings: ClassVar[type[TaskSettings]] = TaskSettings
    objective: ClassVar[str]
    is_objective_higher_better: ClassVar[bool]

    def __init__(self, settings: TaskSettings, metrics: Sequence[Metric], cache: str) -> None:
        self.settings = settings
        self.metrics = tuple(metrics)
        self.cache = cache
        # Entered around the drawing of samples that are judged; the harness puts its clock here.
        self.sampling: AbstractContextManager[Any] = nullcontext()

    @abstractmethod
    def prepare(self, dataset: Dataset, name: str) -> TaskData:
        """Turn arrays into the tensors every model of this task meets, on the CPU."""

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the training loss of a network that brings none of its own; a scalar."""

    @abstractmethod
    def check(self, model: Any, data: TaskData) -> None:
        """Raise ContractError where the model cannot be asked this task or answers in the wrong shape."""

    @abstractmethod
    def validate(self, model: Any, data: TaskData) -> dict[str, float]:
        """Return a few scores on the validation part, the objective among them."""

    @abstractmethod
    def evaluate(self, model: Any, data: TaskData) -> Evaluation:
        """Return every score on the test part."""

    @abstractmethod
    def predictor(self, model: Any) -> Callable[[Tensor], Any]:
        """Return the function whose latency is measured: one call answers one batch (n, *input_shape)."""

    def fit(self, model: Any, part: Part) -> None:
        """Train a black box on a part, as a whole."""
        x = part.x.detach().cpu().numpy().reshape(len(part), -1)
        model.fit(x, part.y.cpu().numpy())
