"""Transfer: pre-train on a source, fine-tune on a few samples of the target, against training from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from bench.errors import NotApplicable
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
        from bench.protocols.perturb import first_samples, told_size
        from bench.protocols.training import train_model

        variant, start, details = context.plan.variant, None, {}
        if variant["start"] == "pre-trained":
            cost = context.clocks.setup.paused()
            with cost:
                start = self._pre_train(context)
            details = {"pre_training_seconds": cost.seconds}
        size = int(variant["training_size"])
        part = first_samples(context.data.train, size, context.plan.seed)
        trained = train_model(context.with_data(context.data.with_train(part)), self.settings, start=start)
        told, notes = told_size(part, size)
        return replace(trained, details={**trained.details, **details, **told}, notes=(*trained.notes, *notes))

    def _pre_train(self, context: RunContext) -> dict[str, torch.Tensor]:
        from bench.model import is_network
        from bench.protocols.training import train_model

        if not is_network(context.build()):
            raise NotApplicable(
                f"protocol transfer: {context.plan.model!r} is a black box and has no weights to carry over; "
                "compare it under learning-curve"
            )
        task, source = context.load(self.settings.source)
        given, wanted = source.problem.input, context.data.problem.input
        if given is None or wanted is None or replace(given, names=()) != replace(wanted, names=()):
            raise NotApplicable(
                f"protocol transfer: source {self.settings.source!r} gives {given or 'nothing'}, target "
                f"{context.plan.dataset!r} gives {wanted or 'nothing'}; they must be equal"
            )
        if given.names != wanted.names:
            # Columns or tokens of other names: every weight would be carried over with a permuted meaning.
            raise NotApplicable(
                f"protocol transfer: the columns or tokens of {self.settings.source!r} and {context.plan.dataset!r} "
                "have other names, so that weights of one mean nothing to the other"
            )
        aside = context.aside(lambda _: None).with_data(source, task)
        budget = Budget(**{**self._shared(), "epochs": self.settings.source_epochs})
        model: Any = train_model(aside, budget).model
        # On the device the copy would count as memory of the fine-tuning.
        learnt = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
        old, new = source.problem.target, context.data.problem.target
        if old == new or old is None or old.kind != "index":
            return learnt
        begin_anew = self._of_classes(context, source, learnt)
        kept = {name: tensor for name, tensor in learnt.items() if name not in begin_anew}
        if not {name for name, _ in model.named_parameters()} & kept.keys():
            raise NotApplicable(
                f"protocol transfer: all weights of {context.plan.model!r} belong to the classes of "
                f"{self.settings.source!r}, and {context.plan.dataset!r} has others; nothing can be carried over"
            )
        return kept

    def _of_classes(self, context: RunContext, data: TaskData, learnt: Mapping[str, torch.Tensor]) -> set[str]:
        """Return the names of the weights that belong to the classes, as a model for more classes gives them away.

        They have another shape there, or lie in a module of which there is one for each class.
        """
        # More than twice as many, for a model that rounds up.
        wanted = data.problem.wanted
        more = replace(wanted, size=2 * (wanted.size or 0) + 1, names=())
        problem = replace(data.problem, target=more)
        try:
            other: Any = context.make(replace(data, problem=problem), {})
        except Exception as error:
            raise NotApplicable(
                f"protocol transfer: {context.plan.model!r} cannot be built for {more.size} classes, which "
                f"would tell its weights for the classes of {self.settings.source!r} from the others: {error}"
            ) from error
        shapes = {name: tensor.shape for name, tensor in other.state_dict().items()}
        modules = {module for name in learnt for module in _modules(name)}
        # `heads.5.weight` is new and `heads` is not: so `heads.0.weight` is of a class too.
        grown = {next((m for m in _modules(name) if m in modules), "") for name in shapes.keys() - learnt.keys()} - {""}
        return {
            name
            for name, tensor in learnt.items()
            if shapes.get(name) != tensor.shape or any(name.startswith(f"{module}.") for module in grown)
        }

    def _shared(self) -> dict[str, Any]:
        names = ("batch_size", "learning_rate", "schedule")
        return {name: getattr(self.settings, name) for name in names}


def _modules(name: str) -> list[str]:
    """Return the modules around a weight, the innermost first: of `a.b.weight` that is `a.b` and `a`."""
    parts = name.split(".")[:-1]
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
