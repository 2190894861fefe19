"""The variational autoencoder, of linear layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bench.model import Problem
from bench.tasks.base import Part
from bench_generative.grey_levels import log_exponential, log_logistic, to_levels
from bench_generative.latent import LatentModel

__all__ = ["LEVELS", "VAE"]

LEVELS = 256
# Of a decoder of logistic distributions before training: as wide as twenty of 256 levels.
FIRST_LOG_SCALE = -2.0


class VAE(LatentModel):
    """A Gaussian encoder and two hidden layers on either side (Kingma & Welling, 2014, app. C).

    likelihood: of pixels, given their code. `bernoulli` reads pixels in [-1, 1] as probabilities (x + 1) / 2, as the
    field does for grey images: training is by cross-entropy, and no density of grey values. `logistic` trains on the
    probability of 256 grey levels, with a scale for each pixel (Kingma et al., 2016, inverse autoregressive flow).
    Samples are means.
    beta: weight of the divergence from the prior in training (Higgins et al., 2017); bounds are those of β = 1.
    classes: those that encoder and decoder are told, 0 for none.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        latent_size: int,
        width: int,
        beta: float = 1.0,
        likelihood: str = "bernoulli",
        classes: int = 0,
    ) -> None:
        super().__init__(latent_size, classes)
        self.beta, self.likelihood = beta, likelihood
        self.encoder = nn.Sequential(
            nn.Flatten(), *_layers(problem.output_size + classes, width), nn.Linear(width, 2 * latent_size)
        )
        self.decoder = nn.Sequential(
            *_layers(latent_size + classes, width),
            nn.Linear(width, problem.output_size),
            nn.Unflatten(1, problem.output_shape),
        )
        if likelihood == "logistic":
            self.log_scales = nn.Parameter(torch.full(problem.output_shape, FIRST_LOG_SCALE))

    def encode(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z | x), (n, latent_size) each."""
        mean, log_variance = self.encoder(self.beside(x.flatten(1), labels)).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """Map noise and class (n, latent_size + classes) to the decoder's means (n, *input_shape), in [-1, 1]."""
        return 2 * torch.sigmoid(self.decoder(z)) - 1

    def elbo(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the evidence lower bound with one draw of z, nats per sample, (n,)."""
        reconstruction, divergence = self._terms(x, labels)
        return reconstruction - divergence

    @torch.no_grad()
    def importance_bound(self, x: Tensor, draws: int = 50) -> Tensor:
        """Return a tighter bound on log p(x), nats per sample, (n,) (Burda et al., 2016, eq. 8)."""
        mean, log_variance = self.encode(x)
        log_weights = torch.stack([self._log_weight(x, mean, log_variance) for _ in range(draws)])
        return log_weights.logsumexp(0) - math.log(draws)

    @torch.no_grad()
    def log_probability_bound(self, y: Tensor, x: Tensor | None = None) -> Tensor:
        """Return a lower bound on the log-probability of images of 256 levels, nats per sample, (n,).

        y: (n, *input_shape) in [-1, 1]; x: their classes. A Bernoulli decoder is read as a continuous one, whose
        density is what its cross-entropy lacks to be one (Loaiza-Ganem & Cunningham, 2019).
        """
        mean, log_variance = self.encode(y, x)
        logits = self.decoder(self.beside(_drawn(mean, log_variance), x))
        index = to_levels(y, LEVELS)
        if self.likelihood == "logistic":
            found = log_logistic(index, 2 * torch.sigmoid(logits) - 1, self.log_scales, LEVELS)
        else:
            found = log_exponential(index, logits, LEVELS)
        return found.flatten(1).sum(1) - _divergence(mean, log_variance)

    def training_step(self, batch: Part) -> Tensor:
        """Return the negative bound, nats per sample, mean over the batch; the divergence weighted by β."""
        reconstruction, divergence = self._terms(batch.target, batch.x)
        return (self.beta * divergence - reconstruction).mean()

    def _terms(self, x: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return log p(x | z) for one draw of z = μ + σ ε, and the divergence from the prior, (n,) each (eq. 10)."""
        mean, log_variance = self.encode(x, labels)
        z = self.beside(_drawn(mean, log_variance), labels)
        return self._log_likelihood(x, z), _divergence(mean, log_variance)

    def _log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x | z), nats per sample, (n,), as the decoder is trained on it."""
        logits = self.decoder(z)
        if self.likelihood == "logistic":
            found = log_logistic(to_levels(x, LEVELS), 2 * torch.sigmoid(logits) - 1, self.log_scales, LEVELS)
        else:
            found = -binary_cross_entropy_with_logits(logits, (x + 1) / 2, reduction="none")
        return found.flatten(1).sum(1)

    def _log_weight(self, x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
        """Log of p(x, z) / q(z | x) for one draw of z, (n,); the normal densities share their constant."""
        noise = torch.randn_like(mean)
        z = mean + torch.exp(0.5 * log_variance) * noise
        log_prior_over_posterior = 0.5 * (noise**2 + log_variance - z**2).sum(1)
        return log_prior_over_posterior + self._log_likelihood(x, z)


def _drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


def _divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of a normal distribution from the standard one, in closed form, nats per sample, (n,)."""
    divergence: Tensor = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1)
    return divergence


def _layers(inputs: int, width: int) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
