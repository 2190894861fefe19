"""A linear map from the steps that are given to those that are asked for, the same for every series."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

__all__ = ["LinearMap"]


class LinearMap(nn.Module):
    """Each step ahead is a weighted sum of the steps before ("Linear", Zeng et al., 2023, section 4)."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.steps = nn.Linear(problem.input_shape[0], problem.output_shape[0])

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, look-back, series) to (n, horizon, series)."""
        ahead: Tensor = self.steps(x.transpose(1, 2))
        return ahead.transpose(1, 2)
