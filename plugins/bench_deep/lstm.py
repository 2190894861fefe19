"""Long short-term memory: a cell beside the state, which gates write, keep and read."""

from __future__ import annotations

import torch
from torch import nn

from bench.model import Problem
from bench_deep.recurrent import Direction, Recurrent

__all__ = ["LSTM"]


class LSTM(Recurrent):
    """Input, forget and output gate for each cell (Hochreiter and Schmidhuber, 1997; forget gates: Gers et al., 2000).

    The bias of the forget gate begins at one, so that a cell keeps what it holds until it learns otherwise
    (Jozefowicz et al., 2015, section 2.2).
    """

    kind = nn.LSTM

    def __init__(self, problem: Problem, *, layers: int, width: int, direction: Direction, dropout: float) -> None:
        super().__init__(problem, layers=layers, width=width, direction=direction, dropout=dropout)
        for name, parameter in self.recurrent.named_parameters():
            if name.startswith("bias"):
                # torch adds two biases, and keeps the gates in the order input, forget, cell, output.
                with torch.no_grad():
                    parameter[width : 2 * width] = 1.0 if name.startswith("bias_ih") else 0.0
