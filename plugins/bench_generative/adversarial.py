"""How every generator is trained against a discriminator."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Adam

from bench.tasks.base import Part
from bench_generative.latent import LatentModel

__all__ = ["Adversarial", "step"]

# β₁ = 0.5: with Adam's own 0.9 the two oscillate (Radford et al., 2016, section 4).
BETAS = (0.5, 0.999)


class Adversarial(LatentModel):
    """Two networks and their two optimizers.

    generator: (n, latent_size) → (n, *input_shape) in [-1, 1].
    discriminator: (n, *input_shape) → (n, 1), logits of being real.
    classes: of those asked for, beside the noise and beside the numbers of an image; 0 for none.
    loss: what the generator is given, `non-saturating`, -log D(G(z)), or `minimax`, log(1 - D(G(z))).
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        latent_size: int,
        learning_rate: float,
        betas: tuple[float, float] = BETAS,
        loss: str = "non-saturating",
        classes: int = 0,
    ) -> None:
        super().__init__(latent_size, classes)
        self.generator, self.discriminator = generator, discriminator
        self.loss = loss
        self.generator_steps = Adam(generator.parameters(), learning_rate, betas, fused=True)
        self.discriminator_steps = Adam(discriminator.parameters(), learning_rate, betas, fused=True)

    def decode(self, z: Tensor) -> Tensor:
        """Map noise (n, latent_size) to samples (n, *input_shape) in [-1, 1]."""
        samples: Tensor = self.generator(z)
        return samples

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map samples (n, *input_shape), and their classes (n,) where there are any, to logits (n, 1) of being real."""
        logits: Tensor = self.discriminator(x if labels is None else self.beside(x.flatten(1), labels))
        return logits

    def training_step(self, batch: Part) -> dict[str, Tensor]:
        """Step the discriminator, then the generator; return both losses, nats per sample.

        In the game as it was proposed the generator's loss hardly changes where the discriminator wins, which is why
        the other one is the default (Goodfellow et al., 2014, section 3).
        """
        fake = self.decode(self.beside(self.noise(len(batch)), batch.x))
        real_logits, fake_logits = self(batch.target, batch.x), self(fake.detach(), batch.x)
        discriminator_loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        step(self.discriminator_steps, discriminator_loss)
        logits = self(fake, batch.x)
        generator_loss = (-softplus(logits) if self.loss == "minimax" else softplus(-logits)).mean()
        step(self.generator_steps, generator_loss)
        return {"discriminator": discriminator_loss.detach(), "generator": generator_loss.detach()}


def step(optimizer: Adam, loss: Tensor) -> None:
    """Take a step of one of the two networks."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    optimizer.zero_grad()
    # Only the optimizer's own: the other network's gradients are neither wanted nor cheap.
    torch.autograd.backward(loss, inputs=parameters)
    optimizer.step()
