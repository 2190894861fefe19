"""The conditional variational autoencoder, of linear layers."""

from __future__ import annotations

from typing import Any

from bench.model import Problem
from bench_generative.vae import VAE

__all__ = ["ConditionalVAE"]


class ConditionalVAE(VAE):
    """The layers of `vae`; encoder and decoder are told the class (Sohn, Lee & Yan, 2015, section 4.1).

    The prior of the code does not depend on the class, which the paper allows for.
    """

    def __init__(self, problem: Problem, **hyperparameters: Any) -> None:
        super().__init__(problem, classes=problem.given.size or 0, **hyperparameters)
