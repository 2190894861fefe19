"""Gated recurrent units: two gates decide how much of the state is kept and how much of it is read."""

from __future__ import annotations

from torch import nn

from bench_deep.recurrent import Recurrent

__all__ = ["GRU"]


class GRU(Recurrent):
    """An update gate and a reset gate for each unit (Cho et al., 2014, eq. 5 to 8)."""

    kind = nn.GRU
