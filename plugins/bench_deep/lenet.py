"""LeNet-5 with ReLU and max pooling, for images from 8 × 8 pixels."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

__all__ = ["LeNet"]


class LeNet(nn.Module):
    """Two convolutions of 5 × 5, each halved by pooling, three linear layers (LeCun et al., 1998, fig. 2).

    Both convolutions keep the size of the image, so that 8 × 8 pixels leave 2 × 2 and not nothing.
    """

    def __init__(self, problem: Problem, *, width_factor: int, dropout: float) -> None:
        super().__init__()
        channels, height, width = problem.image_shape
        first, second, third, fourth = (size * width_factor for size in (6, 16, 120, 84))
        self.features = nn.Sequential(
            nn.Conv2d(channels, first, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(
            nn.Linear(second * (height // 4) * (width // 4), third),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(third, fourth),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(fourth, problem.classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, height, width) to logits (n, classes)."""
        logits: Tensor = self.classifier(self.features(x))
        return logits
