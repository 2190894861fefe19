"""A small U-net that knows how much noise its input holds."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["UNet"]

GROUPS = 8
LONGEST_PERIOD = 1000


class UNet(nn.Module):
    """Residual blocks at two sizes of the image, joined where both have the same (Ho et al., 2020, app. B).

    patch: squares of so many pixels are one place with more channels (Hoogeboom et al., 2023), 1 for each pixel by
    itself; the sides of images are divisible by twice as many. No attention: images are small. The level of noise is
    added to the channels within each block.
    """

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        inner, level_size = channels * patch**2, 4 * width
        self.width = width
        self.level = nn.Sequential(nn.Linear(width, level_size), nn.SiLU(), nn.Linear(level_size, level_size))
        self.first = nn.Conv2d(inner, width, 3, padding=1)
        self.down = _Block(width, width, level_size)
        self.reduce = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.middle = nn.ModuleList([_Block(width, 2 * width, level_size), _Block(2 * width, 2 * width, level_size)])
        self.enlarge = nn.Upsample(scale_factor=2)
        self.up = _Block(3 * width, width, level_size)
        self.last = nn.Sequential(_norm(width), nn.SiLU(), nn.Conv2d(width, inner, 3, padding=1))
        self.apart, self.together = nn.PixelUnshuffle(patch), nn.PixelShuffle(patch)
        # An answer of zero is the best that knows nothing.
        nn.init.zeros_(self.last[2].weight)  # type: ignore[arg-type]  # a convolution's
        nn.init.zeros_(self.last[2].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        """Map images (n, channels, height, width) and their levels (n,) in [0, 1] to as many images."""
        about = self.level(_waves(level, self.width))
        whole = self.down(self.first(self.apart(x)), about)
        inner = self.reduce(whole)
        for block in self.middle:
            inner = block(inner, about)
        joined = self.up(torch.cat([self.enlarge(inner), whole], 1), about)
        images: Tensor = self.together(self.last(joined))
        return images


class _Block(nn.Module):
    """Two convolutions and what they add to."""

    def __init__(self, inputs: int, outputs: int, level_size: int) -> None:
        super().__init__()
        self.first = nn.Sequential(_norm(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.level = nn.Linear(level_size, outputs)
        self.second = nn.Sequential(_norm(outputs), nn.SiLU(), nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        inner = self.first(x) + self.level(level)[:, :, None, None]
        changed: Tensor = self.skip(x) + self.second(inner)
        return changed


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)


def _waves(level: Tensor, width: int) -> Tensor:
    """Return sines and cosines of levels (n,) at many frequencies, (n, width) (Vaswani et al., 2017, section 3.5)."""
    steps = torch.arange((width + 1) // 2, device=level.device) / max(1, width // 2)
    angles = LONGEST_PERIOD * level[:, None] * torch.exp(-math.log(LONGEST_PERIOD) * steps)
    return torch.cat([angles.sin(), angles.cos()], 1)[:, :width]
