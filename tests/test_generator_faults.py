"""Generators whose failings are known are named by them, and honest ones are not; on real digits, several seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.metrics.faults import generator_faults
from bench.model import Problem
from bench.plugins import discover
from bench.record import Score
from bench.sources import DataSource
from bench.specs import resolve
from bench.tasks.data import TaskData
from bench.tasks.image_generation import ImageGeneration, ImageGenerationSettings
from bench.testing.threads import one_thread

pytest.importorskip("sklearn", reason="needs the data extra")

SEEDS = range(3)
COPIES, REPEATS = "copies training images", "repeats few images"
Prepared = tuple[ImageGeneration, TaskData]


class Known:
    """Draws by a rule from the training images and their classes."""

    def __init__(self, rule: Callable[[Tensor, Tensor, int], Tensor]) -> None:
        self.rule = rule

    def fit(self, y: Any, strata: Any) -> None:
        """Keep them."""
        self.images, self.classes = torch.as_tensor(y), torch.as_tensor(strata)

    def sample(self, n: int) -> Tensor:
        """Draw by the rule."""
        return self.rule(self.images, self.classes, n)


def some(images: Tensor, n: int) -> Tensor:
    return images[torch.randint(len(images), (n,))]


def noisy(images: Tensor, noise: float) -> Tensor:
    return (images + noise * torch.randn(images.shape)).clamp(-1, 1)


def gaussian_of(images: Tensor, classes: Tensor, n: int) -> Tensor:
    model = plugin("gaussian")
    model.fit(images, classes)
    drawn: Tensor = model.sample(n)
    return drawn


def half_copied(images: Tensor, classes: Tensor, n: int) -> Tensor:
    return torch.cat([some(images, n // 2), gaussian_of(images, classes, n - n // 2)])


def one_class(images: Tensor, classes: Tensor, n: int) -> Tensor:
    return gaussian_of(images[classes == 3], classes[classes == 3], n)


FAULTY: dict[str, tuple[Callable[[Tensor, Tensor, int], Tensor], set[str]]] = {
    "copies": (lambda x, y, n: some(x, n), {COPIES}),
    "copies with noise of 0.02": (lambda x, y, n: noisy(some(x, n), 0.02), {COPIES}),
    "copies with noise of 0.1": (lambda x, y, n: noisy(some(x, n), 0.1), {COPIES}),
    "copies with noise of 0.2": (lambda x, y, n: noisy(some(x, n), 0.2), {COPIES}),
    "copies with noise of 0.4": (lambda x, y, n: noisy(some(x, n), 0.4), {COPIES}),
    "copies half": (half_copied, {COPIES}),
    "memorised a hundred": (lambda x, y, n: some(x[:100], n), {COPIES, REPEATS}),
    "memorised a hundred, with noise": (lambda x, y, n: noisy(some(x[:100], n), 0.05), {COPIES, REPEATS}),
    "copies of one class": (lambda x, y, n: some(x[y == 3], n), {COPIES, REPEATS, "draws 1 of 10 classes"}),
    "one class": (one_class, {"draws 1 of 10 classes"}),
    "one image": (lambda x, y, n: torch.zeros(n, *x.shape[1:]), {REPEATS, "draws 1 of 10 classes"}),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("cache"))


def prepare(cache: Path, **settings: Any) -> Prepared:
    spec = discover().datasets["digits"].spec
    task = ImageGeneration(ImageGenerationSettings(**settings), cache=str(cache))
    return task, task.prepare(resolve(spec.target)(DataSource.of(spec)))


def plugin(name: str) -> Any:
    spec = discover().models[name].spec
    space = discover().datasets["digits"].spec
    task = ImageGeneration()
    given, wanted = task.planned(space)
    return resolve(spec.target)(Problem(task.name, "digits", 1151, "sample", given, wanted), **spec.defaults())


def scores(model: Any, prepared: Prepared, seed: int) -> tuple[Score, ...]:
    task, data = prepared
    answer = task.answer(model, replace(data, seed=seed), data.test)
    return task.scores(answer.arrays, data.truth)


def named(found: tuple[Score, ...]) -> set[str]:
    """Return the faults without the numbers that stand behind the name."""
    names = (COPIES, REPEATS)
    return {next((name for name in names if fault.startswith(name)), fault) for fault in generator_faults(found)}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_generator_is_named_by_its_faults(name: str, prepared: Prepared) -> None:
    rule, expected = FAULTY[name]
    model = Known(rule)
    prepared[0].fit(model, prepared[1].train)
    for seed in SEEDS:
        assert named(scores(model, prepared, seed)) == expected


def vae(data: TaskData) -> Any:
    torch.manual_seed(0)
    model = plugin("vae")
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for indices in (torch.randperm(len(data.train))[:64] for _ in range(400)):
        optimizer.zero_grad()
        model.training_step(data.train.take(indices)).backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("name", ["baseline", "gaussian", "vae"])
def test_an_honest_generator_is_not_named(name: str, prepared: Prepared) -> None:
    task, data = prepared
    with one_thread():
        if name == "vae":
            model = vae(data)
        else:
            model = task.baseline(data.problem) if name == "baseline" else plugin(name)
            task.fit(model, data.train)
        for seed in SEEDS:
            assert generator_faults(scores(model, prepared, seed)) == ()


def test_fresh_real_images_are_not_named(tmp_path: Path) -> None:
    """Those of the validation part, which no judge and no score has seen."""
    task, data = prepare(tmp_path, samples=200)
    for seed in SEEDS:
        order = torch.from_numpy(np.random.RandomState(seed).permutation(len(data.validation)))
        model = Known(lambda x, y, n, order=order: data.validation.target[order[:n]])  # type: ignore[misc]
        task.fit(model, data.train)
        found = scores(model, (task, data), seed)
        assert generator_faults(found) == ()
        assert next(score.value for score in found if score.name == "memorised") <= 0.03


def test_what_was_not_measured_has_no_fault() -> None:
    assert generator_faults(()) == ()
    accuracy = Score(name="accuracy", value=0.5, higher_is_better=True)
    older = Score(name="modes_captured", value=3, higher_is_better=True, detail={"of": 10})
    assert generator_faults([accuracy, older]) == ()


def test_a_fault_says_how_much() -> None:
    def memorised(value: float, z: float) -> Score:
        detail = {"limit": 0.05, "z": z, "z_limit": -3.3}
        return Score(name="memorised", value=value, higher_is_better=False, detail=detail)

    assert generator_faults([memorised(0.5, 2.0)]) == ("copies training images, in 50 % of its samples",)
    assert generator_faults([memorised(0.01, -8.0)]) == ("copies training images with changes (z = -8.0)",)
    assert generator_faults([memorised(0.04, -2.0)]) == ()
