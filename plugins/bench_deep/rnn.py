"""The plain recurrent network of Elman: each state follows from the step and the state before it."""

from __future__ import annotations

from torch import nn

from bench_deep.recurrent import Recurrent

__all__ = ["RNN"]


class RNN(Recurrent):
    """h_t = tanh(W x_t + U h_{t-1} + b) (Elman, 1990)."""

    kind = nn.RNN
