"""What models share that draw by decoding noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from bench.errors import ContractError

__all__ = ["LatentModel"]


class LatentModel(nn.Module):
    """A network that turns standard normal noise into samples; a subclass writes `decode`.

    classes: how many there are to draw from, 0 where samples are of none. A class stands beside the noise, as one of so
    many numbers that is 1 (Mirza & Osindero, 2014, section 3.2).
    """

    def __init__(self, latent_size: int, classes: int = 0) -> None:
        super().__init__()
        self.latent_size, self.classes = latent_size, classes

    def decode(self, z: Tensor) -> Tensor:
        """Map noise and class (n, latent_size + classes) to samples (n, *input_shape) in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} must write decode")

    def noise(self, n: int) -> Tensor:
        """Draw (n, latent_size) from the standard normal distribution, on the model's device."""
        return torch.randn(n, self.latent_size, device=next(self.parameters()).device)

    def beside(self, rows: Tensor, labels: Tensor | None) -> Tensor:
        """Return rows (n, d) with the classes (n,) beside them, (n, d + classes); without any, the rows as they are."""
        if labels is None:
            return rows
        return torch.cat([rows, one_hot(labels, self.classes).to(rows.dtype)], 1)

    @torch.no_grad()
    def sample(self, n: int, condition: Tensor | None = None) -> Tensor:
        """Draw n samples, (n, *input_shape) in [-1, 1], of the classes in `condition`, (n,).

        Raises ContractError where a class is asked for and there are none, or the other way round.
        """
        if condition is not None and not self.classes:
            raise ContractError(f"{type(self).__name__} knows no classes: sample(n) without a condition")
        if condition is None and self.classes:
            raise ContractError(f"{type(self).__name__} draws from classes: sample(n, condition)")
        was_training = self.training
        # Drawing must not move the running statistics of batch normalisation.
        self.eval()
        samples = self.decode(self.beside(self.noise(n), condition))
        self.train(was_training)
        return samples
