"""An autoencoder, and k-means among its codes."""

from __future__ import annotations

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench.tasks.base import Part
from bench_deep.autoencoder import Autoencoder

__all__ = ["AutoencoderKMeans"]

# Beginnings of k-means, the best of which is kept.
BEGINNINGS = 10


class AutoencoderKMeans(Autoencoder):
    """Learns a code that samples can be reproduced from; centres are found among the codes when training is over."""

    def __init__(self, problem: Problem, *, latent_size: int, width: int) -> None:
        super().__init__(problem, latent_size=latent_size, width=width)
        self.clusters = problem.classes
        # Until they are found, every sample is nearest to the first.
        self.register_buffer("centres", torch.zeros(self.clusters, self.code_size))

    def finish(self, part: Part) -> None:
        """Find the centres among the codes of the training part, on the training clock."""
        if part.x is None:
            raise ContractError("an autoencoder needs samples to put into clusters; got none")
        with torch.no_grad():
            codes = self.encoder(part.x.flatten(1))
        found = KMeans(self.clusters, n_init=BEGINNINGS).fit(codes.cpu().numpy()).cluster_centers_
        self.get_buffer("centres").copy_(torch.as_tensor(found))

    def assign(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to the nearest centre of each, (n,) int64."""
        return torch.cdist(self.encoder(x.flatten(1)), self.get_buffer("centres")).argmin(1)
