"""Transfer: pre-train on a source, fine-tune on a few samples of the target, against training from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from bench.errors import UsageError
from bench.protocols.base import Budget, Protocol, ProtocolSettings, RunContext, Trained
from bench.specs import ModelSpec, Value

if TYPE_CHECKING:
    import torch

    from bench.tasks.base import TaskData

__all__ = ["Transfer", "TransferSettings"]


class TransferSettings(Budget):
    """The budget is that of the target; the source has its own.

    source:  a data set with the same task and the same input shape.
    sizes:   numbers of training samples of the target.
    """

    source: str
    source_epochs: int = Field(default=10, gt=0)
    sizes: list[Annotated[int, Field(gt=1)]] = Field(min_length=1)


class Transfer(Protocol):
    """Two runs per size and seed: one starts from the source's weights, one from scratch. The cost of pre-training
    is reported beside the training seconds, never inside them.

    Where the classes are others, what was learnt about them stays behind: the weights whose shape depends on the
    number of classes, such as the last layer, begin anew (Yosinski et al., 2014, "How transferable are features in
    deep neural networks?", section 2).
    """

    Settings: ClassVar[type[ProtocolSettings]] = TransferSettings
    settings: TransferSettings

    def datasets(self) -> Sequence[str]:
        """Return the source, which every run loads beside its own data."""
        return (self.settings.source,)

    def variants(self, model: ModelSpec, hyperparameters: Mapping[str, Value]) -> Sequence[dict[str, Value]]:
        """Return each size with each start."""
        return [
            {"training_size": size, "start": start}
            for size in dict.fromkeys(self.settings.sizes)
            for start in ("pre-trained", "from scratch")
        ]

    def train(self, context: RunContext) -> Trained:
        """Fine-tune all weights on the target's first samples."""
        from bench.protocols.perturb import first_samples
        from bench.protocols.training import train_model

        variant, start, details = context.plan.variant, None, {}
        if variant["start"] == "pre-trained":
            cost = context.clocks.setup.paused()
            with cost:
                start = self._pre_train(context)
            details = {"pre_training_seconds": cost.seconds, "carried_over": sorted(start)}
        part = first_samples(context.data.train, int(variant["training_size"]), context.plan.seed)
        trained = train_model(context.with_data(context.data.with_train(part)), self.settings, start=start)
        return Trained(**{**vars(trained), "details": {**trained.details, **details}})

    def _pre_train(self, context: RunContext) -> dict[str, torch.Tensor]:
        from bench.protocols.training import is_network, train_model

        if not is_network(context.build()):
            raise UsageError(
                f"protocol transfer: {context.plan.model!r} is a black box and has no weights to carry over; "
                "compare it under learning-curve"
            )
        task, source = context.load(self.settings.source)
        if source.problem.input_shape != context.data.problem.input_shape:
            raise UsageError(
                f"protocol transfer: source {self.settings.source!r} has inputs of shape {source.problem.input_shape}, "
                f"target {context.plan.dataset!r} of shape {context.data.problem.input_shape}; they must be equal"
            )
        aside = context.aside(lambda _: None).with_data(source, task)
        budget = Budget(**{**self._shared(), "epochs": self.settings.source_epochs})
        model: Any = train_model(aside, budget).model
        learnt = {name: tensor.detach() for name, tensor in model.state_dict().items()}
        if source.class_names == context.data.class_names or source.problem.class_count is None:
            return learnt
        other = _shapes_with_one_class_more(context, source)
        kept = {name: tensor for name, tensor in learnt.items() if other.get(name) == tensor.shape}
        if not kept:
            raise UsageError(
                f"protocol transfer: all weights of {context.plan.model!r} belong to the classes of "
                f"{self.settings.source!r}, and {context.plan.dataset!r} has others; nothing can be carried over"
            )
        return kept

    def _shared(self) -> dict[str, Any]:
        names = ("batch_size", "learning_rate", "schedule")
        return {name: getattr(self.settings, name) for name in names}


def _shapes_with_one_class_more(context: RunContext, data: TaskData) -> Mapping[str, torch.Size]:
    """Return the shapes of the weights that the model would have: those that differ belong to the classes."""
    problem = replace(data.problem, class_count=data.problem.classes + 1)
    model: Any = context.make(replace(data, problem=problem), {})
    return {name: tensor.shape for name, tensor in model.state_dict().items()}
