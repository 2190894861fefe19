"""What models share that draw by decoding noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.errors import ContractError

__all__ = ["LatentModel"]


class LatentModel(nn.Module):
    """A network that turns standard normal noise into samples; a subclass writes `decode`."""

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        self.latent_size = latent_size

    def decode(self, z: Tensor) -> Tensor:
        """Map noise (n, latent_size) to samples (n, *input_shape) in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} must write decode")

    def noise(self, n: int) -> Tensor:
        """Draw (n, latent_size) from the standard normal distribution, on the model's device."""
        return torch.randn(n, self.latent_size, device=next(self.parameters()).device)

    @torch.no_grad()
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        """Draw n samples, (n, *input_shape) in [-1, 1]; raises ContractError where a class is asked for."""
        if condition is not None:
            raise ContractError(f"{type(self).__name__} knows no classes: sample(n) without a condition")
        was_training = self.training
        # Drawing must not move the running statistics of batch normalisation.
        self.eval()
        samples = self.decode(self.noise(n))
        self.train(was_training)
        return samples
