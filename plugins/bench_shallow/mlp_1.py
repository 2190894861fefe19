"""A network with one hidden layer: the shallow control of every deep one."""

from __future__ import annotations

from torch import Tensor, nn

from bench.layers import Embed, Shaped
from bench.model import Problem

__all__ = ["OneHiddenLayer"]


class OneHiddenLayer(nn.Module):
    """Linear, ReLU, linear."""

    def __init__(self, problem: Problem, *, width: int) -> None:
        super().__init__()
        embed = Embed(problem.given)
        self.layers = nn.Sequential(
            embed, nn.Linear(embed.width, width), nn.ReLU(), nn.Linear(width, problem.output_size)
        )
        if Shaped.needed(problem.wanted):
            self.layers.append(Shaped(problem.wanted))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to logits (n, classes), or to values (n, *output_shape)."""
        logits: Tensor = self.layers(x)
        return logits
