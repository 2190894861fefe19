"""The two networks of the training comparison; equal seeds give equal weights, whoever builds them."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

HIDDEN = 32
HIDDEN_OF_LARGE = 256
CHANNELS = (8, 16)


class MLP(nn.Module):
    """One hidden layer: 64-32-10 on digits, 784-256-10 on MNIST."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        hidden = HIDDEN if problem.input_size <= 64 else HIDDEN_OF_LARGE
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(problem.input_size, hidden), nn.ReLU(), nn.Linear(hidden, problem.classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits


class CNN(nn.Module):
    """Two convolutions of 3 × 3, each halved by pooling, and one linear layer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        channels, height, width = problem.image_shape
        first, second = CHANNELS
        self.layers = nn.Sequential(
            nn.Conv2d(channels, first, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(second * (height // 4) * (width // 4), problem.classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits
