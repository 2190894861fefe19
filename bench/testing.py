"""The contract tests that a plugin author runs: does a model, or a data set, keep its side of the bargain?

@pytest.mark.parametrize("spec", list(my_plugin.bench_models()), ids=lambda spec: spec.name)
def test_contract(spec):
    check_model(spec)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from bench.data import Dataset
from bench.errors import BenchError, ContractError
from bench.measure.seeds import seed_everything
from bench.model import Problem
from bench.sources import DataSource
from bench.specs import Choice, DatasetSpec, Fixed, Integer, ModelSpec, Real, resolve
from bench.tasks.base import Part, TaskData
from bench.tasks.classification import Classification, ClassificationSettings

__all__ = ["check_dataset", "check_hyperparameters", "check_model", "tiny_part", "tiny_problems"]

CLASSES = 3
SAMPLES = 96
BATCH = 16
STEPS = 40
FEW_STEPS = 4
LEARNING_RATE = 3e-3
SEED = 7
# Real tables hold a few rows twice; more than this many shared ones is a split that leaks.
MOST_SHARED = 0.1


def check_model(spec: ModelSpec, problems: Sequence[Problem] | None = None) -> None:
    """Build a model for tiny problems of each of its tasks and try whatever the harness will ask of it.

    A model may refuse a problem by raising ContractError when it is built (a convolution has nothing to say of
    tables), but not all of a task. Other tasks than the core's need `problems`. Raises ContractError with the
    name of the model, the shape it was asked about, and what is wrong.
    """
    check_hyperparameters(spec)
    for task in spec.tasks:
        asked = [p for p in problems if p.task == task] if problems is not None else tiny_problems(task)
        refusals = [refusal for problem in asked if (refusal := _check(_Case(spec, problem)))]
        if len(refusals) == len(asked):
            reasons = "; ".join(refusals) or "give check_model some problems of it"
            raise ContractError(f"model {spec.name!r} claims the task {task!r} and was tried on none of it: {reasons}")


def check_hyperparameters(spec: ModelSpec) -> None:
    """Raise ContractError where a default lies outside its own search space, or a space is empty."""
    for name, parameter in spec.space.items():
        match parameter:
            case Real(low=low, high=high) | Integer(low=low, high=high):
                fits = low <= parameter.default <= high and low < high and not (parameter.log and low <= 0)
            case Choice():
                fits = parameter.default in parameter.options
            case Fixed():
                fits = True
        if not fits:
            raise ContractError(f"model {spec.name!r}: the default of {name!r} is not in its space: {parameter}")


def check_dataset(spec: DatasetSpec, root: Path | str | None = None) -> Dataset:
    """Load a data set twice and look at its splits, shapes, types, labels and hashes; return it.

    Raises ContractError naming the data set and what is wrong, DataMissing where its files are not there.
    """

    def fail(text: str) -> NoReturn:
        raise ContractError(f"data set {spec.name!r}: {text}")

    source = DataSource.of(spec, root)
    dataset: Dataset = resolve(spec.target)(source)
    if missing := {file.path for file in spec.files} - set(source.seen):
        fail(f"declares files it never reads through the source, so they are not verified: {sorted(missing)}")
    if resolve(spec.target)(DataSource.of(spec, root)).hashes() != dataset.hashes():
        fail("two loads differ: its splits must not depend on a random state")
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    for name, part in parts.items():
        if complaint := _complaint(dataset, part.x, part.y):
            fail(f"{name}: {complaint}")
    if dataset.class_names and len(np.unique(dataset.train.y)) < dataset.class_count:
        fail("the training part lacks a class")
    rows = {name: {row.tobytes() for row in part.x} for name, part in parts.items()}
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        shared = len(rows[one] & rows[other]) / min(len(rows[one]), len(rows[other]))
        if shared > MOST_SHARED:
            fail(f"{one} and {other} share {shared:.0%} of their samples")
    return dataset


def tiny_problems(task: str) -> tuple[Problem, ...]:
    """Return small problems of one of the core's tasks: tables and images, or nothing for a task it does not know."""
    shapes = {"classification": ((5,), (1, 8, 8), (3, 8, 12)), "image-generation": ((1, 8, 8), (3, 8, 12))}
    return tuple(Problem(task, "tiny", shape, CLASSES, SAMPLES) for shape in shapes.get(task, ()))


def tiny_part(problem: Problem) -> Part:
    """Return SAMPLES samples in well separated classes; x in [-1, 1] where images are to be drawn."""
    generator = torch.Generator().manual_seed(SEED)
    y = torch.arange(problem.training_size) % problem.classes
    centres = torch.randn(problem.classes, *problem.input_shape, generator=generator)
    x = centres[y] + 0.3 * torch.randn(len(y), *problem.input_shape, generator=generator)
    return Part(torch.tanh(x) if problem.task == "image-generation" else x, y)


@dataclass(frozen=True)
class _Case:
    """One model, one problem."""

    spec: ModelSpec
    problem: Problem

    def build(self, seed: int = SEED) -> Any:
        seed_everything(seed)
        return resolve(self.spec.target)(self.problem, **self.spec.defaults())

    def fail(self, text: str) -> NoReturn:
        name, shape = self.spec.name, self.problem.input_shape
        raise ContractError(f"model {name!r}, {self.problem.task} of samples of shape {shape}: {text}")

    def trained(self, steps: int = FEW_STEPS) -> Any:
        """Return a model after a few steps, or fitted."""
        model, part = self.build(), tiny_part(self.problem)
        if isinstance(model, torch.nn.Module):
            _train(self, model, part, steps)
        else:
            _task().fit(model, part)
        return model


def _check(case: _Case) -> str:
    """Check one model on one problem; return why it refused to be built, else an empty text."""
    try:
        model = case.build()
    except ContractError as refusal:
        return str(refusal)
    try:
        if case.problem.task == "image-generation":
            _check_generator(case, model)
        else:
            _check_classifier(case, model)
        if isinstance(model, torch.nn.Module):
            _check_state(case)
    except BenchError as error:
        case.fail(str(error))
    return ""


def _check_classifier(case: _Case, model: Any) -> None:
    part, classes, task = tiny_part(case.problem), case.problem.classes, _task()
    task.check(model, TaskData(case.problem, part, part, part))
    before = None
    if isinstance(model, torch.nn.Module):
        before = _log_loss(task.probabilities(model, part, classes)[0], part.y)
        _train(case, model, part, STEPS)
    else:
        task.fit(model, part)
    probabilities = task.probabilities(model, part, classes)[0]
    if float((probabilities.sum(1) - 1).abs().max()) > 1e-4 or float(probabilities.min()) < 0:
        case.fail("probabilities are negative or do not sum to one")
    after = _log_loss(probabilities, part.y)
    if not after < (math.log(classes) if before is None else before):
        case.fail(f"training does not help: log loss {before or math.log(classes):.3f} before, {after:.3f} after")
    few = task.probabilities(model, part.take(torch.arange(3)), classes)[0]
    if not torch.allclose(few, probabilities[:3], atol=1e-4):
        case.fail("a prediction depends on the other samples of its batch: is forward different in eval mode?")
    # A black box was fitted right after it was built, so it is itself the first of two equal trainings.
    first = probabilities if before is None else task.probabilities(case.trained(), part, classes)[0]
    if not torch.equal(first, task.probabilities(case.trained(), part, classes)[0]):
        case.fail("two trainings from the same seed differ: draw from torch's, NumPy's or random's global state only")


def _check_generator(case: _Case, model: Any) -> None:
    part = tiny_part(case.problem)
    needed = "training_step" if isinstance(model, torch.nn.Module) else "fit"
    if missing := [name for name in (needed, "sample") if not callable(getattr(model, name, None))]:
        case.fail(f"{type(model).__name__} has no {' and no '.join(missing)}, see bench.model.Generator")
    if isinstance(model, torch.nn.Module):
        losses = _train(case, model, part, STEPS)
        if losses is not None and not np.mean(losses[-5:]) < np.mean(losses[:5]):
            case.fail(f"training does not reduce its loss: {losses[0]:.3f} before, {losses[-1]:.3f} after")
    else:
        _task().fit(model, part)
    for n in (1, 5):
        _check_samples(case, model.sample(n), n)
    drawn = _drawn_of_classes(model, part.y[:5])
    if drawn is not None:
        _check_samples(case, drawn, 5)
    if hasattr(model, "log_likelihood"):
        likelihoods = model.log_likelihood(part.x)
        if tuple(likelihoods.shape) != (len(part),) or not bool(torch.isfinite(likelihoods).all()):
            case.fail(f"log_likelihood must answer {len(part)} finite numbers, got shape {tuple(likelihoods.shape)}")
    if not torch.equal(_drawn(case.trained()), _drawn(case.trained())):
        case.fail("two trainings from the same seed draw differently: use the global random states only")


def _drawn_of_classes(model: Any, labels: Tensor) -> Any:
    """Return samples of these classes; None from a model that takes none, or refuses them as the contract says."""
    if "condition" not in signature(model.sample).parameters:
        return None
    try:
        return model.sample(len(labels), labels)
    except ContractError:
        return None


def _check_samples(case: _Case, samples: Any, n: int) -> None:
    expected = (n, *case.problem.input_shape)
    if not isinstance(samples, Tensor) or tuple(samples.shape) != expected or samples.dtype != torch.float32:
        got = (tuple(samples.shape), samples.dtype) if isinstance(samples, Tensor) else type(samples).__name__
        case.fail(f"sample({n}) must be a float32 tensor of shape {expected}, got {got}")
    if samples.requires_grad:
        case.fail("samples still require gradients: draw under torch.no_grad()")
    if not bool(torch.isfinite(samples).all()) or float(samples.abs().max()) > 1 + 1e-6:
        case.fail("samples must be finite and in [-1, 1]")


def _check_state(case: _Case) -> None:
    """Evaluation must leave the state alone, and the state must survive a trip through safetensors."""
    from safetensors.torch import load, save

    model = case.trained()
    state = model.state_dict()
    if strange := [name for name, value in state.items() if not isinstance(value, Tensor)]:
        case.fail(f"state_dict holds more than tensors, {strange}: only a pickle could keep that")
    kept = {name: value.detach().clone().contiguous() for name, value in state.items()}
    answer = _answer(case, model)
    if changed := [name for name, value in model.state_dict().items() if not torch.equal(value, kept[name])]:
        case.fail(f"evaluation changed {', '.join(changed)}")
    other = case.build(SEED + 1)
    other.load_state_dict(load(save(kept)))
    if not torch.equal(_answer(case, other), answer):
        case.fail("a model with the same state_dict answers differently: part of its state is not in it")


def _answer(case: _Case, model: Any) -> Tensor:
    if case.problem.task == "image-generation":
        return _drawn(model)
    return _task().probabilities(model, tiny_part(case.problem), case.problem.classes)[0]


def _drawn(model: Any) -> Tensor:
    seed_everything(SEED)
    samples: Tensor = model.sample(4)
    return samples


def _train(case: _Case, model: torch.nn.Module, part: Part, steps: int) -> list[float] | None:
    """Train as the harness does; return the losses, None where the model named several of its own."""
    own: Callable[[Part], Tensor | Mapping[str, Tensor]] | None = getattr(model, "training_step", None)
    make = getattr(model, "optimizer", None)
    optimizer = make() if callable(make) else torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    order = torch.Generator().manual_seed(SEED)
    losses: list[float] = []
    model.train()
    for step in range(steps):
        batch = part.take(torch.randperm(len(part), generator=order)[:BATCH])
        answer = own(batch) if own is not None else _task().loss(model(batch.x), batch.y)
        if isinstance(answer, Mapping):
            _assert_losses(case, answer.values())
            if step + 1 >= FEW_STEPS:
                return None
            continue
        _assert_losses(case, [answer])
        optimizer.zero_grad()
        answer.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        losses.append(float(answer.detach()))
    return losses or None


def _assert_losses(case: _Case, values: Iterable[Any]) -> None:
    for value in values:
        number = torch.as_tensor(value)
        if number.ndim != 0 or not bool(torch.isfinite(number)):
            case.fail(f"a training step must answer finite scalar losses, got {value!r}")


def _log_loss(probabilities: Tensor, labels: Tensor) -> float:
    return float(-probabilities[range(len(labels)), labels].clamp_min(1e-15).log().mean())


def _task() -> Classification:
    return Classification(ClassificationSettings(), (), "")


def _complaint(dataset: Dataset, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> str:
    """Return what is wrong with one part, or an empty text."""
    if x.dtype not in (np.float32, np.uint8) or y.dtype != np.int64:
        return f"x must be float32 or uint8 and y int64, got {x.dtype} and {y.dtype}"
    if x.shape[1:] != dataset.input_shape:
        return f"samples have shape {x.shape[1:]}, those of the training part {dataset.input_shape}"
    if y.ndim != 1 or (dataset.class_names and not (int(y.min()) >= 0 and int(y.max()) < dataset.class_count)):
        return f"labels must be one whole number each, 0 to {dataset.class_count - 1}"
    if not bool(np.isfinite(x).all()):
        return "x holds values that are not finite"
    if x.ndim == 4 and x.dtype == np.float32 and not (float(x.min()) >= 0 and float(x.max()) <= 1):
        return f"float images must lie in [0, 1], these lie in [{float(x.min())}, {float(x.max())}]"
    return ""
