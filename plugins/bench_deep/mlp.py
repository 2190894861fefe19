"""A network with several hidden layers of one width."""

from __future__ import annotations

from torch import Tensor, nn

from bench.layers import Embed, Shaped
from bench.model import Problem

__all__ = ["MLP"]


class MLP(nn.Module):
    """Linear, ReLU and dropout, `depth` times, then linear."""

    def __init__(self, problem: Problem, *, depth: int, width: int, dropout: float) -> None:
        super().__init__()
        embed = Embed(problem.given)
        layers: list[nn.Module] = [embed]
        for inputs in [embed.width, *[width] * (depth - 1)]:
            layers += [nn.Linear(inputs, width), nn.ReLU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
        self.layers = nn.Sequential(*layers, nn.Linear(width, problem.output_size))
        if Shaped.needed(problem.wanted):
            self.layers.append(Shaped(problem.wanted))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to logits (n, classes), or to values (n, *output_shape)."""
        logits: Tensor = self.layers(x)
        return logits
