"""Bits per dimension of real images: what a model that has a likelihood would need to store each of their numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import ContractError, Diverged
from bench.measure.seeds import noise_seed
from bench.metrics.samples import fixed_noise
from bench.model import is_network
from bench.tasks.data import Array, Part, TaskData

__all__ = ["bits_of"]

# So many images tell a mean to within a hundredth of its spread, and a mixture of 784 pixels takes seconds for them.
MOST_IMAGES = 2000
IMAGES_AT_ONCE = 200
LEVELS = 256


def bits_of(model: Any, data: TaskData, part: Part) -> dict[str, Array]:
    """Return the bits per dimension of images of a part, (n,) float32, and the `likelihood_levels` they count.

    Nothing of a model without a likelihood. `bits_per_dimension` of one that has `log_probability(y[, x])` of images of
    256 grey levels, or of the `levels` that it says it has. Else `bits_per_dimension_bound`, which are never less than
    those: of a model with `log_probability_bound(y[, x])`, or with a density, `log_likelihood(y[, x])`. Images are
    then spread evenly over the interval of each level, which bounds its probability (Theis et al., 2016, section 3.1).

    y: (n, *target shape) in [-1, 1]; x: what is given; all answer nats, (n,). Raises Diverged where an answer is NaN.
    """
    name, ask = _asked(model)
    if ask is None:
        return {}
    levels = int(getattr(model, "levels", LEVELS))
    with fixed_noise(noise_seed(data.seed, "likelihood")), torch.no_grad():
        if is_network(model):
            model.eval()
        found = torch.cat([ask(_leveled(batch, levels)) for batch in _batches(part)])
    if bool(found.isnan().any()):
        raise Diverged(f"{int(found.isnan().sum())} of {len(found)} likelihoods of real images are not a number")
    bits = -found / (math.log(2) * math.prod(data.problem.wanted.sizes))
    return {name: bits.float().numpy(), "likelihood_levels": np.array(levels)}


def _asked(model: Any) -> tuple[str, Callable[[Part], Tensor] | None]:
    """Return the name of what a model can tell, and the function that tells it, nats per image, (n,)."""
    for method, name in (
        ("log_probability", "bits_per_dimension"),
        ("log_probability_bound", "bits_per_dimension_bound"),
        ("log_likelihood", "bits_per_dimension_bound"),
    ):
        if callable(getattr(model, method, None)):
            return name, lambda batch, method=method: _told(model, method, batch)
    return "", None


def _told(model: Any, method: str, batch: Part) -> Tensor:
    levels = int(getattr(model, "levels", LEVELS))
    step, images = 2 / (levels - 1), batch.target
    density = method == "log_likelihood"
    if density:
        images = images + step * (torch.rand_like(images) - 0.5)
    given: tuple[Tensor, ...] = () if batch.x is None else (batch.x,)
    if not is_network(model):
        images, given = images.cpu(), tuple(each.cpu() for each in given)
    found = torch.as_tensor(getattr(model, method)(images, *given)).double().cpu()
    if found.shape != (len(batch),):
        raise ContractError(
            f"{type(model).__name__}.{method} answered {len(batch)} images with shape {tuple(found.shape)}; expected "
            "one number each"
        )
    # A density is one of an interval as wide as the step between two levels.
    return found + images[0].numel() * math.log(step) if density else found


def _leveled(batch: Part, levels: int) -> Part:
    """Return a batch whose images lie on their levels."""
    index = ((batch.target + 1) * ((levels - 1) / 2)).round()
    return Part(batch.x, index * (2 / (levels - 1)) - 1)


def _batches(part: Part) -> Iterator[Part]:
    places = torch.from_numpy(np.random.RandomState(0).permutation(len(part))[:MOST_IMAGES])
    for some in torch.split(places, IMAGES_AT_ONCE):
        yield part.take(some)
