"""Models, data sets and tasks that break their contract, one way each."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn

from bench.columns import Flat
from bench.data import Dataset, Split
from bench.errors import ContractError
from bench.layers import Embed
from bench.model import Problem
from bench.sources import DataSource
from bench.tasks.base import Part


class Sound(nn.Module):
    """The healthy model that every broken one is made from."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.embed = Embed(problem.given)
        self.linear = nn.Linear(self.embed.width, problem.classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.embed(x))


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
        return super().forward(x - x.nanmean(0))


class ChangesWhenLookedAt(Sound):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.register_buffer("looks", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.looks += 1
        return super().forward(x)


class KnowsThreeClasses(Sound):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.linear = nn.Linear(self.embed.width, 3)


class Stumbles(Sound):
    def __init__(self, problem: Problem) -> None:
        raise KeyError("width")


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
        self.flat = Flat(problem.given)

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        x = self.flat.transform(x)
        self.means = np.stack([x[y == label].mean(0) for label in range(self.classes)])

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        distances = ((self.flat.transform(x)[:, None] - self.means) ** 2).sum(2)
        weights = np.exp(-0.1 * (distances - distances.min(1, keepdims=True))) + 1e-9
        return weights / weights.sum(1, keepdims=True)


class GuessesWrong(BlackBox):
    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return np.roll(super().predict_proba(x), 1, 1)


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
        self.shape = problem.output_shape
        self.mean = nn.Parameter(torch.zeros(self.shape))

    def training_step(self, batch: Part) -> Tensor:
        return ((batch.target - self.mean) ** 2).mean()

    @torch.no_grad()
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        return (self.mean + 0.1 * torch.randn(n, *self.shape)).clamp(-1, 1)


class AveragesSteps(nn.Module):
    """A mean over the steps of a series; sound where it leaves padding out."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.linear = nn.Linear(problem.input_shape[1], problem.classes)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        lengths = torch.full((len(x),), x.shape[1]) if lengths is None else lengths
        within = (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
        return self.linear((x * within).sum(1) / lengths[:, None])


class ReadsItsPadding(AveragesSteps):
    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        return super().forward(x, lengths) * (1 + x.gt(2.9).sum((1, 2))[:, None])


class CountsItsPadding(AveragesSteps):
    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        lengths = torch.full((len(x),), x.shape[1]) if lengths is None else lengths
        return super().forward(x, torch.full_like(lengths, x.shape[1]))


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


def _whole(n: int = 60) -> Split:
    return Split(np.arange(n, dtype=np.float32)[:, None] / n, np.arange(n, dtype=np.int64) % 3)


def sound_data(source: DataSource) -> Dataset:
    return Dataset.cut(source.spec, _whole())


def sound_in_double(source: DataSource) -> Dataset:
    whole = _whole()
    return Dataset.cut(source.spec, replace(whole, x=whole.x.astype(np.float64)))


def leaks(source: DataSource) -> Dataset:
    dataset = sound_data(source)
    return replace(dataset, test=dataset.train.take(np.arange(len(dataset.test))))


def shuffles(source: DataSource) -> Dataset:
    dataset = sound_data(source)
    order = np.random.default_rng().permutation(len(dataset.train))
    return replace(dataset, train=dataset.train.take(order))


def forgets_a_class(source: DataSource) -> Dataset:
    dataset = sound_data(source)
    train = dataset.train
    return replace(dataset, train=replace(train, y=np.where(train.y == 1, 0, train.y)))


def holds_two_of_three_classes(source: DataSource) -> Dataset:
    whole = _whole()
    return Dataset.cut(source.spec, replace(whole, y=2 * (whole.y // 2)))


def counts_from_one(source: DataSource) -> Dataset:
    whole = _whole()
    return Dataset.cut(source.spec, replace(whole, y=whole.y + 1))


def has_words_for_numbers(source: DataSource) -> Dataset:
    whole = _whole()
    return Dataset.cut(source.spec, replace(whole, x=whole.x.astype(str)))


def has_fractions_for_classes(source: DataSource) -> Dataset:
    whole = _whole()
    return Dataset.cut(source.spec, replace(whole, y=whole.y.astype(np.float32)))


def has_gaps(source: DataSource) -> Dataset:
    whole = _whole()
    whole.x[7] = np.nan
    return Dataset.cut(source.spec, whole)


def has_two_columns(source: DataSource) -> Dataset:
    whole = _whole()
    return Dataset.cut(source.spec, replace(whole, x=np.repeat(whole.x, 2, 1)))


def has_another_spec(source: DataSource) -> Dataset:
    return Dataset.cut(replace(source.spec, name="other"), _whole())


def returns_arrays(source: DataSource) -> object:
    return _whole().x, _whole().y
