"""Densities of grey levels are probabilities, see only what came before, and draw what they say."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench.plugins import discover
from bench.spaces import Space
from bench.specs import resolve
from bench.tasks.base import Part
from bench_generative.grey_levels import (
    LogisticMixture,
    Softmax,
    log_exponential,
    log_logistic,
    to_levels,
    to_values,
)

MODELS = ("made", "pixelcnn")
DISTRIBUTIONS = ("softmax", "logistic-mixture")
CLASSES = Space(kind="index", size=3, names=("a", "b", "c"))


def build(name: str, sides: tuple[int, int], answer: str = "sample", *, told: bool = False, **settings: Any) -> Any:
    images = Space("chw", (1, *sides), bounds=(-1.0, 1.0))
    given, wanted = (images, CLASSES) if answer == "predict" else (CLASSES if told else None, images)
    spec = discover().models[name].spec
    torch.manual_seed(0)
    values = {**spec.defaults(), "width": 16, **settings}
    model = resolve(spec.target)(Problem("toy", "toy", 96, answer, given, wanted), **values)
    # Far from where it begins, where many weights are alike.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return model


def every_image(levels: int, sides: tuple[int, int] = (2, 2)) -> Tensor:
    values = to_values(torch.arange(levels), levels).tolist()
    return torch.tensor(list(itertools.product(values, repeat=math.prod(sides)))).view(-1, 1, *sides)


# --- levels -------------------------------------------------------------------------------------------------------


@given(levels=st.integers(2, 300), seed=st.integers(0, 99), spread=st.floats(0.1, 30))
@settings(max_examples=30)
def test_the_probabilities_of_all_levels_sum_to_one(levels: int, seed: int, spread: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    index = torch.arange(levels)
    for law in (Softmax(levels), LogisticMixture(levels)):
        said = spread * torch.randn(law.outputs, generator=generator)
        total = law.log_probability(said.expand(levels, -1), index).double().exp().sum()
        assert float(total) == pytest.approx(1, abs=1e-4)
    logit = spread * torch.randn((), generator=generator)
    assert float(log_exponential(index, logit, levels).double().exp().sum()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("logit", [-30.0, -2.0, 0.0, 0.5, 8.0])
def test_a_continuous_bernoulli_gives_a_level_what_its_density_gives_the_interval(logit: float) -> None:
    edges = np.linspace(0, 1, 9)
    whole = edges if logit == 0 else np.expm1(logit * edges) / np.expm1(logit)
    found = log_exponential(torch.arange(8), torch.tensor(logit), 8).exp().numpy()
    np.testing.assert_allclose(found, np.diff(whole), rtol=1e-3, atol=1e-7)


def test_a_logistic_gives_a_level_what_its_distribution_function_says() -> None:
    mean, scale, levels = 0.3, 0.2, 5
    edges = 1 / (1 + np.exp(-(np.array([-0.75, -0.25, 0.25, 0.75]) - mean) / scale))
    expected = np.diff(np.concatenate([[0], edges, [1]]))
    found = log_logistic(torch.arange(levels), torch.tensor(mean), torch.tensor(math.log(scale)), levels)
    np.testing.assert_allclose(found.exp().numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", [Softmax, LogisticMixture])
def test_levels_are_drawn_as_often_as_they_are_probable(kind: Any) -> None:
    torch.manual_seed(0)
    law = kind(6)
    said = torch.randn(law.outputs)
    expected = law.log_probability(said.expand(6, -1), torch.arange(6)).exp().numpy()
    drawn = law.draw(said.expand(40_000, -1))
    np.testing.assert_allclose(np.bincount(drawn.numpy(), minlength=6) / 40_000, expected, atol=0.01)


@pytest.mark.parametrize("levels", [2, 17, 256])
def test_levels_and_the_values_they_stand_for_are_one(levels: int) -> None:
    index = torch.arange(levels)
    assert to_levels(to_values(index, levels), levels).equal(index)
    assert to_values(index, levels)[[0, -1]].tolist() == [-1.0, 1.0]


# --- densities ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("levels", [2, 3])
def test_the_probabilities_of_all_images_sum_to_one(name: str, distribution: str, levels: int, told: bool) -> None:
    model = build(name, (2, 2), told=told, levels=levels, distribution=distribution)
    images = every_image(levels)
    for label in (0, 2) if told else (None,):
        classes = None if label is None else torch.full((len(images),), label)
        with torch.no_grad():
            total = model.log_probability(images, classes).double().exp().sum()
        assert float(total) == pytest.approx(1, abs=1e-5)


@given(name=st.sampled_from(MODELS), height=st.integers(1, 5), width=st.integers(1, 5), data=st.data())
@settings(max_examples=25)
def test_what_is_said_of_a_number_depends_on_all_before_it_and_on_nothing_else(
    name: str, height: int, width: int, data: st.DataObject
) -> None:
    model = build(name, (height, width), told=True, width=64)
    place = data.draw(st.integers(0, height * width - 1))
    # Several, since a rectifier may be shut for one of them.
    images = torch.rand(16, 1, height, width, generator=torch.Generator().manual_seed(place)) * 2 - 1
    others = images.clone()
    others.view(16, -1)[:, place] += 0.5
    labels = torch.eye(3)[torch.arange(16) % 3]
    with torch.no_grad():
        one, two = (model.said(each, labels) for each in (images, others))
    assert one[:, : place + 1].equal(two[:, : place + 1])
    after = (one != two).any(2).any(0).nonzero().flatten().tolist()
    # A few layers of narrow convolutions do not reach every number, but the next one.
    if place % width < width - 1:
        assert place + 1 in after
    if name == "made":
        assert after == list(range(place + 1, height * width))


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_drawing_number_by_number_says_what_the_whole_image_says(name: str, told: bool) -> None:
    """What is computed for one number after the other, and kept, is what one pass over the drawn image gives."""
    model, said = build(name, (4, 5), told=told), []

    class Listens(LogisticMixture):
        def draw(self, given: Tensor) -> Tensor:
            said.append(given)
            return super().draw(given)

    model.distribution = Listens(256)
    labels = torch.tensor([0, 1, 2]) if told else None
    drawn = model.sample(3, labels)
    with torch.no_grad():
        whole = model.said(drawn, None if labels is None else torch.eye(3)[labels])
    torch.testing.assert_close(torch.stack(said, 1), whole, atol=1e-4, rtol=1e-4)
    assert float(drawn.abs().max()) <= 1


@pytest.mark.parametrize("name", MODELS)
def test_images_are_drawn_as_often_as_they_are_probable(name: str) -> None:
    model = build(name, (2, 2), levels=2, distribution="softmax")
    images = every_image(2)
    with torch.no_grad():
        expected = model.log_probability(images).exp().numpy()
    drawn = model.sample(20_000).flatten(1)
    places = ((drawn > 0).long() @ torch.tensor([8, 4, 2, 1])).numpy()
    np.testing.assert_allclose(np.bincount(places, minlength=16) / 20_000, expected, atol=0.015)


@pytest.mark.parametrize("name", MODELS)
def test_the_class_of_an_image_is_told_by_bayes_rule(name: str) -> None:
    model = build(name, (2, 2), "predict", levels=3)
    images = every_image(3)
    with torch.no_grad():
        logits = model(images)
        joint = torch.stack([model.log_probability(images, torch.full((81,), each)) for each in range(3)], 1)
        shares = (joint + model.log_shares.log_softmax(0)).softmax(1)
        torch.testing.assert_close(logits.softmax(1), shares)
        # All images of all classes together are one distribution again.
        assert float(logits.double().exp().sum()) == pytest.approx(1, abs=1e-5)
    loss = model.training_step(Part(images, torch.arange(81) % 3)).detach()
    right = logits[torch.arange(81), torch.arange(81) % 3]
    assert float(loss) == pytest.approx(-float(right.mean()) / (4 * math.log(2)), rel=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_classes_are_asked_for_where_there_are_some_and_nowhere_else(name: str) -> None:
    with pytest.raises(ContractError, match="knows no classes"):
        build(name, (2, 2)).sample(1, torch.tensor([0]))
    with pytest.raises(ContractError, match="draws from classes"):
        build(name, (2, 2), told=True).sample(1)
    with pytest.raises(ContractError, match="names no classes"):
        build(name, (2, 2))(torch.zeros(1, 1, 2, 2))


@pytest.mark.parametrize("name", MODELS)
def test_images_without_bounds_have_no_levels(name: str) -> None:
    spec = discover().models[name].spec
    problem = Problem("toy", "toy", 96, "predict", Space("chw", (1, 2, 2)), CLASSES)
    with pytest.raises(ContractError, match="needs their bounds"):
        resolve(spec.target)(problem, **spec.defaults())


def test_images_of_several_channels_are_refused_where_rows_are_read() -> None:
    colour = Space("chw", (3, 8, 8), bounds=(-1.0, 1.0))
    (_, drawing, naming) = discover().models["pixelcnn"].spec.roles
    assert drawing.complaint(CLASSES, colour) == "gives images of one channel; got images of 3 × 8 × 8"
    assert naming.complaint(colour, CLASSES) == "takes images of one channel; got images of 3 × 8 × 8"
    assert all(not role.complaint(None, colour) for role in discover().models["made"].spec.roles[:1])


# --- variational bounds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("likelihood", ["bernoulli", "logistic"])
@pytest.mark.parametrize("name", ["vae", "cvae"])
def test_the_bound_of_a_variational_autoencoder_is_one(name: str, likelihood: str) -> None:
    """Against the probability itself, by a sum over a grid of all codes: a code has one number here."""
    told = name == "cvae"
    images = Space("chw", (1, 1, 2), bounds=(-1.0, 1.0))
    spec = discover().models[name].spec
    torch.manual_seed(0)
    values = {**spec.defaults(), "latent_size": 1, "width": 16, "likelihood": likelihood}
    model = resolve(spec.target)(Problem("toy", "toy", 96, "sample", CLASSES if told else None, images), **values)
    y = to_values(torch.randint(256, (30, 1, 1, 2)), 256)
    labels = torch.arange(30) % 3 if told else None
    grid = torch.linspace(-6, 6, 400)[:, None]
    with torch.no_grad():
        bounds = torch.stack([model.log_probability_bound(y, labels) for _ in range(300)]).mean(0)
        for image, bound, label in zip(y, bounds, labels if told else [None] * 30, strict=True):
            z = model.beside(grid, None if label is None else label.expand(400))
            index = to_levels(image, 256).expand(400, -1, -1, -1)
            if likelihood == "logistic":
                inner = log_logistic(index, 2 * model.decoder(z).sigmoid() - 1, model.log_scales, 256)
            else:
                inner = log_exponential(index, model.decoder(z), 256)
            prior = -0.5 * (grid**2 + math.log(2 * math.pi)).squeeze(1)
            exact = (inner.flatten(1).sum(1) + prior).logsumexp(0) + math.log(12 / 399)
            assert float(exact) - 1.5 < float(bound) <= float(exact) + 0.01


def test_beta_weighs_the_divergence_alone() -> None:
    images = Space("chw", (1, 2, 3), bounds=(-1.0, 1.0))
    spec, losses = discover().models["vae"].spec, []
    batch = Part(y=torch.rand(8, 1, 2, 3) * 2 - 1)
    for beta in (0.0, 1.0, 4.0):
        torch.manual_seed(0)
        problem = Problem("toy", "toy", 96, "sample", None, images)
        model = resolve(spec.target)(problem, **{**spec.defaults(), "beta": beta})
        torch.manual_seed(1)
        losses.append(float(model.training_step(batch).detach()))
    assert losses[2] - losses[0] == pytest.approx(4 * (losses[1] - losses[0]), rel=1e-3)
    assert losses[1] > losses[0]
