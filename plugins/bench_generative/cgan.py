"""The conditional generative adversarial network, of linear layers."""

from __future__ import annotations

from typing import Any

from bench.model import Problem
from bench_generative.gan import GAN

__all__ = ["ConditionalGAN"]


class ConditionalGAN(GAN):
    """The layers of `gan`; generator and discriminator are both told the class (Mirza & Osindero, 2014, section 3.2).

    It stands beside the noise, and beside the pixels of an image.
    """

    def __init__(self, problem: Problem, **hyperparameters: Any) -> None:
        super().__init__(problem, classes=problem.given.size or 0, **hyperparameters)
