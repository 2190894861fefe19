"""Noise: label noise in training, and shuffled inputs as a control for what structure is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from bench.errors import NotApplicable
from bench.protocols.base import Budget, Protocol, ProtocolSettings, RunContext, Trained
from bench.specs import ModelSpec, Value

if TYPE_CHECKING:
    from bench.tasks.base import Part, TaskData

__all__ = ["Noise", "NoiseSettings"]


class NoiseSettings(Budget):
    """Which disturbances to train under; the validation and test labels stay clean.

    label_noise:    shares of training labels replaced by wrong ones; 0 is the control.
    shuffle_inputs: also train with the positions of all inputs (training, validation, test) in one new order.
    """

    label_noise: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = (0.0, 0.2, 0.4)
    shuffle_inputs: bool = True


class Noise(Protocol):
    """One run per disturbance and seed."""

    Settings: ClassVar[type[ProtocolSettings]] = NoiseSettings
    settings: NoiseSettings

    def variants(self, model: ModelSpec, hyperparameters: Mapping[str, Value]) -> Sequence[dict[str, Value]]:
        """Return the levels of label noise, and the shuffled control."""
        levels: list[dict[str, Value]] = [
            {"label_noise": level, "inputs": "in order"} for level in dict.fromkeys(self.settings.label_noise)
        ]
        return [*levels, {"label_noise": 0.0, "inputs": "shuffled"}] if self.settings.shuffle_inputs else levels

    def train(self, context: RunContext) -> Trained:
        """Train on disturbed data; the model is scored on what the variant says."""
        from bench.protocols.perturb import with_label_noise
        from bench.protocols.training import train_model

        data, variant, seed = context.data, context.plan.variant, context.plan.seed
        if variant["inputs"] == "shuffled":
            data = shuffled(data, seed)
        if variant["label_noise"]:
            share = float(variant["label_noise"])
            data = data.with_train(with_label_noise(data.train, share, data.problem.target, seed))
        return replace(train_model(context.with_data(data), self.settings), data=data)


def shuffled(data: TaskData, seed: int) -> TaskData:
    """Return the data with all inputs in one new order."""
    from bench.protocols.perturb import new_order, shuffle_inputs

    space = data.problem.input
    if space is None or space.kind != "real" or space.ragged or not space.axes:
        raise NotApplicable(f"shuffled inputs need positions that hold numbers; got {space or 'no input'}")
    if space.axes == "c":
        # Columns take their categories and their names along.
        order = new_order(len(space.levels), seed).tolist()
        levels = tuple(space.levels[column] for column in order)
        names = tuple(space.names[column] for column in order) if space.names else ()
        data = replace(data, problem=replace(data.problem, input=replace(space, levels=levels, names=names)))

    def part(old: Part) -> Part:
        return old if old.x is None else replace(old, x=shuffle_inputs(old.x, space.axes, seed))

    return replace(data, train=part(data.train), validation=part(data.validation), test=part(data.test))
