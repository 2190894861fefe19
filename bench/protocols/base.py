"""The interface of a protocol, the budget they share, and what a run hands to them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.record import CurvePoint, Memory, PlannedRun, Score
from bench.specs import Hyperparameter, ModelSpec, Value

if TYPE_CHECKING:
    import torch

    from bench.measure.clock import Clocks
    from bench.measure.energy import EnergyMeter
    from bench.measure.memory import PeakMemory
    from bench.tasks.base import Task, TaskData

__all__ = ["Budget", "Protocol", "ProtocolSettings", "RunContext", "Trained", "is_better"]


def is_better(value: float | None, best: float | None, *, higher: bool) -> bool:
    """Is a value better than the best so far? NaN never is, and everything else is better than NaN or nothing."""
    if value is None or math.isnan(value):
        return False
    if best is None or math.isnan(best):
        return True
    return value > best if higher else value < best


class ProtocolSettings(BaseModel):
    """What a suite may set about a protocol; an unknown setting is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Budget(ProtocolSettings):
    """How long every model may train, and how: the same for all that are compared.

    Exactly one of `epochs`, `steps` and `seconds` (of training, evaluation not counted) is given.
    A black box is fitted once, whatever the budget; the report marks its time as a whole.
    `patience` counts evaluations without improvement before training ends; 0 trains the budget to its end.
    """

    epochs: int | None = Field(None, gt=0)
    steps: int | None = Field(None, gt=0)
    seconds: float | None = Field(None, gt=0)
    batch_size: int = Field(64, gt=0)
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Literal["constant", "cosine"] = "constant"
    patience: int = Field(0, ge=0)
    evaluations: int = Field(20, gt=0, description="how often the validation part is looked at, at most")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in ("epochs", "steps", "seconds") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of epochs, steps, seconds; got {', '.join(given) or 'none'}")
        return self


@dataclass(frozen=True)
class RunContext:
    """Everything a protocol needs of one run.

    memory, energy: started and stopped around the training that counts.
    make:   returns a fresh model for some data, initialised from the run's seed; see `build`.
    report: called with each point of the learning curve as it is measured.
    load:   returns another data set that the protocol named in `datasets`, and the task prepared for it: a judge of
            samples is a judge of one data set.
    space:  the model's hyperparameters with their search spaces.
    """

    plan: PlannedRun
    task: Task
    data: TaskData
    device: torch.device
    clocks: Clocks
    memory: PeakMemory
    energy: EnergyMeter
    make: Callable[[TaskData, Mapping[str, Value]], Any]
    report: Callable[[CurvePoint], None]
    load: Callable[[str], tuple[Task, TaskData]]
    space: Mapping[str, Hyperparameter]

    def build(self, **overrides: Value) -> Any:
        """Return a fresh model for the run's data; hyperparameters given here override those of the plan."""
        return self.make(self.data, overrides)

    def with_data(self, data: TaskData, task: Task | None = None) -> RunContext:
        """Return the same run on other data, and with the task prepared for it where it is another data set."""
        return replace(self, data=data, task=task or self.task)

    def aside(self, report: Callable[[CurvePoint], None]) -> RunContext:
        """Return the same run for training that is not the one that counts: own clocks, another listener."""
        own = {name: type(getattr(self, name))(self.device) for name in ("clocks", "memory", "energy")}
        return replace(self, report=report, **own)


@dataclass(frozen=True)
class Trained:
    """What training left: the model with its best weights, and what the protocol itself measured.

    `data` is what to score on where it is not what the task prepared; `samples` is how many a network was shown.
    """

    model: Any
    memory: Memory = field(default_factory=Memory)
    energy_joules: float | None = None
    scores: tuple[Score, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    data: TaskData | None = None
    samples: int | None = None


class Protocol(ABC):
    """The rules under which a model is trained.

    Planning happens without torch: modules of protocols import it inside functions.
    """

    Settings: ClassVar[type[ProtocolSettings]] = ProtocolSettings

    def __init__(self, settings: ProtocolSettings) -> None:
        self.settings = settings

    def datasets(self) -> Sequence[str]:
        """Return the data sets that every run needs beside its own."""
        return ()

    def variants(self, model: ModelSpec, hyperparameters: Mapping[str, Value]) -> Sequence[dict[str, Value]]:
        """Return what varies from run to run of one seed, e.g. training sizes; one empty variant by default."""
        return ({},)

    def hyperparameters(self, given: Mapping[str, Value], variant: Mapping[str, Value]) -> dict[str, Value]:
        """Return the hyperparameters of a variant; those of the suite by default."""
        return dict(given)

    @abstractmethod
    def train(self, context: RunContext) -> Trained:
        """Train one model within the rules."""
