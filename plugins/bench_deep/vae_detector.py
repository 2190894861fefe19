"""The variational autoencoder as a detector: what it thinks improbable is unusual."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bench.model import Problem
from bench.tasks.base import Part
from bench_deep.autoencoder import bottleneck, layers

__all__ = ["VAEDetector"]

# Draws of the code for each score.
DRAWS = 16
# A decoder certain of a constant column would divide by nothing, and of an outlier the exponential is infinite.
LOG_VARIANCES = (-6.0, 6.0)


class VAEDetector(nn.Module):
    """Normal encoder and decoder, both with a variance for each number (Kingma & Welling, 2014, app. C.2).

    A sample's score is the mean of log p(x | z) over draws of its code z, the reconstruction probability of An & Cho
    (2015, algorithm 4). The draws come from noise that is fixed when the model is built, so that a score depends on
    the sample alone and not on which others it is asked with.
    """

    def __init__(self, problem: Problem, *, latent_size: int, width: int) -> None:
        super().__init__()
        code = bottleneck(problem, latent_size)
        self.encoder = layers(problem.input_size, width, 2 * code)
        self.decoder = layers(code, width, 2 * problem.input_size)
        self.register_buffer("noise", torch.randn(DRAWS, 1, code))

    def training_step(self, batch: Part) -> Tensor:
        """Return the negative evidence lower bound, nats per sample, mean over the batch, with one draw of the code."""
        (x,) = batch.inputs()
        mean, log_variance = _normal(self.encoder(x.flatten(1)))
        found = self._log_likelihood(x, mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean))
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return (divergence - found).mean()

    def score_samples(self, x: Tensor) -> Tensor:
        """Return the reconstruction probability of each of (n, *input_shape), nats, (n,): higher is more normal."""
        mean, log_variance = _normal(self.encoder(x.flatten(1)))
        deviation = torch.exp(0.5 * log_variance)
        draws = [self._log_likelihood(x, mean + deviation * noise) for noise in self.get_buffer("noise")]
        return torch.stack(draws).mean(0)

    def _log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x | z), nats per sample, (n,)."""
        mean, log_variance = _normal(self.decoder(z))
        squared = (x.flatten(1) - mean) ** 2 / log_variance.exp()
        return -0.5 * (squared + log_variance + math.log(2 * math.pi)).sum(1)


def _normal(output: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and log-variance, (n, size) each, of what a network answers, (n, 2 · size)."""
    mean, log_variance = output.chunk(2, 1)
    return mean, log_variance.clamp(*LOG_VARIANCES)
