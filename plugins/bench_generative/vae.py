"""The variational autoencoder, of linear layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bench.model import Problem
from bench.tasks.base import Part
from bench_generative.latent import LatentModel

__all__ = ["VAE"]


class VAE(LatentModel):
    """A Gaussian encoder and a Bernoulli decoder, two hidden layers each (Kingma & Welling, 2014, app. C).

    Pixels in [-1, 1] are read as probabilities (x + 1) / 2, as the field does for grey images: the bound is
    then one of cross-entropy, comparable among such models and with no density of grey values.
    """

    def __init__(self, problem: Problem, *, latent_size: int, width: int) -> None:
        super().__init__(latent_size)
        self.encoder = nn.Sequential(
            nn.Flatten(), *_layers(problem.output_size, width), nn.Linear(width, 2 * latent_size)
        )
        self.decoder = nn.Sequential(
            *_layers(latent_size, width),
            nn.Linear(width, problem.output_size),
            nn.Unflatten(1, problem.output_shape),
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z | x), (n, latent_size) each."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """Map noise (n, latent_size) to the decoder's means (n, *input_shape), in [-1, 1]."""
        return 2 * torch.sigmoid(self.decoder(z)) - 1

    def elbo(self, x: Tensor) -> Tensor:
        """Return the evidence lower bound with one draw of z, nats per sample, (n,).

        The divergence from the prior in closed form, the rest through z = μ + σ ε (eq. 10).
        """
        mean, log_variance = self.encode(x)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        errors = binary_cross_entropy_with_logits(self.decoder(z), (x + 1) / 2, reduction="none")
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1)
        return -errors.flatten(1).sum(1) - divergence

    @torch.no_grad()
    def importance_bound(self, x: Tensor, draws: int = 50) -> Tensor:
        """Return a tighter bound on log p(x), nats per sample, (n,) (Burda et al., 2016, eq. 8)."""
        mean, log_variance = self.encode(x)
        log_weights = torch.stack([self._log_weight(x, mean, log_variance) for _ in range(draws)])
        return log_weights.logsumexp(0) - math.log(draws)

    def training_step(self, batch: Part) -> Tensor:
        """Return the negative bound, nats per sample, mean over the batch."""
        return -self.elbo(batch.target).mean()

    def _log_weight(self, x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Log of p(x, z) / q(z | x) for one draw of z, (n,); the normal densities share their constant."""
        noise = torch.randn_like(mean)
        z = mean + torch.exp(0.5 * log_variance) * noise
        errors = binary_cross_entropy_with_logits(self.decoder(z), (x + 1) / 2, reduction="none")
        log_prior_over_posterior = 0.5 * (noise**2 + log_variance - z**2).sum(1)
        return log_prior_over_posterior - errors.flatten(1).sum(1)


def _layers(inputs: int, width: int) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
