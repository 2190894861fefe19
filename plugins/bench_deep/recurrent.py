"""What RNN, LSTM and GRU share: steps in, a state that is carried on, an answer from the last state or from each."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bench.errors import ContractError
from bench.layers import EmbedSteps
from bench.model import Problem
from bench_deep.steps import Readout, is_stepwise, last_steps

__all__ = ["Direction", "Recurrent"]

Direction = Literal["forward", "both"]


class Recurrent(nn.Module):
    """`layers` recurrent layers of `width` units over the steps of a sequence, dropout between them, then linear.

    direction: `forward`, or `both`: a second state is carried from the end to the beginning. The answer for a whole
    sequence is read off the last state of each direction. An answer at each step is made from the steps up to it, so
    that whoever is asked for the next token does not see it, and `both` is refused there.
    """

    kind: ClassVar[type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]]

    def __init__(self, problem: Problem, *, layers: int, width: int, direction: Direction, dropout: float) -> None:
        super().__init__()
        if direction not in get_args(Direction):
            raise ContractError(f"direction = {direction!r} is neither 'forward' nor 'both'")
        self.goes_back = direction == "both"
        if self.goes_back and is_stepwise(problem):
            raise ContractError(
                "direction = 'both' would see the steps after the one that is asked about; use 'forward' where an "
                "answer is asked at each step"
            )
        self.embed = EmbedSteps(problem.given, width)
        self.recurrent = self.kind(
            self.embed.width,
            width,
            layers,
            batch_first=True,
            bidirectional=self.goes_back,
            dropout=dropout if layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        self.readout = Readout(problem, width * (2 if self.goes_back else 1))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map (n, length, channels) or tokens (n, length) to (n, *output_shape), or to (n, length, size)."""
        steps = self.embed(x)
        if self.goes_back:
            states = self._both(steps, lengths)
        else:
            # What follows a sample's last step cannot change its states up to there, so padding may stay.
            states = self.recurrent(steps)[0]
            if not self.readout.is_stepwise:
                states = last_steps(states, lengths)
        answer: Tensor = self.readout(self.dropout(states))
        return answer

    def _both(self, steps: Tensor, lengths: Tensor | None) -> Tensor:
        """Return (n, 2 · width): where each direction ended, at the last step and at the first."""
        if lengths is None:
            states = self.recurrent(steps)[0]
        else:
            packed = pack_padded_sequence(steps, lengths.cpu(), batch_first=True, enforce_sorted=False)
            states = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)[0]
        width = states.shape[-1] // 2
        return torch.cat([last_steps(states[..., :width], lengths), states[:, 0, width:]], 1)
