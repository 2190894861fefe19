"""Models and data sets that break their contract, one way each."""

from __future__ import annotations

import random
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn

from bench.data import Dataset, Split, split
from bench.errors import ContractError
from bench.model import Problem
from bench.sources import DataSource
from bench.tasks.base import Part


class Sound(nn.Module):
    """The healthy model that every broken one is made from."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.linear = nn.Linear(problem.input_size, problem.classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.flatten(1))


class Refuses(Sound):
    def __init__(self, problem: Problem) -> None:
        raise ContractError("too small for me")


class WrongShape(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[:, :-1]


class NotFinite(Sound):
    def training_step(self, batch: Part) -> Tensor:
        return super().forward(batch.x).sum() / 0


class VectorLoss(Sound):
    def training_step(self, batch: Part) -> Tensor:
        return super().forward(batch.x).mean(1)


class NeverLearns(Sound):
    def training_step(self, batch: Part) -> Tensor:
        return -nn.functional.cross_entropy(super().forward(batch.x), batch.y)


class DrawsElsewhere(Sound):
    numbers = count()

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        with torch.no_grad():
            self.linear.bias += 0.01 * next(self.numbers)


class LooksAtItsNeighbours(Sound):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - x.mean(0))


class ChangesWhenLookedAt(Sound):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.register_buffer("looks", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.looks += 1
        return super().forward(x)


class HidesState(Sound):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.shift = torch.randn(problem.classes)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.shift


class KeepsAPickle(Sound):
    def get_extra_state(self) -> object:
        return {"a": 1}

    def set_extra_state(self, state: object) -> None:
        pass


class BlackBox:
    """A nearest mean, sound."""

    def __init__(self, problem: Problem) -> None:
        self.classes = problem.classes

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        self.means = np.stack([x[y == label].mean(0) for label in range(self.classes)])

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        weights = np.exp(-0.1 * ((x[:, None] - self.means) ** 2).sum(2)) + 1e-9
        return weights / weights.sum(1, keepdims=True)


class SumsToTwo(BlackBox):
    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return 2 * super().predict_proba(x)


class HasItsOwnDice(BlackBox):
    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        super().fit(x, y)
        self.means += 0.01 * random.SystemRandom().random()


class NoFit:
    def __init__(self, problem: Problem) -> None:
        pass

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return x


class Draws(nn.Module):
    """A sound generator: noise around a mean that it learns."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.shape = problem.input_shape
        self.mean = nn.Parameter(torch.zeros(problem.input_shape))

    def training_step(self, batch: Part) -> Tensor:
        return ((batch.x - self.mean) ** 2).mean()

    @torch.no_grad()
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        return (self.mean + 0.1 * torch.randn(n, *self.shape)).clamp(-1, 1)


class DrawsTooFew(Draws):
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        return super().sample(n)[:1]


class DrawsTooBright(Draws):
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        return 255 * super().sample(n)


class DrawsWithGradients(Draws):
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        return torch.tanh(self.mean + torch.zeros(n, *self.shape))


class HasNoStep(Draws):
    training_step = None


class WrongLikelihood(Draws):
    def log_likelihood(self, x: Tensor) -> Tensor:
        return x.sum()


def _parts(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    x = np.arange(n, dtype=np.float32)[:, None] / n
    return x, np.arange(n, dtype=np.int64) % 3


def sound_data(source: DataSource) -> Dataset:
    x, y = _parts()
    rest, test = split(x, y, share=0.2)
    train, validation = split(rest.x, rest.y, share=0.2, salt=1)
    return Dataset(train, validation, test, ("a", "b", "c"))


def leaks(source: DataSource) -> Dataset:
    dataset = sound_data(source)
    return Dataset(dataset.train, dataset.validation, dataset.train, dataset.class_names)


def shuffles(source: DataSource) -> Dataset:
    dataset = sound_data(source)
    order = np.random.default_rng().permutation(len(dataset.train))
    return Dataset(dataset.train.take(order), dataset.validation, dataset.test, dataset.class_names)


def forgets_a_class(source: DataSource) -> Dataset:
    dataset = sound_data(source)
    kept = np.flatnonzero(dataset.train.y != 1)
    return Dataset(dataset.train.take(kept), dataset.validation, dataset.test, dataset.class_names)


def _with_train(source: DataSource, x: np.ndarray, y: np.ndarray) -> Dataset:
    dataset = sound_data(source)
    return Dataset(Split(x, y), dataset.validation, dataset.test, dataset.class_names)


def counts_from_one(source: DataSource) -> Dataset:
    x, y = _parts()
    return _with_train(source, x + 1, y + 1)


def is_double(source: DataSource) -> Dataset:
    x, y = _parts()
    return _with_train(source, x.astype(np.float64), y)


def has_gaps(source: DataSource) -> Dataset:
    x, y = _parts()
    return _with_train(source, np.full_like(x, np.nan), y)
