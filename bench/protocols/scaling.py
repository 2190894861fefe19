"""Scaling: one hyperparameter of the model's size over a range, everything else equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from bench.errors import UsageError
from bench.protocols.base import Budget, Protocol, ProtocolSettings, RunContext, Trained
from bench.specs import ModelSpec, Value

__all__ = ["Scaling", "ScalingSettings"]


class ScalingSettings(Budget):
    """Which hyperparameter to scale, e.g. `width` or `depth`, and its values."""

    hyperparameter: str
    values: list[int] = Field(min_length=1)


class Scaling(Protocol):
    """One run per value and seed."""

    Settings: ClassVar[type[ProtocolSettings]] = ScalingSettings
    settings: ScalingSettings

    def variants(self, model: ModelSpec, hyperparameters: Mapping[str, Value]) -> Sequence[dict[str, Value]]:
        """Return the values; raises UsageError for a model that has no such hyperparameter."""
        name = self.settings.hyperparameter
        if name not in model.space:
            known = ", ".join(model.space) or "none"
            raise UsageError(f"protocol scaling: model {model.name!r} has no hyperparameter {name!r}. It has: {known}")
        return [{name: value} for value in dict.fromkeys(self.settings.values)]

    def hyperparameters(self, given: Mapping[str, Value], variant: Mapping[str, Value]) -> dict[str, Value]:
        """Return the suite's hyperparameters with the variant's value."""
        return {**given, **variant}

    def train(self, context: RunContext) -> Trained:
        """Train once; the plan's hyperparameters hold the variant's value already."""
        from bench.protocols.training import train_model

        return train_model(context, self.settings)
