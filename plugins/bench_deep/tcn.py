"""A temporal convolutional network: each step sees itself and what went before, further back in each block."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from bench.layers import EmbedSteps
from bench.model import Problem
from bench_deep.steps import Readout, last_steps

__all__ = ["TCN", "blocks_for"]

# How far back a network sees where the length is not known before the vocabulary is fitted, as with texts.
UNKNOWN_LENGTH = 256


def blocks_for(length: int, kernel: int) -> int:
    """Return how many blocks it takes until the last step sees the first.

    Block i has two convolutions of dilation 2^i, so that b blocks see 1 + 2 (kernel - 1) (2^b - 1) steps.
    """
    return max(1, math.ceil(math.log2((length - 1) / (2 * (kernel - 1)) + 1)))


class CausalConvolution(nn.Module):
    """A dilated convolution in which no step sees a later one: padded on the left alone."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.pad = nn.ZeroPad1d(((kernel - 1) * dilation, 0))
        self.convolution = weight_norm(nn.Conv1d(inputs, outputs, kernel, dilation=dilation))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, length) to (n, outputs, length)."""
        found: Tensor = self.convolution(self.pad(x))
        return found


class Block(nn.Module):
    """Twice a causal convolution, ReLU and dropout, beside a shortcut (Bai et al., 2018, fig. 1b)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            CausalConvolution(inputs, outputs, kernel, dilation),
            nn.ReLU(),
            nn.Dropout(dropout),
            CausalConvolution(outputs, outputs, kernel, dilation),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.shortcut: nn.Module = nn.Identity() if inputs == outputs else nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, length) to (n, outputs, length)."""
        found: Tensor = (self.residual(x) + self.shortcut(x)).relu()
        return found


class TCN(nn.Module):
    """Blocks of causal convolutions, as many as the length of the sequences takes, then linear (Bai et al., 2018).

    The answer for a whole sequence is read off its last step, an answer at each step off that step.
    """

    def __init__(self, problem: Problem, *, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.embed = EmbedSteps(problem.given, width)
        blocks = blocks_for(problem.given.shape[0] or UNKNOWN_LENGTH, kernel)
        inputs = [self.embed.width, *[width] * (blocks - 1)]
        self.blocks = nn.Sequential(
            *(Block(size, width, kernel, 2**place, dropout) for place, size in enumerate(inputs))
        )
        self.readout = Readout(problem, width)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map (n, length, channels) or tokens (n, length) to (n, *output_shape), or to (n, length, size)."""
        states = self.blocks(self.embed(x).transpose(1, 2)).transpose(1, 2)
        answer: Tensor = self.readout(states if self.readout.is_stepwise else last_steps(states, lengths))
        return answer
