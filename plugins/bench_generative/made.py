"""The masked autoencoder for distribution estimation."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from bench.model import Problem
from bench_generative.autoregressive import Autoregressive
from bench_generative.grey_levels import to_values

__all__ = ["MADE"]


class MADE(Autoregressive):
    """Two hidden layers whose weights are masked, so that each number of an image is told from those before it alone.

    Hidden units know the first 1 … d - 1 numbers in turn, and pass on what they know to units that know as much
    (Germain et al., 2015, eq. 12 and 13), in the order of rows. A class is told to every unit and every output.
    """

    known: Tensor

    def __init__(self, problem: Problem, *, width: int, levels: int, distribution: str) -> None:
        super().__init__(problem, levels=levels, distribution=distribution)
        size = problem.input_size if self.predicts else problem.output_size
        self.register_buffer("known", torch.arange(width) % max(1, size - 1) + 1, persistent=False)
        self.first, self.second = nn.Linear(size, width), nn.Linear(width, width)
        self.last = nn.Linear(width, size * self.distribution.outputs)
        if self.classes:
            self.of_class = nn.ModuleList(
                nn.Linear(self.classes, layer.out_features, bias=False)
                for layer in (self.first, self.second, self.last)
            )

    def said(self, images: Tensor, classes: Tensor | None) -> Tensor:
        """Return what is said of each number of images (n, *shape), (n, d, outputs)."""
        first, second, last = self._masked()
        biases = self._biases(classes)
        hidden = linear(images.flatten(1), first, self.first.bias) + biases[0]
        hidden = linear(hidden.relu(), second, self.second.bias) + biases[1]
        said = linear(hidden.relu(), last, self.last.bias) + biases[2]
        return said.view(len(images), -1, self.distribution.outputs)

    def drawn(self, n: int, classes: Tensor | None) -> Tensor:
        """Draw images number by number; only what the next number needs is computed."""
        first, second, last = self._masked()
        biases = self._biases(classes)
        outputs, size = self.distribution.outputs, first.shape[1]
        images = torch.empty(n, size, device=first.device)
        hidden = (self.first.bias + biases[0]).expand(n, -1)
        for place in range(size):
            own = slice(place * outputs, (place + 1) * outputs)
            inner = linear(hidden.relu(), second, self.second.bias) + biases[1]
            of_class = biases[2] if classes is None else biases[2][:, own]
            said = linear(inner.relu(), last[own], self.last.bias[own]) + of_class
            images[:, place] = to_values(self.distribution.draw(said), self.levels)
            hidden = hidden + images[:, place, None] * first[:, place]
        return images.view(n, *self.shape)

    def _masked(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the weights of the three layers; who knows the first k numbers says nothing of these."""
        places = torch.arange(1, self.first.in_features + 1, device=self.known.device)
        is_seen = self.known[:, None] >= places
        is_passed = self.known[:, None] >= self.known
        is_said = (places[:, None] > self.known).repeat_interleave(self.distribution.outputs, 0)
        return self.first.weight * is_seen, self.second.weight * is_passed, self.last.weight * is_said

    def _biases(self, classes: Tensor | None) -> list[Tensor]:
        """Return what a class adds to the three layers, (n, width of the layer) each, zeros where none is given."""
        if classes is None:
            return [self.first.bias.new_zeros(1)] * 3
        return [layer(classes) for layer in self.of_class]
