"""A residual network small enough for a processor, for images from 8 × 8 pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.layers import Shaped
from bench.model import Problem

__all__ = ["ResNetSmall"]

STAGES = 3
# From here on the first convolution halves the image: a quarter of the work, and no accuracy lost on MNIST.
LARGE_SIDE = 16


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut (He et al., 2016, fig. 2; option B where shapes change)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        is_same_shape = stride == 1 and inputs == outputs
        self.shortcut: nn.Module = nn.Identity() if is_same_shape else _projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        return torch.relu(self.residual(x) + self.shortcut(x))


class ResNetSmall(nn.Module):
    """A convolution, three stages of blocks at `width`, 2 · width and 4 · width channels, mean, linear.

    Batch normalisation, as in the paper: under a budget of few epochs it converges sooner than group
    normalisation, and in evaluation it costs nothing.
    """

    def __init__(self, problem: Problem, *, width: int, blocks: int) -> None:
        super().__init__()
        channels, height, image_width = problem.image_shape
        is_large = min(height, image_width) >= LARGE_SIDE
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, 5, stride=2 if is_large else 1, padding=2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        layers: list[nn.Module] = []
        inputs = width
        for stage in range(STAGES):
            outputs = width * 2**stage
            for block in range(blocks):
                layers.append(ResidualBlock(inputs, outputs, stride=2 if stage and not block else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*layers)
        self.classifier: nn.Module = nn.Linear(inputs, problem.output_size)
        if Shaped.needed(problem.wanted):
            self.classifier = nn.Sequential(self.classifier, Shaped(problem.wanted))
        # A third less time on a processor; shapes and results stay what they are.
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, height, width) to logits (n, classes), or to a number (n,)."""
        logits: Tensor = self.classifier(self.blocks(self.stem(x)).mean(dim=(2, 3)))
        return logits


def _projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
