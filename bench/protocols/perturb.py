"""What protocols do to training data: smaller, noisier, shuffled; each drawn from the run's seed alone."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from bench.errors import NotApplicable
from bench.spaces import Space
from bench.tasks.base import Part

__all__ = ["first_samples", "new_order", "shuffle_inputs", "told_size", "with_label_noise"]


def first_samples(part: Part, size: int, seed: int) -> Part:
    """Return `size` samples, each class (or stratum) as often as in the whole; a smaller set is part of a larger one.

    Samples are ordered by how far through its own class each one stands (in shuffled order), which keeps every
    prefix balanced. Of samples in the order of time it is the last ones, since neighbours overlap. Returns the whole
    part where it has no more than `size`.
    """
    if size >= len(part):
        return part
    if part.is_ordered:
        return part.take(slice(len(part) - size, len(part)))
    labels = part.layers()
    generator = torch.Generator().manual_seed(seed)
    position = torch.empty(len(part), dtype=torch.float64)
    for label in torch.unique(labels):
        members = (labels == label).nonzero().squeeze(1)
        shuffled = members[torch.randperm(len(members), generator=generator)]
        position[shuffled] = (torch.arange(len(members), dtype=torch.float64) + 0.5) / len(members)
    chosen = position.argsort(stable=True)[:size]
    return part.take(chosen.to(part.device))


def told_size(part: Part, asked: int) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return how many samples there were to train on, for a record's details, and a note where more were asked for."""
    note = f"training_size {asked:,} is more than there is: all {len(part):,} samples were used"
    return {"training_samples": len(part)}, ((note,) if len(part) < asked else ())


def with_label_noise(part: Part, share: float, space: Space | None, seed: int) -> Part:
    """Give a share of the samples another label, drawn evenly from the wrong ones (symmetric noise).

    Source: Zhang et al., 2017, "Understanding deep learning requires rethinking generalization", section 2.1,
    where the drawn label may also be the true one. Raises NotApplicable where the target, of this space, is no class.
    """
    if part.y is None or space is None or space.kind != "index" or space.axes:
        raise NotApplicable(f"label noise needs classes to mistake for each other; got {space or 'no target'}")
    generator = torch.Generator().manual_seed(seed)
    noisy = torch.randperm(len(part), generator=generator)[: round(share * len(part))]
    classes = space.size or 1
    step = torch.randint(1, classes, (len(noisy),), generator=generator)
    labels = part.y.cpu().clone()
    labels[noisy] = (labels[noisy] + step) % classes
    return replace(part, y=labels.to(part.y.device))


def new_order(count: int, seed: int) -> Tensor:
    """Return the order, (count,) int64, that a seed puts positions in."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def shuffle_inputs(x: Tensor, axes: str, seed: int) -> Tensor:
    """Put the positions of every sample in one new order: pixels of an image, steps of a series, columns of a table.

    x: (n, …), axes: those of a sample. The channels of a pixel or a step stay together. What single positions tell
    stays; what neighbours tell is lost.
    """
    place = axes.find("c") if len(axes) > 1 else -1
    channels_first = x[:, None] if place < 0 else x.movedim(place + 1, 1)
    flat = channels_first.flatten(2)
    found = flat[..., new_order(flat.shape[2], seed).to(x.device)].reshape(channels_first.shape)
    return found[:, 0] if place < 0 else found.movedim(1, place + 1).contiguous()
