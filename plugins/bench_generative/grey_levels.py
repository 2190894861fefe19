"""Probabilities of grey levels: what networks say of one number of an image, as a distribution over whole levels."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax, logsigmoid

__all__ = [
    "LevelDistribution",
    "LogisticMixture",
    "Softmax",
    "level_distribution",
    "log_exponential",
    "log_logistic",
    "to_levels",
    "to_values",
]

SMALLEST_LOG_SCALE = -7.0
SMALLEST_LOGIT = 1e-3
# Logistic noise is the logit of an even number, which may be neither 0 nor 1.
EDGE = 1e-6


def to_levels(values: Tensor, levels: int) -> Tensor:
    """Return the nearest of so many levels, int64, of values in [-1, 1]."""
    return ((values + 1) * ((levels - 1) / 2)).round().long().clamp(0, levels - 1)


def to_values(index: Tensor, levels: int) -> Tensor:
    """Return the values in [-1, 1] that levels stand for, float32."""
    return index.float() * (2 / (levels - 1)) - 1


def log_logistic(index: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    """Log of the probability that a logistic distribution gives a level, nats.

    index: int64 levels; mean, in [-1, 1] as levels are, and log_scale broadcast against it. Each level is the interval
    of values nearest to it, the outermost ones without end, so that all sum to one (Salimans et al., 2017, eq. 2).
    """
    inverse = (-log_scale.clamp_min(SMALLEST_LOG_SCALE)).exp()
    centre, half = inverse * (to_values(index, levels) - mean), inverse / (levels - 1)
    above, below = centre + half, centre - half
    # σ(a) - σ(b) = σ(a) σ(-b) (1 - exp(b - a)), which does not cancel however narrow or far away the interval is.
    inner = logsigmoid(above) + logsigmoid(-below) + torch.log(-torch.expm1(-2 * half))
    found = torch.where(index == 0, logsigmoid(above), inner)
    return torch.where(index == levels - 1, logsigmoid(-below), found)


def log_exponential(index: Tensor, logit: Tensor, levels: int) -> Tensor:
    """Log of the probability that a continuous Bernoulli distribution gives a level, nats.

    Its density on [0, 1] goes with exp(logit · x) (Loaiza-Ganem & Cunningham, 2019); level k of L is the
    interval from k / L to (k + 1) / L, so that all sum to one.
    """
    steep = logit.abs().clamp_min(SMALLEST_LOGIT)
    # Of falling densities, the mirrored level.
    place = torch.where(logit >= 0, levels - 1 - index, index)
    share = torch.log(-torch.expm1(-steep / levels)) - torch.log(-torch.expm1(-steep))
    return share - steep * place / levels


class LevelDistribution(ABC):
    """A distribution over levels; `outputs` is how many numbers a network says of each."""

    outputs: int

    def __init__(self, levels: int) -> None:
        self.levels = levels

    @abstractmethod
    def log_probability(self, said: Tensor, index: Tensor) -> Tensor:
        """Return the log-probability of levels (…), nats, from what a network said, (…, outputs)."""

    @abstractmethod
    def draw(self, said: Tensor) -> Tensor:
        """Draw a level each, (…) int64, from what a network said, (…, outputs)."""


class Softmax(LevelDistribution):
    """A probability for each level by itself (van den Oord et al., 2016, section 2.2)."""

    def __init__(self, levels: int) -> None:
        super().__init__(levels)
        self.outputs = levels

    def log_probability(self, said: Tensor, index: Tensor) -> Tensor:
        """Return the log-probability of levels (…), nats, from logits (…, levels)."""
        return -cross_entropy(said.flatten(0, -2), index.flatten(), reduction="none").view_as(index)

    def draw(self, said: Tensor) -> Tensor:
        """Draw a level each, (…) int64, from logits (…, levels)."""
        return torch.multinomial(said.flatten(0, -2).softmax(1), 1).view(said.shape[:-1])


class LogisticMixture(LevelDistribution):
    """A mixture of logistic distributions, cut into levels (Salimans et al., 2017, section 2.1)."""

    COMPONENTS: ClassVar[int] = 5

    def __init__(self, levels: int) -> None:
        super().__init__(levels)
        self.outputs = 3 * self.COMPONENTS

    def log_probability(self, said: Tensor, index: Tensor) -> Tensor:
        """Return the log-probability of levels (…), nats, from weights, means and scales (…, 3 × components)."""
        weights, means, log_scales = self._parts(said)
        each = log_logistic(index[..., None], means, log_scales, self.levels)
        return (log_softmax(weights, -1) + each).logsumexp(-1)

    def draw(self, said: Tensor) -> Tensor:
        """Draw a level each, (…) int64."""
        weights, means, log_scales = self._parts(said)
        chosen = torch.multinomial(weights.flatten(0, -2).softmax(1), 1).view(*said.shape[:-1], 1)
        mean, log_scale = (each.gather(-1, chosen).squeeze(-1) for each in (means, log_scales))
        noise = torch.rand_like(mean).clamp(EDGE, 1 - EDGE).logit()
        values = mean + log_scale.clamp_min(SMALLEST_LOG_SCALE).exp() * noise
        return to_levels(values.clamp(-1, 1), self.levels)

    def _parts(self, said: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weights, means, log_scales = said.chunk(3, -1)
        # A network that says nothing yet has its components side by side, not all in one place.
        places = torch.linspace(-1, 1, self.COMPONENTS, device=said.device)
        return weights, means + places, log_scales - math.log(2 * self.COMPONENTS)


def level_distribution(name: str, levels: int) -> LevelDistribution:
    """Return `softmax` or `logistic-mixture` over so many levels."""
    return Softmax(levels) if name == "softmax" else LogisticMixture(levels)
