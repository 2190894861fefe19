"""The networks of the training comparison; equal seeds give equal weights, whoever builds them."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem

HIDDEN = 32
HIDDEN_OF_LARGE = 256
CHANNELS = (8, 16)
# Of the networks that read an image row by row.
UNITS, WIDTH, HEADS = 64, 32, 4


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


class LSTM(nn.Module):
    """One recurrent layer over the rows of an image, and one linear layer on its last state."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        _, _, columns = problem.image_shape
        self.recurrent = nn.LSTM(columns, UNITS, batch_first=True)
        self.linear = nn.Linear(UNITS, problem.classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.recurrent(x.squeeze(1))[0][:, -1])
        return logits


class Transformer(nn.Module):
    """One layer of attention among the rows of an image, and one linear layer on their mean."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        _, _, columns = problem.image_shape
        self.project = nn.Linear(columns, WIDTH)
        self.layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, 0.0, batch_first=True)
        self.linear = nn.Linear(WIDTH, problem.classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.layer(self.project(x.squeeze(1))).mean(1))
        return logits
