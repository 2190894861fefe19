"""A network with several hidden layers of one width."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

__all__ = ["MLP"]


class MLP(nn.Module):
    """Linear, ReLU and dropout, `depth` times, then linear."""

    def __init__(self, problem: Problem, *, depth: int, width: int, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs in [problem.input_size, *[width] * (depth - 1)]:
            layers += [nn.Linear(inputs, width), nn.ReLU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
        self.layers = nn.Sequential(*layers, nn.Linear(width, problem.classes))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to logits (n, classes)."""
        logits: Tensor = self.layers(x)
        return logits
