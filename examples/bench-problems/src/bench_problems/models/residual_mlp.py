"""A deep network for rows of numbers whose layers only add to what is there."""

from __future__ import annotations

from torch import Tensor, nn

from bench import Problem
from bench.layers import Embed, Shaped

__all__ = ["ResidualMLP"]


class Block(nn.Module):
    """Normalise, widen, ReLU, dropout, narrow, and add to the input (Gorishniy et al., 2021, eq. 2)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, width) to (n, width)."""
        return x + self.change(x)


class ResidualMLP(nn.Module):
    """Linear, `depth` residual blocks, normalise, linear."""

    def __init__(self, problem: Problem, *, depth: int, width: int, dropout: float) -> None:
        super().__init__()
        embed = Embed(problem.given)
        self.layers = nn.Sequential(
            embed,
            nn.Linear(embed.width, width),
            *(Block(width, dropout) for _ in range(depth)),
            nn.LayerNorm(width),
            nn.Linear(width, problem.output_size),
            Shaped(problem.wanted),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to (n, *output_shape)."""
        values: Tensor = self.layers(x)
        return values
