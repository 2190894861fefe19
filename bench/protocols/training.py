"""The training loop that every protocol shares: the harness owns it, models bring at most a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch

from bench.errors import ContractError, Diverged, NotApplicable, PluginError
from bench.model import is_network
from bench.protocols.base import Budget, RunContext, Trained, is_better
from bench.protocols.perturb import first_samples
from bench.record import CurvePoint
from bench.specs import Value
from bench.tasks.base import Part
from bench.tasks.scoring import validate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

__all__ = ["History", "batches", "follows_the_budgets_rate", "train", "train_model"]

# On CUDA a step returns before it is done; the host looks at the clock only after this many, synchronised.
STEPS_BETWEEN_LOOKS = 16
# Below what peaks of memory are told apart by, so that the batches gathered ahead do not show in one.
GATHERED_BYTES = 2**19
# Of each class; what one-time costs there are, a fit to these has paid.
WARM_UP_SAMPLES = 8
# Kinds of models that this process has looked at: the second trial of a search pays nothing for the first time.
_LOOKED_AT: set[tuple[type, type]] = set()
Step = Callable[[Part], "Tensor | Mapping[str, Tensor]"]


def batches(part: Part, size: int, seed: int, device: torch.device) -> Iterator[Part]:
    """Yield shuffled batches for ever, the same for every model with the same seed, on every device.

    A last batch of one sample is left out where batches have more: normalisation over it is undefined.
    """
    count = len(part)
    kept = count - 1 if count > 1 and count % size == 1 else count
    # Several small batches are gathered at once and handed out as views: cheaper than a gather for each.
    at_once = size * max(1, GATHERED_BYTES * count // max(1, size * part.nbytes()))
    # Drawn on the CPU, so that a CUDA run sees the order of the CPU run.
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(count, generator=generator)[:kept].to(part.device)
        for indices in torch.split(order, at_once):
            yield from _pieces(part, indices, size, device)


def _pieces(part: Part, indices: Tensor, size: int, device: torch.device) -> Iterator[Part]:
    """Gather some samples and cut them into batches; what a loss never reads (strata) stays where it is."""
    gathered = []
    for tensor in (part.x, part.y, part.lengths):
        # index_select, since advanced indexing costs twice as much
        chosen = None if tensor is None else tensor.index_select(0, indices).to(device)
        gathered.append(repeat(None) if chosen is None else torch.split(chosen, size))
    if part.lengths is None:
        return map(Part, *gathered)
    return (
        Part(x, y, lengths, is_stepwise=part.is_stepwise).trimmed() for x, y, lengths in zip(*gathered, strict=False)
    )


@dataclass
class History:
    """What the loop saw: the curve, and the best state by the validation objective."""

    is_higher_better: bool
    curve: list[CurvePoint] = field(default_factory=list)
    best_value: float | None = None
    best_state: dict[str, Tensor] | None = None
    best_step: int = 0
    evaluations_since_best: int = 0
    steps: int = 0

    def see(self, value: float, model: torch.nn.Module) -> None:
        """Take an objective in; keep the weights where it is the best so far, which NaN never is."""
        if not is_better(value, self.best_value, higher=self.is_higher_better):
            self.evaluations_since_best += 1
            return
        self.best_value, self.best_step, self.evaluations_since_best = value, self.steps, 0
        kept = self.best_state or {}
        self.best_state = {name: _copy(tensor, kept.get(name)) for name, tensor in model.state_dict().items()}

    def nbytes(self) -> int:
        """Return the bytes of the weights that are kept, none of which lie on a GPU."""
        return sum(tensor.nbytes for tensor in (self.best_state or {}).values())


def _copy(tensor: Tensor, kept: Tensor | None) -> Tensor:
    """Copy into the memory of an earlier copy; else into new memory of the host, since a GPU's is the model's own."""
    if kept is None or kept.shape != tensor.shape or kept.dtype != tensor.dtype:
        return tensor.detach().to("cpu", copy=True)
    return kept.copy_(tensor.detach())


class Trainer:
    """Steps one network through a budget."""

    def __init__(self, context: RunContext, budget: Budget, model: torch.nn.Module) -> None:
        self.context, self.budget, self.model = context, budget, model
        self.own_step: Step | None = getattr(model, "training_step", None)
        self.loss = context.task.loss(context.data.problem)
        make: Callable[[], Optimizer] | None = getattr(model, "optimizer", None)
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        # Fused is the fastest Adam on CPU and CUDA alike; every model gets the same implementation.
        self.optimizer: Optimizer | None = None
        if callable(make):
            self.optimizer = make()
        elif parameters:
            self.optimizer = torch.optim.Adam(parameters, lr=budget.learning_rate, fused=True)
        self.rates = [group["lr"] for group in self.optimizer.param_groups] if self.optimizer else []

    def step(self, batch: Part) -> Tensor:
        """Take one step; return the loss as a tensor, so that nothing waits for the device."""
        optimizer = self.optimizer
        if self.own_step is None:
            # Every task that leaves the step to the harness has a target.
            loss = self.loss(self.model(*batch.inputs()), batch.y)  # type: ignore[arg-type]  # see above
        else:
            answer = self.own_step(batch)
            if isinstance(answer, Mapping):
                device = batch.device
                return torch.stack([torch.as_tensor(v).detach().float().to(device) for v in answer.values()]).sum()
            loss = answer
        if optimizer is None:
            raise ContractError(f"{type(self.model).__name__} has no parameters to train and no optimizer()")
        # What zero_grad() does, which takes a tenth of the step of a small network to do it.
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach()

    def set_rate(self, progress: float) -> None:
        """Scale the learning rates for the share of the budget that is spent, 0 to 1 (cosine: SGDR, eq. 5)."""
        if self.budget.schedule == "cosine" and self.optimizer is not None:
            scale = 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * scale


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


def train(
    context: RunContext, budget: Budget, model: torch.nn.Module, until: Callable[[CurvePoint], bool] | None = None
) -> History:
    """Train a network within a budget; restore its best weights by the validation objective.

    Training time is the context's training clock; evaluation stops it. Raises Diverged on a loss that is not finite.
    """
    task, data, clocks = context.task, context.data, context.clocks
    trainer = Trainer(context, budget, model)
    source = batches(data.train, budget.batch_size, context.plan.seed, context.device)
    per_epoch = steps_per_epoch(len(data.train), budget.batch_size)
    total = _total_steps(budget, per_epoch)
    if budget.patience and task.objective is None:
        raise NotApplicable(f"task {task.name} has no main score, so patience has nothing to wait for: leave it out")
    history = History(task.higher)
    ends = _Segments(budget, total, per_epoch)
    while not ends.is_over(history.steps, clocks.train.seconds):
        model.train()
        losses = _segment(trainer, source, ends, history)
        # The memory of looking, and of the best weights, is the harness's, not the model's.
        with context.memory.paused(history.nbytes):
            _look(context, history, model, losses, per_epoch)
        if until is not None and until(history.curve[-1]):
            break
        if budget.patience and history.evaluations_since_best >= budget.patience:
            break
    if history.best_state is not None:
        model.load_state_dict(history.best_state)
    finish: Callable[[Part], None] | None = getattr(model, "finish", None)
    if callable(finish):
        with clocks.train:
            finish(data.train.to(context.device))
    return history


def steps_per_epoch(samples: int, batch_size: int) -> int:
    """Return how many batches `batches` makes of an epoch."""
    whole, rest = divmod(samples, batch_size)
    return max(1, whole + (rest > 1))


def samples_in(steps: int, samples: int, batch_size: int) -> int:
    """Return how many samples the first steps through `batches` saw."""
    rest = samples % batch_size
    epoch = samples - (rest == 1 and samples > 1)
    epochs, more = divmod(steps, steps_per_epoch(samples, batch_size))
    return epochs * epoch + min(more * batch_size, epoch)


@dataclass
class _Segments:
    """When to look at the validation part, and when to stop."""

    budget: Budget
    total: int | None
    per_epoch: int

    def is_over(self, steps: int, seconds: float) -> bool:
        """Is the budget spent?"""
        if self.total is not None:
            return steps >= self.total
        return seconds >= self.seconds

    @property
    def seconds(self) -> float:
        return self.budget.seconds or math.inf

    def next_step(self, steps: int) -> int | None:
        """Return the step at which the next look is due, None where seconds decide."""
        if self.total is None:
            return None
        every = max(1, math.ceil(self.total / self.budget.evaluations))
        if self.budget.epochs is not None:
            # whole epochs, as the field draws its curves
            every = self.per_epoch * math.ceil(every / self.per_epoch)
        return min(self.total, steps + every)


def _total_steps(budget: Budget, per_epoch: int) -> int | None:
    return budget.epochs * per_epoch if budget.epochs is not None else budget.steps


def _segment(trainer: Trainer, source: Iterator[Part], ends: _Segments, history: History) -> float:
    """Train until the next look is due; return the mean loss."""
    clock = trainer.context.clocks.train
    due = ends.next_step(history.steps)
    begun, first = clock.seconds, history.steps
    losses: Tensor | None = None
    with clock:
        entered = perf_counter()
        while True:
            if due is not None:
                trainer.set_rate(history.steps / (ends.total or 1))
            else:
                trainer.set_rate((begun + perf_counter() - entered) / ends.seconds)
            loss = trainer.step(next(source))
            losses = loss if losses is None else losses + loss
            history.steps += 1
            if due is not None:
                if history.steps >= due:
                    break
            elif history.steps % STEPS_BETWEEN_LOOKS == 0 or loss.device.type == "cpu":
                _wait(loss.device)
                spent = perf_counter() - entered
                if begun + spent >= ends.seconds or spent >= ends.seconds / ends.budget.evaluations:
                    break
        return float(losses) / (history.steps - first)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _look(context: RunContext, history: History, model: torch.nn.Module, loss: float, per_epoch: int) -> None:
    """Evaluate on the validation part, outside the training clock, and report the point."""
    scores: dict[str, float] = {}
    if math.isfinite(loss):
        with context.clocks.evaluation:
            scores = validation_scores(context, model)
    point = CurvePoint(
        epoch=history.steps / per_epoch,
        step=history.steps,
        train_seconds=context.clocks.train.seconds,
        train_loss=loss,
        validation=scores,
    )
    history.curve.append(point)
    context.report(point)
    if not math.isfinite(loss):
        raise Diverged(f"the training loss is {loss} at step {history.steps} (epoch {point.epoch:.2f})")
    if context.task.objective is not None:
        history.see(scores[context.task.objective], model)


def validation_scores(context: RunContext, model: Any) -> dict[str, float]:
    """Return what the task wants to know on the way, on the validation part."""
    task, data = context.task, context.data
    answer = task.answer(model, data, data.validation)
    scores = validate(task, answer.arrays, data.validation_truth)
    if task.objective is not None and task.objective not in scores:
        raise PluginError(
            f"task {task.name} calls {task.objective!r} its main score, and its scores on the validation part are: "
            f"{', '.join(scores) or 'none'}. Return it from scores or validate, or set objective to None"
        )
    return scores


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
    _wait(context.device)
    return ()
