"""Learning curve: the same model on growing parts of the training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from bench.protocols.base import Budget, Protocol, ProtocolSettings, RunContext, Trained
from bench.specs import ModelSpec, Value

__all__ = ["LearningCurve", "LearningCurveSettings"]


class LearningCurveSettings(Budget):
    """A budget in steps gives every size the same training; one in epochs gives small sizes less of it.

    sizes: numbers of training samples; one beyond what there is means all of them.
    """

    sizes: list[Annotated[int, Field(gt=1)]] = Field(min_length=1)


class LearningCurve(Protocol):
    """One run per training size and seed; the smaller set is always part of the larger one."""

    Settings: ClassVar[type[ProtocolSettings]] = LearningCurveSettings
    settings: LearningCurveSettings

    def variants(self, model: ModelSpec, hyperparameters: Mapping[str, Value]) -> Sequence[dict[str, Value]]:
        """Return the training sizes."""
        return [{"training_size": size} for size in dict.fromkeys(self.settings.sizes)]

    def train(self, context: RunContext) -> Trained:
        """Train on the first samples of a shuffled, class-balanced order that the seed decides."""
        from bench.protocols.perturb import first_samples, told_size
        from bench.protocols.training import train_model

        size = int(context.plan.variant["training_size"])
        part = first_samples(context.data.train, size, context.plan.seed)
        trained = train_model(context.with_data(context.data.with_train(part)), self.settings)
        details, notes = told_size(part, size)
        return replace(trained, details={**trained.details, **details}, notes=(*trained.notes, *notes))
