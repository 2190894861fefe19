"""Small models with habits of their own, for the problems in `contract_problems`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class Stepwise(nn.Module):
    """An answer for each step, from that step alone."""

    def __init__(self, problem: Any) -> None:
        super().__init__()
        space = problem.given
        self.first = nn.Embedding(space.size, 4) if space.kind == "index" else nn.Linear(space.shape[-1], 4)
        self.last = nn.Linear(4, problem.wanted.size or problem.wanted.shape[-1])

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return self.last(self.first(x))


class Whole(nn.Module):
    """One answer for a sequence, from the mean of its steps."""

    def __init__(self, problem: Any) -> None:
        super().__init__()
        space = problem.given
        self.first = nn.Embedding(space.size, 4) if space.kind == "index" else nn.Linear(space.shape[-1], 4)
        self.last = nn.Linear(4, problem.output_size)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        within = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        return self.last((self.first(x) * within[..., None]).sum(1) / lengths[:, None])


class Painter(nn.Module):
    """Draws one grey for each class; steps by itself."""

    def __init__(self, problem: Any) -> None:
        super().__init__()
        self.shape = problem.output_shape
        self.greys = nn.Embedding(problem.given.size, 1)

    def training_step(self, batch: Any) -> Tensor:
        return ((self.greys(batch.x)[..., None, None] - batch.target) ** 2).mean()

    def sample(self, n: int, x: Tensor) -> Tensor:
        return self.greys(x)[..., None, None].expand(n, *self.shape)


class Stamp:
    """A black box that draws the mean image of the class it is given, which it wants as an array."""

    def __init__(self, problem: Any) -> None:
        self.size = problem.given.size

    def fit(self, x: Any, y: Any) -> None:
        self.means = np.stack([y[x == label].mean(0) for label in range(self.size)])

    def sample(self, n: int, x: Any) -> Any:
        assert isinstance(x, np.ndarray)
        return self.means[x]


class Stepless(nn.Module):
    """Scores, and has no way to be trained."""

    def __init__(self, problem: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def score_samples(self, x: Tensor) -> Tensor:
        return x.flatten(1).sum(1) * self.weight


class Certain:
    """A black box that names classes and gives no probabilities, as scikit-learn's SVC does."""

    def __init__(self, problem: Any) -> None:
        self.size = problem.classes

    def fit(self, x: Any, y: Any) -> None:
        """Learn nothing."""

    def predict(self, x: Any) -> Any:
        return np.zeros(len(x), np.int64)
