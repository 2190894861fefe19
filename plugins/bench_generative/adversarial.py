"""How every generator is trained against a discriminator."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Adam

from bench.tasks.base import Part
from bench_generative.latent import LatentModel

__all__ = ["Adversarial"]

# β₁ = 0.5: with Adam's own 0.9 the two oscillate (Radford et al., 2016, section 4).
BETAS = (0.5, 0.999)


class Adversarial(LatentModel):
    """Two networks and their two optimizers.

    generator: (n, latent_size) → (n, *input_shape) in [-1, 1].
    discriminator: (n, *input_shape) → (n, 1), logits of being real.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, *, latent_size: int, learning_rate: float
    ) -> None:
        super().__init__(latent_size)
        self.generator, self.discriminator = generator, discriminator
        self.generator_steps = Adam(generator.parameters(), learning_rate, BETAS, fused=True)
        self.discriminator_steps = Adam(discriminator.parameters(), learning_rate, BETAS, fused=True)

    def decode(self, z: Tensor) -> Tensor:
        """Map noise (n, latent_size) to samples (n, *input_shape) in [-1, 1]."""
        samples: Tensor = self.generator(z)
        return samples

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (n, *input_shape) to logits (n, 1) of being real."""
        logits: Tensor = self.discriminator(x)
        return logits

    def training_step(self, batch: Part) -> dict[str, Tensor]:
        """Step the discriminator, then the generator; return both losses, nats per sample.

        The generator's is the one that does not saturate: -log D(G(z)) (Goodfellow et al., 2014, section 3).
        """
        fake = self.decode(self.noise(len(batch)))
        real_logits, fake_logits = self(batch.target), self(fake.detach())
        discriminator_loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        _step(self.discriminator_steps, discriminator_loss)
        generator_loss = softplus(-self(fake)).mean()
        _step(self.generator_steps, generator_loss)
        return {"discriminator": discriminator_loss.detach(), "generator": generator_loss.detach()}


def _step(optimizer: Adam, loss: Tensor) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    optimizer.zero_grad()
    # Only the optimizer's own: the other network's gradients are neither wanted nor cheap.
    torch.autograd.backward(loss, inputs=parameters)
    optimizer.step()
