"""The training loop: batches, steps, looks at the validation part, the best weights kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch

from bench.errors import ContractError, Diverged, NotApplicable, PluginError
from bench.protocols.base import Budget, RunContext, is_better
from bench.record import CurvePoint
from bench.tasks.base import Part
from bench.tasks.scoring import validate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

__all__ = ["History", "Step", "Trainer", "batches", "samples_in", "train", "validation_scores", "wait_for"]

# On CUDA a step returns before it is done; the host looks at the clock only after this many, synchronised.
STEPS_BETWEEN_LOOKS = 16
# Below what peaks of memory are told apart by, so that the batches gathered ahead do not show in one.
GATHERED_BYTES = 2**19
Step = Callable[[Part], "Tensor | Mapping[str, Tensor]"]


def batches(part: Part, size: int, seed: int, device: torch.device) -> Iterator[Part]:
    """Yield shuffled batches for ever, the same for every model with the same seed, on every device.

    A last batch of one sample is left out where batches have more: normalisation over it is undefined.
    """
    count = len(part)
    kept = count - 1 if count > 1 and count % size == 1 else count
    # Several small batches are gathered at once and handed out as views: cheaper than a gather for each.
    # Overlapping windows take as much as they say once they are gathered, however little their storage holds.
    each = sum(tensor[:1].nbytes for tensor in (part.x, part.y, part.lengths) if tensor is not None)
    at_once = size * max(1, GATHERED_BYTES // max(1, size * each))
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
    """What the loop saw: the curve, and the best state by the validation objective, then by the tie-breaker."""

    is_higher_better: bool
    curve: list[CurvePoint] = field(default_factory=list)
    best_value: float | None = None
    best_tie: float | None = None
    best_state: dict[str, Tensor] | None = None
    best_step: int = 0
    evaluations_since_best: int = 0
    steps: int = 0

    def see(self, value: float, model: torch.nn.Module, tie: float | None = None) -> None:
        """Take an objective in; keep the weights where it is the best so far, which NaN never is.

        tie: less is better; it decides where the objective equals the best one.
        """
        is_best = is_better(value, self.best_value, higher=self.is_higher_better)
        if not is_best and not (value == self.best_value and is_better(tie, self.best_tie, higher=False)):
            self.evaluations_since_best += 1
            return
        self.best_value, self.best_tie, self.best_step, self.evaluations_since_best = value, tie, self.steps, 0
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
                wait_for(loss.device)
                spent = perf_counter() - entered
                if begun + spent >= ends.seconds or spent >= ends.seconds / ends.budget.evaluations:
                    break
        return float(losses) / (history.steps - first)


def wait_for(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
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
        # Of a few samples the first epochs often name all: without it, weights that had hardly begun would be kept.
        history.see(scores[context.task.objective], model, scores.get(context.task.tie_breaker or ""))


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
