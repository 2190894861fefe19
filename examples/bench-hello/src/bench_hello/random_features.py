"""A hidden layer that is drawn and never trained, and a linear layer that is."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bench.model import Problem

__all__ = ["RandomFeatures"]


class RandomFeatures(nn.Module):
    """cos(W x + b) with W normal and b uniform, then linear: a Gaussian kernel, approximately (Rahimi & Recht, 2007).

    length_scale: of the kernel, in units of the distance from the origin of a typical sample.
    """

    def __init__(self, problem: Problem, *, features: int, length_scale: float) -> None:
        super().__init__()
        spread = 1 / (length_scale * math.sqrt(problem.input_size))
        # Buffers, not plain attributes: they move to the GPU with the model and travel in its state_dict.
        self.register_buffer("directions", spread * torch.randn(problem.input_size, features))
        self.register_buffer("phases", 2 * math.pi * torch.rand(features))
        self.readout = nn.Linear(features, problem.classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, *input_shape) to logits (n, classes)."""
        logits: Tensor = self.readout(torch.cos(x.flatten(1) @ self.directions + self.phases))
        return logits
