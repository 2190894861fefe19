"""Two linear maps: one of a window's moving average, its trend, and one of the rest."""

from __future__ import annotations

from torch import Tensor, nn

from bench.errors import ContractError
from bench.model import Problem

__all__ = ["DLinear"]


class DLinear(nn.Module):
    """Trend and remainder, a linear map each, the same for every series (Zeng et al., 2023, section 4).

    kernel: steps of the moving average, odd; ends are continued with their own value.
    """

    def __init__(self, problem: Problem, *, kernel: int) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ContractError(f"dlinear needs an odd kernel, so that its average has a middle; got {kernel}")
        given, asked = problem.input_shape[0], problem.output_shape[0]
        self.trend, self.rest = nn.Linear(given, asked), nn.Linear(given, asked)
        self.average = nn.Sequential(nn.ReplicationPad1d(kernel // 2), nn.AvgPool1d(kernel, stride=1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, look-back, series) to (n, horizon, series)."""
        series = x.transpose(1, 2)
        trend = self.average(series)
        ahead: Tensor = self.trend(trend) + self.rest(series - trend)
        return ahead.transpose(1, 2)
