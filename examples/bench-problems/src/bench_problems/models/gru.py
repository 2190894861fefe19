"""A gated recurrent network over tokens."""

from __future__ import annotations

from torch import Tensor, nn

from bench import Problem

__all__ = ["GRU"]


class GRU(nn.Module):
    """A vector per token, `depth` recurrent layers, linear (Cho et al., 2014)."""

    def __init__(self, problem: Problem, *, width: int, depth: int) -> None:
        super().__init__()
        size = problem.wanted.size or 0
        self.embed = nn.Embedding(problem.given.size or 0, width)
        self.recurrent = nn.GRU(width, width, depth, batch_first=True)
        self.readout = nn.Linear(width, size)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (n, length) to logits (n, length, size): the row at a place knows the tokens up to it."""
        logits: Tensor = self.readout(self.recurrent(self.embed(x))[0])
        return logits
