"""The loss that follows from what must be produced."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench.spaces import Space

__all__ = ["loss_between"]


def loss_between(problem: Problem) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss of a network's output against y, mean over the batch: (output, y) → scalar.

    Classes and tokens: cross-entropy of logits (n, …, size) against (n, …), -1 not counted. Values: squared error,
    NaN not counted. Columns with categories: both, each column counting alike. A model that samples, scores or assigns
    brings its own loss.
    """
    if problem.answer != "predict":
        return _none
    space = problem.wanted
    if space.kind == "index":
        return _tokens if space.axes or space.missing else _classes
    if any(space.levels):
        return lambda output, y: _columns(space, output, y)
    return _gapped if space.missing or space.ragged else _squares


def _none(output: Tensor, y: Tensor) -> Tensor:
    raise ContractError("a network that is not asked to predict trains itself: give it a training_step(batch)")


def _classes(output: Tensor, y: Tensor) -> Tensor:
    # `from torch.nn.functional import …` would take a microsecond in every training step.
    return torch.nn.functional.cross_entropy(output, y)


def _tokens(output: Tensor, y: Tensor) -> Tensor:
    wanted = y.flatten()
    total = torch.nn.functional.cross_entropy(output.flatten(0, -2), wanted, ignore_index=-1, reduction="sum")
    # Where nothing of a batch is asked the mean would be NaN, and one such batch the end of training.
    return total / (wanted >= 0).sum().clamp_min(1)


def _squares(output: Tensor, y: Tensor) -> Tensor:
    return torch.nn.functional.mse_loss(output, y)


def _gapped(output: Tensor, y: Tensor) -> Tensor:
    is_asked = ~y.isnan()
    # The gap itself must not enter the difference: NaN times zero is NaN, in the gradient too.
    errors = torch.where(is_asked, output - y.nan_to_num(), 0.0)
    return (errors**2).sum() / is_asked.sum().clamp_min(1)


def _columns(space: Space, output: Tensor, y: Tensor) -> Tensor:
    losses, place = [], 0
    for column, level in enumerate(space.levels):
        width = max(1, level)
        wanted, given = y[:, column], output[:, place : place + width]
        place += width
        if level:
            codes = wanted.nan_to_num(-1.0).long()
            total = torch.nn.functional.cross_entropy(given, codes, ignore_index=-1, reduction="sum")
            losses.append(total / (codes >= 0).sum().clamp_min(1))
        else:
            losses.append(_gapped(given.squeeze(1), wanted))
    return torch.stack(losses).mean()
