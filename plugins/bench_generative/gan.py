"""The first generative adversarial network, of linear layers."""

from __future__ import annotations

from torch import nn

from bench.model import Problem
from bench_generative.adversarial import Adversarial

__all__ = ["GAN"]

LEAK = 0.2
DROPOUT = 0.3


class GAN(Adversarial):
    """Two hidden layers on either side; the wider one lies next to the image (Goodfellow et al., 2014).

    Leaky ReLU stands for the paper's maxout, with dropout in the discriminator as there.
    """

    def __init__(
        self, problem: Problem, *, latent_size: int, width: int, learning_rate: float, loss: str, classes: int = 0
    ) -> None:
        super().__init__(
            nn.Sequential(
                *_layer(latent_size + classes, width),
                *_layer(width, 2 * width),
                nn.Linear(2 * width, problem.output_size),
                nn.Tanh(),
                nn.Unflatten(1, problem.output_shape),
            ),
            nn.Sequential(
                nn.Flatten(),
                *_layer(problem.output_size + classes, 2 * width),
                nn.Dropout(DROPOUT),
                *_layer(2 * width, width),
                nn.Dropout(DROPOUT),
                nn.Linear(width, 1),
            ),
            latent_size=latent_size,
            learning_rate=learning_rate,
            loss=loss,
            classes=classes,
        )


def _layer(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Linear(inputs, outputs), nn.LeakyReLU(LEAK)
