"""A Transformer: every step attends to every other, or to those before it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bench.errors import ContractError
from bench.layers import EmbedSteps
from bench.model import Problem
from bench_deep.steps import Readout, within

__all__ = ["Transformer", "positions"]

# As in the paper: wavelengths from 2π to 10,000 · 2π.
LONGEST_WAVE = 10_000.0


def positions(length: int, width: int, device: torch.device | None = None) -> Tensor:
    """Return (length, width) sines and cosines that tell a place (Vaswani et al., 2017, section 3.5)."""
    places = torch.arange(length, device=device)[:, None]
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(LONGEST_WAVE) / width))
    found = torch.empty(length, width, device=device)
    found[:, 0::2], found[:, 1::2] = torch.sin(places * rates), torch.cos(places * rates)
    return found


class Transformer(nn.Module):
    """Steps with their positions, `layers` of attention and a network of `4 · width`, each normalised first, linear.

    The answer for a whole sequence is read off the mean of its steps; padding is neither attended to nor averaged.
    Where an answer is asked at each step, a step attends to those up to it alone (a decoder without an encoder), so
    that whoever is asked for the next token does not see it.
    """

    def __init__(self, problem: Problem, *, layers: int, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        if width % (2 * heads):
            raise ContractError(f"width = {width} cannot be shared by {heads} heads: take a multiple of {2 * heads}")
        self.embed = EmbedSteps(problem.given, width)
        self.project = nn.Linear(self.embed.width, width)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.readout = Readout(problem, width)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map (n, length, channels) or tokens (n, length) to (n, *output_shape), or to (n, length, size)."""
        steps = self.project(self.embed(x))
        steps = steps + positions(steps.shape[1], steps.shape[2], steps.device)
        if self.readout.is_stepwise:
            later = nn.Transformer.generate_square_subsequent_mask(steps.shape[1], device=steps.device)
            states = self.encoder(steps, mask=later, is_causal=True)
        elif lengths is None:
            states = self.encoder(steps).mean(1)
        else:
            known = within(steps, lengths)
            states = self.encoder(steps, src_key_padding_mask=~known)
            states = torch.where(known[..., None], states, 0.0).sum(1) / lengths[:, None]
        answer: Tensor = self.readout(states)
        return answer
