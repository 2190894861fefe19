"""LeNet-5 with ReLU and max pooling, for images from 8 × 8 pixels."""

from __future__ import annotations

from torch import Tensor, nn

from bench.layers import Shaped
from bench.model import Problem

__all__ = ["LeNet"]

SMALL_SIDE = 16


class LeNet(nn.Module):
    """Two convolutions of 5 × 5, each halved by pooling, three linear layers (LeCun et al., 1998, fig. 2).

    Both convolutions keep the size of the image, and a small image is halved once: at 8 × 8 pixels a second
    halving leaves 2 × 2 and costs 1.6 % of accuracy on digits.
    """

    def __init__(self, problem: Problem, *, width_factor: int, dropout: float) -> None:
        super().__init__()
        channels, height, width = problem.image_shape
        is_small = min(height, width) < SMALL_SIDE
        shrinking = 2 if is_small else 4
        first, second, third, fourth = (size * width_factor for size in (6, 16, 120, 84))
        self.features = nn.Sequential(
            nn.Conv2d(channels, first, 5, padding=2),
            nn.ReLU(),
            nn.Identity() if is_small else nn.MaxPool2d(2),
            nn.Conv2d(first, second, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(
            nn.Linear(second * (height // shrinking) * (width // shrinking), third),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(third, fourth),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(fourth, problem.output_size),
        )
        if Shaped.needed(problem.wanted):
            self.classifier.append(Shaped(problem.wanted))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, height, width) to logits (n, classes), or to a number (n,)."""
        logits: Tensor = self.classifier(self.features(x))
        return logits
