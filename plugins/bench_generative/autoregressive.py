"""What models share that draw an image number by number, each from what was drawn before."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, one_hot

from bench.errors import ContractError
from bench.model import Problem
from bench.spaces import Space
from bench.tasks.base import Part
from bench_generative.grey_levels import level_distribution, to_levels, to_values

__all__ = ["Autoregressive"]


class Autoregressive(nn.Module):
    """A product of the probabilities of grey levels, p(x) = Π p(x_i | x_1 … x_{i-1}), of images or of those of a class.

    A subclass writes `said` and `drawn`. Images are read as so many `levels`, so that what it gives an image is a
    probability; images without known bounds have no levels, and are refused. Where classes are to be predicted, it is
    trained on images and classes together, log p(x | class) + log p(class), and predicts by Bayes' rule.

    said by a network of each level: `distribution`, see `bench_generative.grey_levels.level_distribution`.
    """

    def __init__(self, problem: Problem, *, levels: int, distribution: str) -> None:
        super().__init__()
        images = problem.given if problem.answer == "predict" else problem.wanted
        if images.bounds is None:
            raise ContractError(
                f"{type(self).__name__} reads images as grey levels, which needs their bounds: {images}"
            )
        self.bounds, self.shape, self.levels = images.bounds, problem.image_shape, levels
        self.predicts = problem.answer == "predict"
        self.classes = problem.classes if self.predicts else _size(problem.input)
        self.distribution = level_distribution(distribution, levels)
        self.log_shares = nn.Parameter(torch.zeros(self.classes)) if self.predicts else None

    def said(self, images: Tensor, classes: Tensor | None) -> Tensor:
        """Return what is said of each number of images, (n, d, outputs), from those before it alone.

        images: (n, channels, height, width) in [-1, 1]; classes: (n, classes), a 1 for the class of each, or None.
        """
        raise NotImplementedError(f"{type(self).__name__} must write said")

    def drawn(self, n: int, classes: Tensor | None) -> Tensor:
        """Draw images number by number, (n, channels, height, width) in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} must write drawn")

    def log_probability(self, y: Tensor, x: Tensor | None = None) -> Tensor:
        """Return the log-probability of images (n, channels, height, width), nats, (n,); of their classes x, (n,)."""
        # A level is seen as the value it stands for: what lies between two levels would tell more than the level.
        index = to_levels(y, self.levels).flatten(1)
        values = to_values(index, self.levels).view_as(y)
        return self.distribution.log_probability(self.said(values, self._beside(x)), index).sum(1)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (n, *input_shape) to log p(x, class), (n, classes), which softmax turns into p(class | x)."""
        if self.log_shares is None:
            raise ContractError(f"{type(self).__name__} was built to draw images: it names no classes")
        images, count = self._scaled(x), len(x)
        labels = torch.arange(self.classes, device=x.device)
        found = [self.log_probability(images, label.expand(count)) for label in labels]
        return torch.stack(found, 1) + log_softmax(self.log_shares, 0)

    def training_step(self, batch: Part) -> Tensor:
        """Return the negative log-probability, bits per number of an image, mean over the batch."""
        if not self.predicts:
            return -self.log_probability(batch.target, batch.x).mean() / (math.log(2) * math.prod(self.shape))
        images, labels = self._scaled(cast("Tensor", batch.x)), batch.target
        joint = self.log_probability(images, labels) + log_softmax(cast("Tensor", self.log_shares), 0)[labels]
        return -joint.mean() / (math.log(2) * math.prod(self.shape))

    @torch.no_grad()
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        """Draw n images, (n, channels, height, width) in [-1, 1], of the classes in `condition`, (n,).

        Raises ContractError where a class is asked for and there are none, or the other way round.
        """
        if condition is not None and not self.classes:
            raise ContractError(f"{type(self).__name__} knows no classes: sample(n) without a condition")
        if condition is None and self.classes:
            raise ContractError(f"{type(self).__name__} draws from classes: sample(n, condition)")
        return self.drawn(n, self._beside(condition))

    def _beside(self, labels: Tensor | None) -> Tensor | None:
        return None if labels is None else one_hot(labels, self.classes).float()

    def _scaled(self, x: Tensor) -> Tensor:
        low, high = self.bounds
        return (x - low) * (2 / (high - low)) - 1


def _size(given: Space | None) -> int:
    return 0 if given is None else given.size or 0
