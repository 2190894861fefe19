"""The convolutional generative adversarial network."""

from __future__ import annotations

from torch import nn

from bench.model import Problem
from bench_generative.adversarial import Adversarial
from bench_generative.rules import HALVINGS

__all__ = ["DCGAN"]

LEAK = 0.2
INITIAL_DEVIATION = 0.02


class DCGAN(Adversarial):
    """Strided convolutions, batch normalisation, ReLU against leaky (Radford et al., 2016, section 3)."""

    def __init__(self, problem: Problem, *, latent_size: int, width: int, learning_rate: float) -> None:
        channels, *sides = problem.image_shape
        height, image_width = (side // HALVINGS for side in sides)
        start = (2 * width, height, image_width)
        generator = nn.Sequential(
            nn.Linear(latent_size, 2 * width * height * image_width, bias=False),
            nn.Unflatten(1, start),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )
        # No normalisation next to the image on either side: it lets samples oscillate (section 3).
        discriminator = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(LEAK),
            nn.Flatten(),
            nn.Linear(2 * width * height * image_width, 1),
        )
        super().__init__(generator, discriminator, latent_size=latent_size, learning_rate=learning_rate)
        self.apply(_initialise)


def _initialise(module: nn.Module) -> None:
    """Draw weights as the paper does (section 4)."""
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, INITIAL_DEVIATION)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, INITIAL_DEVIATION)
