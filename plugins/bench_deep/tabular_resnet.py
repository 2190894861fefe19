"""A residual network for tables: each block adds a correction to what is there."""

from __future__ import annotations

from torch import Tensor, nn

from bench.layers import Embed, Shaped
from bench.model import Problem

__all__ = ["TabularResNet"]


class Block(nn.Module):
    """x + Linear(Dropout(ReLU(Linear(BatchNorm(x))))) (Gorishniy et al., 2021, section 3.2)."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.BatchNorm1d(width), nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, width) to (n, width)."""
        corrected: Tensor = x + self.residual(x)
        return corrected


class TabularResNet(nn.Module):
    """Categories as learnt vectors, a linear map, `blocks` residual blocks, then BatchNorm, ReLU and a linear map.

    The paper's second dropout, at the end of each block, is left out.
    """

    def __init__(self, problem: Problem, *, blocks: int, width: int, hidden_factor: float, dropout: float) -> None:
        super().__init__()
        embed = Embed(problem.given)
        hidden = round(width * hidden_factor)
        self.layers = nn.Sequential(
            embed,
            nn.Linear(embed.width, width),
            *(Block(width, hidden, dropout) for _ in range(blocks)),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, problem.output_size),
        )
        if Shaped.needed(problem.wanted):
            self.layers.append(Shaped(problem.wanted))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, columns), NaN where something is missing, to logits (n, classes) or numbers (n,)."""
        answer: Tensor = self.layers(x)
        return answer
