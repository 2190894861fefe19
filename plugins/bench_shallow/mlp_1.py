"""A network with one hidden layer: the shallow control of every deep one."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

__all__ = ["OneHiddenLayer"]


class OneHiddenLayer(nn.Module):
    """Linear, ReLU, linear."""

    def __init__(self, problem: Problem, *, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(problem.input_size, width), nn.ReLU(), nn.Linear(width, problem.classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to logits (n, classes)."""
        logits: Tensor = self.layers(x)
        return logits
