"""Train one model as every protocol does: check, warm up, build, train, measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from bench.errors import ContractError
from bench.model import is_network
from bench.protocols.base import Budget, RunContext, Trained
from bench.protocols.loop import Step, Trainer, batches, samples_in, train, validation_scores, wait_for
from bench.protocols.perturb import first_samples
from bench.record import CurvePoint
from bench.specs import Value

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["follows_the_budgets_rate", "train_model"]

# Of each class; what one-time costs there are, a fit to these has paid.
WARM_UP_SAMPLES = 8
# Kinds of models that this process has looked at: the second trial of a search pays nothing for the first time.
_LOOKED_AT: set[tuple[type, type]] = set()


def follows_the_budgets_rate(context: RunContext, budget: Budget) -> bool:
    """Does the budget's learning rate reach this model, rather than a rate or a step of its own?"""
    model = context.build()
    if not is_network(model) or callable(getattr(model, "optimizer", None)):
        return False
    own: Step | None = getattr(model, "training_step", None)
    if own is None:
        return True
    batch = next(batches(context.data.train, budget.batch_size, context.plan.seed, context.device))
    # A step that answers with several losses has stepped its own optimizers.
    return not isinstance(own(batch), Mapping)


def train_model(
    context: RunContext,
    budget: Budget,
    *,
    hyperparameters: Mapping[str, Value] | None = None,
    until: Callable[[CurvePoint], bool] | None = None,
    start: Mapping[str, Tensor] | None = None,
) -> Trained:
    """Check, warm up, build and train one model; what is measured is the last of these alone.

    `hyperparameters` override those of the plan; `until` ends training early; `start` holds weights to begin with,
    of which those that fit by name and shape are taken. Returns the model with its best weights, its peak of memory
    and, for a network, at which step the best weights were seen.
    """
    overrides = dict(hyperparameters or {})
    rehearsal = context.build(**overrides)
    context.task.check(rehearsal, context.data)
    notes = warm_up(context, budget, rehearsal)
    del rehearsal
    details: dict[str, Any] = {}
    samples = None
    with _measured(context) as measured:
        model = context.build(**overrides)
        if not is_network(model):
            fit_black_box(context, model)
        else:
            if start is not None:
                details["carried_over"] = _carry_over(start, model)
            history = train(context, budget, model, until)
            details |= {"steps": history.steps, "best_step": history.best_step or history.steps}
            if context.task.objective is not None and history.best_state is None:
                notes = (*notes, f"{context.task.objective} was NaN at every evaluation: the last weights were kept")
            samples = samples_in(history.steps, len(context.data.train), budget.batch_size)
    return Trained(model, notes=notes, details=details, samples=samples, **measured)


@contextmanager
def _measured(context: RunContext) -> Iterator[dict[str, Any]]:
    """Watch memory and energy; stopped also where training fails, or their threads would look into the next trial."""
    measured: dict[str, Any] = {}
    context.memory.start()
    context.energy.start()
    try:
        yield measured
    finally:
        measured["memory"] = context.memory.stop()
        measured["energy_joules"] = context.energy.stop()


def _carry_over(start: Mapping[str, Tensor], model: torch.nn.Module) -> list[str]:
    """Load the weights that fit by name and shape, and return their names; the others stay as they were initialised."""
    own = model.state_dict()
    fitting = {name: value for name, value in start.items() if name in own and own[name].shape == value.shape}
    if not fitting:
        raise ContractError(f"none of the {len(start)} weights to start from fits {type(model).__name__}")
    model.load_state_dict({**own, **fitting})
    return sorted(fitting)


def fit_black_box(context: RunContext, model: Any) -> None:
    """Train a black box as a whole, then look at it once."""
    with context.clocks.train:
        context.task.fit(model, context.data.train)
    with context.memory.paused(), context.clocks.evaluation:
        scores = validation_scores(context, model)
    context.report(CurvePoint(epoch=1, step=1, train_seconds=context.clocks.train.seconds, validation=scores))


def warm_up(context: RunContext, budget: Budget, model: Any) -> tuple[str, ...]:
    """Train a model that is thrown away a little and look at it, so that one-time costs fall on no clock and no peak.

    A network takes two steps, a black box is fitted to a few samples of each class; the look is taken at the first of
    its kind in a process. Returns what is worth a note: a black box may need more samples, which is no fault of it.
    """
    task, data = context.task, context.data
    kind = (type(task), type(model))
    if not is_network(model):
        strata = len(torch.unique(data.train.layers()))
        few = first_samples(data.train, WARM_UP_SAMPLES * max(2, strata), context.plan.seed)
        try:
            task.fit(model, few)
            if kind not in _LOOKED_AT:
                validation_scores(context, model)
            _LOOKED_AT.add(kind)
        except Exception as error:  # noqa: BLE001 - the plugin's code; the fit that counts will tell
            return (f"not warmed up: {type(error).__name__} when fitted to {len(few)} samples and looked at",)
        return ()
    trainer = Trainer(context, budget, model.train())
    source = batches(data.train, budget.batch_size, context.plan.seed, context.device)
    losses = torch.stack([trainer.step(next(source)) for _ in range(2)])
    # A model that diverges in two steps will do so again, with a curve to show for it.
    if not bool(losses.isfinite().all()) or kind in _LOOKED_AT:
        return ()
    try:
        validation_scores(context, model)
    except Exception as error:  # noqa: BLE001 - the plugin's code; the look that counts will tell
        return (f"not warmed up: {type(error).__name__} when looked at after two steps",)
    _LOOKED_AT.add(kind)
    wait_for(context.device)
    return ()
