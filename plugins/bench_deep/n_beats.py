"""N-BEATS: blocks that each explain a part of the window, and forecast from what they explain."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

__all__ = ["NBeats"]


class Block(nn.Module):
    """Linear layers with ReLU, then two linear heads: what of the window is explained, and what follows from it."""

    def __init__(self, given: int, asked: int, *, layers: int, width: int) -> None:
        super().__init__()
        hidden: list[nn.Module] = []
        for inputs in (given, *[width] * (layers - 1)):
            hidden += [nn.Linear(inputs, width), nn.ReLU()]
        self.hidden = nn.Sequential(*hidden)
        self.explained, self.ahead = nn.Linear(width, given), nn.Linear(width, asked)

    def forward(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Map (…, look-back) to (…, look-back) and (…, horizon)."""
        hidden = self.hidden(window)
        return self.explained(hidden), self.ahead(hidden)


class NBeats(nn.Module):
    """Generic blocks with doubly residual stacking, the same for every series (Oreshkin et al., 2020, section 3).

    The generic basis is a linear map; that onto it and the basis itself are one map here, as nothing lies between them.
    """

    def __init__(self, problem: Problem, *, blocks: int, layers: int, width: int) -> None:
        super().__init__()
        given, asked = problem.input_shape[0], problem.output_shape[0]
        self.blocks = nn.ModuleList(Block(given, asked, layers=layers, width=width) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, look-back, series) to (n, horizon, series)."""
        rest = x.transpose(1, 2)
        explained, forecast = self.blocks[0](rest)
        for block in self.blocks[1:]:
            rest = rest - explained
            explained, more = block(rest)
            forecast = forecast + more
        ahead: Tensor = forecast.transpose(1, 2)
        return ahead
