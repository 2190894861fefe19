"""A network that reproduces a sample from a few numbers; what it cannot reproduce is unusual."""

from __future__ import annotations

from torch import Tensor, nn

from bench.model import Problem
from bench.tasks.base import Part

__all__ = ["Autoencoder", "bottleneck", "layers"]


def bottleneck(problem: Problem, latent_size: int) -> int:
    """Return how many numbers a code may have: at most half as many as a sample, or there would be nothing to learn."""
    return max(1, min(latent_size, problem.input_size // 2))


def layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    """Return two hidden layers, the one nearer to the samples twice as wide, and a linear one."""
    hidden = (2 * width, width) if inputs > outputs else (width, 2 * width)
    first, second = hidden
    return nn.Sequential(
        nn.Linear(inputs, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), nn.Linear(second, outputs)
    )


class Autoencoder(nn.Module):
    """An encoder and a decoder of two hidden layers each, trained on the squared error of what comes out."""

    def __init__(self, problem: Problem, *, latent_size: int, width: int) -> None:
        super().__init__()
        code = bottleneck(problem, latent_size)
        self.code_size = code
        self.encoder = layers(problem.input_size, width, code)
        self.decoder = layers(code, width, problem.input_size)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to what comes out of the code, flat, (n, input_size)."""
        rows: Tensor = self.decoder(self.encoder(x.flatten(1)))
        return rows

    def errors(self, x: Tensor) -> Tensor:
        """Return the mean squared error of each of (n, *input_shape), (n,)."""
        return ((self.forward(x) - x.flatten(1)) ** 2).mean(1)

    def training_step(self, batch: Part) -> Tensor:
        """Return the mean squared error of a batch."""
        return self.errors(_given(batch)).mean()

    def score_samples(self, x: Tensor) -> Tensor:
        """Return the negative error of each of (n, *input_shape), (n,): higher is more normal."""
        return -self.errors(x)


def _given(batch: Part) -> Tensor:
    (x,) = batch.inputs()
    return x
