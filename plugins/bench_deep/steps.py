"""What sequence models share: is an answer asked of each step or of the whole, and the layer that gives it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.layers import Shaped
from bench.model import Problem

__all__ = ["Readout", "is_stepwise", "last_steps", "within"]


def is_stepwise(problem: Problem) -> bool:
    """Is an answer asked for at each step of the input, rather than one for the whole?

    So it is of targets that differ in length as the input does, and of as many tokens as the input has steps. A window
    of values is told from the whole of another: it need not lie beside it in time.
    """
    given, wanted = problem.given, problem.wanted
    if not wanted.axes.startswith("t"):
        return False
    return wanted.ragged or (wanted.kind == "index" and wanted.shape[0] == given.shape[0])


def within(x: Tensor, lengths: Tensor) -> Tensor:
    """Return (n, length) bool: which steps of x, (n, length, …), are no padding."""
    return torch.arange(x.shape[1], device=x.device) < lengths[:, None]


def last_steps(states: Tensor, lengths: Tensor | None) -> Tensor:
    """Return (n, width): of states, (n, length, width), each sample's last one that is no padding."""
    if lengths is None:
        return states[:, -1]
    return states[torch.arange(len(states), device=states.device), lengths - 1]


class Readout(nn.Module):
    """Linear, from each state or from a summary of them to what the problem asks for."""

    def __init__(self, problem: Problem, width: int) -> None:
        super().__init__()
        wanted = problem.wanted
        self.is_stepwise = is_stepwise(problem)
        if self.is_stepwise:
            # One logit for each token, one value for each channel; a series without channels has one.
            size = (wanted.size or 0) if wanted.kind == "index" else (1, *wanted.shape)[-1 if wanted.axes != "t" else 0]
            self.linear = nn.Linear(width, size or 1)
            self.is_single = wanted.kind != "index" and wanted.axes == "t"
            return
        self.linear = nn.Linear(width, problem.output_size)
        self.shaped = Shaped(wanted) if Shaped.needed(wanted) else nn.Identity()

    def forward(self, states: Tensor) -> Tensor:
        """Map (n, length, width) to (n, length, size), or a summary (n, width) to (n, *output_shape)."""
        found: Tensor = self.linear(states)
        if self.is_stepwise:
            return found.squeeze(-1) if self.is_single else found
        answer: Tensor = self.shaped(found)
        return answer
