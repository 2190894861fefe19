"""The generators that are trained step by step do what their papers say."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bench.errors import ContractError
from bench.model import Problem
from bench.plugins import discover
from bench.spaces import Space
from bench.specs import resolve
from bench.tasks.base import Part


def drawing(*shape: int) -> Problem:
    return Problem("image-generation", "toy", 96, "sample", None, Space("chw", shape, bounds=(-1.0, 1.0)))


def build(name: str, *shape: int, **hyperparameters: Any) -> Any:
    spec = discover().models[name].spec
    torch.manual_seed(0)
    return resolve(spec.target)(drawing(*(shape or (1, 8, 8))), **{**spec.defaults(), **hyperparameters})


def images(n: int = 16, side: int = 8) -> Part:
    generator = torch.Generator().manual_seed(7)
    return Part(y=torch.tanh(torch.randn(n, 1, side, side, generator=generator)))


@pytest.mark.parametrize("name", ["ddpm", "wgan-gp"])
def test_drawing_leaves_a_model_in_training_as_it_was(name: str) -> None:
    model = build(name, width=8).train()
    model.training_step(images())
    before = {key: value.clone() for key, value in model.state_dict().items()}
    assert model.sample(4).shape == (4, 1, 8, 8)
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    with pytest.raises(ContractError, match="knows no classes"):
        model.sample(2, torch.tensor([0, 1]))


# --- diffusion ----------------------------------------------------------------------------------------------------


def test_the_levels_of_noise_rise_from_next_to_nothing_to_nearly_all() -> None:
    signal = build("ddpm", width=8).signal
    assert len(signal) == 1000
    assert bool((signal.diff() <= 0).all())
    assert float(signal[0]) > 0.9999
    assert float(signal[-1]) < 1e-4


def test_before_it_has_learnt_anything_it_predicts_no_noise() -> None:
    torch.manual_seed(0)
    assert build("ddpm", width=8).training_step(images(256)).item() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("sampling_steps", [1, 5, 50])
def test_whoever_knows_the_noise_draws_the_image(sampling_steps: int) -> None:
    """A network that knows the only image there is: every path of DDIM ends there."""
    model = build("ddpm", width=8, sampling_steps=sampling_steps)
    image = images(1).target

    class Knows(nn.Module):
        def forward(self, x: Tensor, level: Tensor) -> Tensor:
            signal = model.signal[(level * 1000).round().long()][:, None, None, None]
            return (x - signal.sqrt() * image) / (1 - signal).sqrt()

    model.network, model.average = Knows(), torch.empty(0)
    torch.testing.assert_close(model.decode(torch.randn(3, 64)), image.expand(3, -1, -1, -1), atol=2e-3, rtol=0)


def test_one_noise_is_one_image_within_bounds() -> None:
    model = build("ddpm", width=8, sampling_steps=5)
    z = model.noise(3)
    with torch.no_grad():
        first, second = model.decode(z), model.decode(z)
    assert torch.equal(first, second)
    assert float(first.abs().max()) <= 1
    assert not torch.equal(first[0], first[1])


def test_samples_are_drawn_by_the_average_of_the_weights() -> None:
    model = build("ddpm", width=8, sampling_steps=3, average_decay=0.95)
    first = nn.utils.parameters_to_vector(model.network.parameters()).detach().clone()
    z = model.noise(2)
    with torch.no_grad():
        before = model.decode(z)
        for parameter in model.network.parameters():
            parameter += 1.0
        assert torch.equal(model.decode(z), before)
    model.training_step(images())
    # The first step of eleven, (1 + 0) / (10 + 0), then two.
    torch.testing.assert_close(model.average, first + 0.9)
    model.training_step(images())
    torch.testing.assert_close(model.average, first + 1 - 0.1 * 2 / 11)
    model.steps += 10_000
    model.training_step(images())
    torch.testing.assert_close(model.average, first + 1 - 0.1 * 2 / 11 * 0.95)


@pytest.mark.parametrize(("side", "inputs"), [(8, 1), (28, 4)])
def test_large_images_are_taken_two_pixels_by_two(side: int, inputs: int) -> None:
    model = build("ddpm", 1, side, side, width=8, sampling_steps=2)
    assert model.network.first.in_channels == inputs
    assert model.sample(2).shape == (2, 1, side, side)
    assert model.training_step(images(2, side)).ndim == 0


# --- adversaries --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "expected"), [("non-saturating", math.log(2)), ("minimax", -math.log(2))])
def test_the_loss_of_the_generator_is_the_one_that_was_asked_for(loss: str, expected: float) -> None:
    model = build("gan", width=16, loss=loss, learning_rate=1e-5)
    last = model.discriminator[-1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    assert float(model.training_step(images())["generator"]) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("loss", ["non-saturating", "minimax"])
def test_either_loss_makes_the_generator_look_more_real(loss: str) -> None:
    model = build("gan", width=16, loss=loss, learning_rate=1e-2)
    for group in model.discriminator_steps.param_groups:
        group["lr"] = 0.0
    model.eval()
    torch.manual_seed(1)
    before = model(model.sample(200)).mean().item()
    for _ in range(30):
        model.training_step(images())
    torch.manual_seed(1)
    with torch.no_grad():
        assert float(model(model.sample(200)).mean()) > before


def test_the_penalty_is_that_of_the_slope() -> None:
    """A linear critic has the same slope everywhere: the length of its weights."""
    model = build("wgan-gp", width=8)
    critic = nn.Linear(64, 1)
    nn.init.constant_(critic.weight, 0.5)
    model.discriminator = nn.Sequential(nn.Flatten(), critic)
    real = images(10).target
    assert model.slope_error(real, -real).item() == pytest.approx((0.5 * 8 - 1) ** 2, rel=1e-5)


def test_the_generator_steps_after_so_many_steps_of_the_critic() -> None:
    model = build("wgan-gp", width=8, critic_steps=3)
    names, moved = [], []
    for _ in range(6):
        before = [parameter.detach().clone() for parameter in model.generator.parameters()]
        names.append(set(model.training_step(images())))
        after = model.generator.parameters()
        moved.append(any(not torch.equal(a, b) for a, b in zip(before, after, strict=True)))
    assert moved == [False, False, True] * 2
    assert names == [{"discriminator"}, {"discriminator"}, {"discriminator", "generator"}] * 2


def test_the_critic_learns_to_tell_real_from_drawn() -> None:
    model = build("wgan-gp", width=16, critic_steps=10_000, learning_rate=1e-3)
    for _ in range(40):
        model.training_step(images())
    with torch.no_grad():
        assert float(model(images().target).mean()) > float(model(model.sample(64)).mean()) + 0.1
