"""Super-resolution by a few convolutions that correct an interpolated image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench import Problem

__all__ = ["SRCNN"]


class SRCNN(nn.Module):
    """Enlarge by cubic interpolation, then add what `depth` convolutions of 3 × 3 make of it.

    Dong et al., 2014, with the residual of Kim et al., 2016: the network need not learn to copy.
    """

    def __init__(self, problem: Problem, *, width: int, depth: int) -> None:
        super().__init__()
        channels, height, large_width = problem.wanted.sizes
        self.size = (height, large_width)
        layers: list[nn.Module] = []
        for inputs in [channels, *[width] * (depth - 2)]:
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
        last = nn.Conv2d(width, channels, 3, padding=1)
        # Untrained, the network is the interpolation.
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]  # it has one
        self.layers = nn.Sequential(*layers, last)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, channels, height, width)."""
        enlarged = torch.nn.functional.interpolate(x, self.size, mode="bicubic", align_corners=False)
        return enlarged + self.layers(enlarged)
