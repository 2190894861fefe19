"""A linear map of what changed since the last step that is given, which survives a shift of the level."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

__all__ = ["NLinear"]


class NLinear(nn.Module):
    """The last value is taken from a window, and added to what a linear map makes of the rest (Zeng et al., 2023)."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.steps = nn.Linear(problem.input_shape[0], problem.output_shape[0])

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, look-back, series) to (n, horizon, series)."""
        last = x[:, -1:]
        ahead: Tensor = self.steps((x - last).transpose(1, 2))
        return ahead.transpose(1, 2) + last
