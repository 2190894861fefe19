"""The Wasserstein generative adversarial network with a gradient penalty, of linear layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.model import Problem
from bench.tasks.base import Part
from bench_generative.adversarial import Adversarial, step

__all__ = ["WGANGP"]

# No momentum: the critic's loss moves with each step of the generator (Gulrajani et al., 2017, algorithm 1).
BETAS = (0.0, 0.9)


class WGANGP(Adversarial):
    """A critic whose slope is held near one, in place of a discriminator (Gulrajani et al., 2017).

    The layers are those of `gan` without dropout, so that the loss is what differs. Each training step is one of the
    critic, on a new batch, and every `critic_steps`-th one of the generator as well.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        latent_size: int,
        width: int,
        learning_rate: float,
        critic_steps: int,
        penalty: float,
    ) -> None:
        generator = nn.Sequential(
            *_layers(latent_size, width, 2 * width),
            nn.Linear(2 * width, problem.output_size),
            nn.Tanh(),
            nn.Unflatten(1, problem.output_shape),
        )
        critic = nn.Sequential(nn.Flatten(), *_layers(problem.output_size, 2 * width, width), nn.Linear(width, 1))
        super().__init__(generator, critic, latent_size=latent_size, learning_rate=learning_rate, betas=BETAS)
        self.critic_steps, self.penalty = critic_steps, penalty
        self.steps_since_generator = 0

    def training_step(self, batch: Part) -> dict[str, Tensor]:
        """Step the critic, and the generator where it is due; return the critic's loss, and the generator's there."""
        with torch.no_grad():
            fake = self.decode(self.noise(len(batch)))
        loss = (self(fake) - self(batch.target)).mean() + self.penalty * self.slope_error(batch.target, fake)
        step(self.discriminator_steps, loss)
        self.steps_since_generator += 1
        if self.steps_since_generator < self.critic_steps:
            return {"discriminator": loss.detach()}
        self.steps_since_generator = 0
        generator_loss = -self(self.decode(self.noise(len(batch)))).mean()
        step(self.generator_steps, generator_loss)
        return {"discriminator": loss.detach(), "generator": generator_loss.detach()}

    def slope_error(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean of (‖∇D(x)‖ - 1)² at points between real and fake samples (n, *shape) (eq. 3)."""
        shares = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
        between = (shares * real + (1 - shares) * fake).requires_grad_()
        (slopes,) = torch.autograd.grad(self(between).sum(), between, create_graph=True)
        error: Tensor = (slopes.flatten(1).norm(dim=1) - 1) ** 2
        return error.mean()


def _layers(inputs: int, first: int, second: int) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, first), nn.LeakyReLU(0.2), nn.Linear(first, second), nn.LeakyReLU(0.2)
