"""The generator that has learnt nothing but its training images by heart: the control of every distance."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench_generative.moments import flat_rows

__all__ = ["Copy"]


class Copy:
    """Hands out training images, chosen at random with replacement.

    No distance between sets of images finds a fault with it; distances to the training part do (Meehan et al., 2020).
    """

    def __init__(self, problem: Problem) -> None:
        self.shape = problem.output_shape
        self.images = torch.empty(0)

    def fit(self, y: Any) -> Self:
        """Keep y, (n, *shape) samples in [-1, 1]; an array or a tensor."""
        self.images = flat_rows(y)
        return self

    def sample(self, n: int) -> Tensor:
        """Return n training images, (n, *shape) float32."""
        if not len(self.images):
            raise ContractError("Copy has no image to hand out before it is fitted: call fit first")
        return self.images[torch.randint(len(self.images), (n,))].float().reshape(n, *self.shape)
