"""One model on one prepared problem: what is built, trained and asked, and what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.data import Array
from bench.errors import ContractError
from bench.measure.seeds import seed_everything
from bench.model import is_network
from bench.protocols.loop import batches
from bench.spaces import Space
from bench.specs import ModelSpec, resolve
from bench.tasks.base import Arrays, Part, Task, TaskData

__all__ = ["Trial"]

BATCH = 16
STEPS = 40
FEW_STEPS = 4
LEARNING_RATE = 3e-3
SEED = 7
FEW = 5
TOLERANCE = 1e-4
# Wrong on purpose: what lies in padding must not be looked at.
JUNK = 3
LIKELIHOODS = ("log_probability", "log_probability_bound", "log_likelihood")


@dataclass(frozen=True)
class Trial:
    """Every check raises ContractError with a sentence that needs no more than the names before it."""

    spec: ModelSpec
    task: Task
    data: TaskData

    def build(self, seed: int = SEED) -> Any:
        """Return a fresh model."""
        seed_everything(seed)
        return resolve(self.spec.target)(self.data.problem, **self.spec.defaults())

    def trained(self, steps: int = FEW_STEPS) -> Any:
        """Return a model after a few steps, or fitted."""
        model = self.build()
        self.train(model, steps)
        return model

    def check_shapes(self, model: Any) -> None:
        """Look at the answers of an untrained network, or of a fitted black box."""
        self.task.check(model, self.data)
        if not is_network(model):
            self.task.fit(model, self.data.train)
            self.answers(model, self.few)

    def check_all(self, model: Any) -> None:
        """Check everything there is to check, beginning with a model that was just built."""
        self.task.check(model, self.data)
        self._check_training(model)
        # A black box was fitted right after it was built, so it is itself the first of two equal trainings.
        model = self.trained() if is_network(model) else model
        if self.data.problem.answer == "sample":
            self._check_samples(model)
        else:
            self._check_answers(model)
        self._check_repeats(model)
        if is_network(model):
            self._check_state(model)

    @property
    def few(self) -> Part:
        """The first few training samples."""
        return self.data.train.take(slice(0, FEW))

    def answers(self, model: Any, part: Part) -> Arrays:
        """Return what a model answers for a part, from the same noise each time."""
        seed_everything(SEED)
        answer = self.task.answer(model, self.data, part).arrays
        if "probabilities" in answer:
            shares = answer["probabilities"]
            if float(abs(shares.sum(-1) - 1).max()) > TOLERANCE or float(shares.min()) < 0:
                raise ContractError("probabilities are negative or do not sum to one")
        return answer

    def train(self, model: Any, steps: int) -> list[float]:
        """Train as the harness does; return the losses of a network, none where it named several of its own."""
        if not is_network(model):
            self.task.fit(model, self.data.train)
            return []
        own: Callable[[Part], Tensor | Mapping[str, Tensor]] | None = getattr(model, "training_step", None)
        make = getattr(model, "optimizer", None)
        optimizer: torch.optim.Optimizer | None = make() if callable(make) else None
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        if optimizer is None and parameters:
            optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
        loss_of = self.task.loss(self.data.problem)
        source = batches(self.data.train, BATCH, SEED, torch.device("cpu"))
        losses: list[float] = []
        model.train()
        for _ in range(steps):
            batch = next(source)
            loss = own(batch) if own is not None else loss_of(model(*batch.inputs()), batch.target)
            _assert_scalars(loss.values() if isinstance(loss, Mapping) else [loss])
            if isinstance(loss, Mapping):
                continue
            if optimizer is None:
                raise ContractError(f"{type(model).__name__} has no parameters to train and no optimizer()")
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
            losses.append(float(loss.detach()))
        if callable(finish := getattr(model, "finish", None)):
            finish(self.data.train)
        return losses

    def _check_training(self, model: Any) -> None:
        predicts = self.data.problem.answer == "predict"
        before = self._error(model) if predicts and is_network(model) else None
        losses = self.train(model, STEPS)
        if before is not None:
            if not (after := self._error(model)) < before:
                raise ContractError(f"training does not help: loss {before:.3f} before, {after:.3f} after")
        elif losses and not np.mean(losses[-5:]) < np.mean(losses[:5]):
            raise ContractError(f"training does not reduce its loss: {losses[0]:.3f} before, {losses[-1]:.3f} after")
        elif predicts and (worse := self._worse_than_guessing(model)):
            raise ContractError(f"fitted, it is worse than guessing: {worse}")

    def _error(self, model: Any) -> float:
        """Return the task's own loss over the training part."""
        part = self.data.train.trimmed()
        with torch.no_grad():
            return float(self.task.loss(self.data.problem)(model.eval()(*part.inputs()), part.target))

    def _worse_than_guessing(self, model: Any) -> str:
        """Compare a fitted black box with class shares, or with the mean, on what it was fitted to."""
        answer, y = self.answers(model, self.data.train), self.data.train.target.numpy()
        if "probabilities" in answer and y.ndim == 1:
            asked = y >= 0
            found = _log_loss(answer["probabilities"][asked], y[asked])
            shares = np.bincount(y[asked], minlength=answer["probabilities"].shape[1]) / asked.sum()
            guess = _log_loss(np.broadcast_to(shares, answer["probabilities"].shape)[asked], y[asked])
            return f"log loss {found:.3f}, {guess:.3f} by class shares" if found > guess + TOLERANCE else ""
        encoder, space = self.data.encoding.target, self.data.problem.wanted
        if "predictions" not in answer or any(space.levels) or encoder is None or space.bounds is not None:
            return ""
        errors = np.nanmean((encoder.encode(answer["predictions"])[0] - y) ** 2)
        guess = np.nanmean((y - np.nanmean(y, 0)) ** 2)
        return f"squared error {errors:.3f}, {guess:.3f} by the mean" if errors > guess + TOLERANCE else ""

    def _check_answers(self, model: Any) -> None:
        part = self.few
        together = self.answers(model, part)
        for place in range(len(part)):
            alone = self.answers(model, part.take(slice(place, place + 1)))
            if not _agree(alone, {name: array[place : place + 1] for name, array in together.items()}):
                padding = " or its padding, which lengths tell" if part.lengths is not None else ""
                raise ContractError(
                    f"an answer depends on the other samples of its batch{padding}: is forward different in eval mode?"
                )
        if part.lengths is not None and is_network(model) and not _agree(self.answers(model, _junked(part)), together):
            raise ContractError("what lies in the padding changes an answer: look at the lengths")
        if "clusters" in together:
            size = self.data.problem.wanted.size or 0
            if together["clusters"].min() < 0 or together["clusters"].max() >= size:
                raise ContractError(f"clusters must be numbered 0 to {size - 1}, got {together['clusters'].tolist()}")

    def _check_samples(self, model: Any) -> None:
        space, given = self.data.problem.wanted, self.few.x
        for count in (1, FEW):
            _check_drawn(model.sample(count, *(() if given is None else (given[:count],))), count, space)
        known = getattr(model, "labels", None)
        if given is None and known is not None and len(known) and "condition" in signature(model.sample).parameters:
            _check_drawn(model.sample(len(known), torch.as_tensor(known)), len(known), space)
        for method in LIKELIHOODS:
            if hasattr(model, method):
                known = () if given is None else (given,)
                likelihoods = torch.as_tensor(getattr(model, method)(self.few.target, *known))
                if tuple(likelihoods.shape) != (FEW,) or not bool(torch.isfinite(likelihoods).all()):
                    raise ContractError(
                        f"{method} must answer {FEW} finite numbers, got shape {tuple(likelihoods.shape)}"
                    )

    def _check_repeats(self, model: Any) -> None:
        if not _equal(self.answers(model, self.data.validation), self.answers(self.trained(), self.data.validation)):
            raise ContractError(
                "two trainings from the same seed differ: draw from torch's, NumPy's or random's global state only"
            )

    def _check_state(self, model: torch.nn.Module) -> None:
        """Evaluation must leave the state alone, and the state must survive a trip through safetensors."""
        from safetensors.torch import load, save

        state = model.state_dict()
        if strange := [name for name, value in state.items() if not isinstance(value, Tensor)]:
            raise ContractError(f"state_dict holds more than tensors, {strange}: only a pickle could keep that")
        kept = {name: value.detach().clone().contiguous() for name, value in state.items()}
        answer = self.answers(model, self.data.validation)
        if changed := [name for name, value in model.state_dict().items() if not torch.equal(value, kept[name])]:
            raise ContractError(f"evaluation changed {', '.join(changed)}")
        other = self.build(SEED + 1)
        other.load_state_dict(load(save(kept)))
        if not _equal(self.answers(other, self.data.validation), answer):
            raise ContractError("a model with the same state_dict answers differently: part of its state is not in it")


def _junked(part: Part) -> Part:
    """Return the part with other values in its padding."""
    if part.x is None or part.lengths is None:
        return part
    within = torch.arange(part.x.shape[1]) < part.lengths[:, None]
    within = within.reshape(*within.shape, *[1] * (part.x.ndim - 2))
    return replace(part, x=torch.where(within, part.x, torch.full_like(part.x, JUNK)))


def _check_drawn(samples: Any, count: int, space: Space) -> None:
    expected, bounds = (count, *space.sizes), space.bounds
    is_array = isinstance(samples, Tensor | np.ndarray)
    is_real = is_array and (samples.is_floating_point() if isinstance(samples, Tensor) else samples.dtype.kind == "f")
    if not is_real or tuple(samples.shape) != expected:
        got = (tuple(samples.shape), samples.dtype) if is_array else type(samples).__name__
        raise ContractError(f"sample({count}) must be an array of floats of shape {expected}, got {got}")
    if isinstance(samples, Tensor) and samples.requires_grad:
        raise ContractError("samples still require gradients: draw under torch.no_grad()")
    values = samples.numpy() if isinstance(samples, Tensor) else samples
    low, high = bounds or (-np.inf, np.inf)
    if not np.isfinite(values).all() or values.min() < low - 1e-6 or values.max() > high + 1e-6:
        within = "" if bounds is None else f" and in [{low:g}, {high:g}]"
        raise ContractError(f"samples must be finite{within}; got {values.min():g} to {values.max():g}")


def _assert_scalars(values: Iterable[Any]) -> None:
    for value in values:
        number = torch.as_tensor(value)
        if number.ndim != 0 or not bool(torch.isfinite(number)):
            raise ContractError(f"a training step must answer finite scalar losses, got {value!r}")


def _log_loss(probabilities: Array, labels: Array) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-15)).mean())


def _equal(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one
    )


def _agree(one: Arrays, other: Arrays) -> bool:
    """Are arrays equal up to rounding, as far as both go along a second axis whose padding was cut?"""
    for name in one:
        length = min(one[name].shape[1:2] + other[name].shape[1:2], default=0)
        first, second = (each[name][:, :length] if each[name].ndim > 1 else each[name] for each in (one, other))
        if first.dtype.kind != "f":
            # One of 256 levels may be rounded the other way.
            tolerance = 1 if first.dtype == np.uint8 else 0
            if np.abs(first.astype(np.int64) - second.astype(np.int64)).max(initial=0) > tolerance:
                return False
            continue
        scale = max(1.0, float(np.nanmax(np.abs(second), initial=0)))
        if not np.allclose(first, second, atol=TOLERANCE * scale, equal_nan=True):
            return False
    return True
