"""The denoising diffusion model, sampled by few deterministic steps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import mse_loss

from bench.model import Problem
from bench.tasks.base import Part
from bench_generative.latent import LatentModel
from bench_generative.unet import UNet

__all__ = ["DDPM"]

LEVELS = 1000
# Images with sides of so many pixels are taken two by two: a quarter of the work.
LARGE = 16
# Of the cosine schedule: without it the first levels would hold next to no noise (Nichol & Dhariwal, 2021).
OFFSET = 0.008
# The average of the weights follows them closely at first, as in most programs for diffusion models.
FIRST_STEPS = 10


class DDPM(LatentModel):
    """A network that tells an image from the noise in it, at 1000 levels of noise (Ho et al., 2020, algorithm 1).

    The levels follow the cosine schedule. Samples are drawn by the moving average of the weights, in `sampling_steps`
    steps of DDIM with η = 0 (Song et al., 2021, eq. 12), so that noise of the size of an image is all that is random.
    """

    average: Tensor
    steps: Tensor
    signal: Tensor

    def __init__(self, problem: Problem, *, width: int, sampling_steps: int, average_decay: float) -> None:
        super().__init__(problem.output_size)
        self.shape, self.sampling_steps, self.average_decay = problem.image_shape, sampling_steps, average_decay
        self.network = UNet(self.shape[0], width, 2 if min(self.shape[1:]) >= LARGE else 1)
        self.register_buffer("average", nn.utils.parameters_to_vector(self.network.parameters()).detach().clone())
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("signal", _signal(), persistent=False)

    def training_step(self, batch: Part) -> Tensor:
        """Return the squared error of the predicted noise, mean over numbers and levels (eq. 14)."""
        self._follow()
        images = batch.target
        level = torch.randint(LEVELS, (len(images),), device=images.device)
        noise = torch.randn_like(images)
        signal = self.signal[level, None, None, None]
        noisy = signal.sqrt() * images + (1 - signal).sqrt() * noise
        return mse_loss(self.network(noisy, level / LEVELS), noise)

    def decode(self, z: Tensor) -> Tensor:
        """Map noise (n, channels × height × width) to images (n, channels, height, width) in [-1, 1]."""
        weights, x = self._averaged(), z.reshape(-1, *self.shape)
        levels = torch.linspace(LEVELS - 1, 0, self.sampling_steps, device=z.device).round().long()
        signals = torch.cat([self.signal[levels], torch.ones(1, device=z.device)])
        for level, signal, following in zip(levels, signals[:-1], signals[1:], strict=True):
            noise = functional_call(self.network, weights, (x, (level / LEVELS).expand(len(x))))
            image = ((x - (1 - signal).sqrt() * noise) / signal.sqrt()).clamp(-1, 1)
            # What the image is not, after it was brought within its bounds, is noise.
            noise = (x - signal.sqrt() * image) / (1 - signal).sqrt()
            x = following.sqrt() * image + (1 - following).sqrt() * noise
        return x

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the weights that the last step left."""
        step = int(self.steps)
        decay = min(self.average_decay, (1 + step) / (FIRST_STEPS + step))
        self.average.lerp_(nn.utils.parameters_to_vector(self.network.parameters()), 1 - decay)
        self.steps += 1

    def _averaged(self) -> dict[str, Tensor]:
        """Return the average as the network's parameters, by name."""
        named = dict(self.network.named_parameters())
        pieces = torch.split(self.average, [parameter.numel() for parameter in named.values()])
        return {name: piece.view_as(like) for (name, like), piece in zip(named.items(), pieces, strict=True)}


def _signal() -> Tensor:
    """Return which share of the variance is the image's at each level, (1000,), from nearly 1 to nearly 0."""
    progress = torch.arange(1, LEVELS + 1, dtype=torch.float64) / LEVELS
    angles = (progress + OFFSET) / (1 + OFFSET) * math.pi / 2
    shares = (angles.cos() / math.cos(OFFSET / (1 + OFFSET) * math.pi / 2)) ** 2
    # At the last level the image would be divided by nothing.
    return shares.clamp_min(1e-5).float()
