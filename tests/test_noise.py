"""Disturbances of data that hold no classes, or columns of two kinds."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bench.conformity import complaint
from bench.errors import NotApplicable
from bench.model import Problem
from bench.protocols.noise import shuffled
from bench.protocols.perturb import with_label_noise
from bench.spaces import Space
from bench.tasks.data import Part, TaskData

TABLE = Space("c", (6,), names=tuple("abcdef"), levels=(0, 3, 0, 0, 2, 0))


def table(space: Space = TABLE, target: Space | None = None) -> TaskData:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 6, generator=generator)
    for column, level in enumerate(TABLE.levels):
        if level:
            x[:, column] = torch.arange(40) % level
    part = Part(x, torch.randn(40, generator=generator))
    return TaskData(Problem("t", "d", 40, "predict", space, target or Space()), part, part, part)


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_columns_take_their_categories_and_names_along(seed: int) -> None:
    data, clean = shuffled(table(), seed), table()
    assert complaint(data.problem.given, data.train.x.numpy()) == ""
    places = [clean.problem.given.names.index(name) for name in data.problem.given.names]
    assert places != sorted(places)
    assert torch.equal(data.train.x, clean.train.x[:, places])
    assert data.problem.given.levels == tuple(clean.problem.given.levels[place] for place in places)


def test_numbers_and_tokens_cannot_be_mislabelled() -> None:
    data = table()
    with pytest.raises(NotApplicable, match="label noise needs classes to mistake for each other; got a number"):
        with_label_noise(data.train, 0.2, data.problem.target, 0)
    tokens = Space("t", (4,), "index", 5)
    with pytest.raises(NotApplicable, match="tokens"):
        with_label_noise(replace(data.train, y=torch.zeros(40, 4, dtype=torch.int64)), 0.2, tokens, 0)
    with pytest.raises(NotApplicable, match="shuffled inputs need positions that hold numbers"):
        shuffled(table(tokens), 0)


@pytest.mark.parametrize(
    ("axes", "shape"), [("tc", (5, 3)), ("tc", (5, 1)), ("ct", (3, 5)), ("chw", (2, 3, 4)), ("hw", (3, 4)), ("t", (6,))]
)
def test_shuffled_positions_are_steps_and_pixels_and_keep_their_channels_together(
    axes: str, shape: tuple[int, ...]
) -> None:
    x = torch.randn(4, *shape, generator=torch.Generator().manual_seed(0))
    part = Part(x, torch.zeros(4))
    data = TaskData(Problem("t", "d", 4, "predict", Space(axes, shape), Space()), part, part, part)
    found = shuffled(data, 1).train.x
    assert found.shape == x.shape
    assert not torch.equal(found, x)
    place = axes.find("c")
    before, after = (each.movedim(place + 1, 1) if place >= 0 else each[:, None] for each in (x, found))
    # Each position of the shuffled samples, channels included, is one of the clean ones, the same for every sample.
    before, after = (each.flatten(2).movedim(2, 0).flatten(1) for each in (before, after))
    order = [(before == position).all(1).nonzero().item() for position in after]
    assert sorted(order) == list(range(len(before)))
