"""The task of drawing images of given classes, on real digits and on generators whose failings are known."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bench.errors import ContractError, Diverged, NotEnoughSamples
from bench.metrics.conditional import chance_limit, conditional_accuracy, distance_per_class
from bench.metrics.faults import generator_faults
from bench.metrics.frechet import frechet_distance_of_features
from bench.plugins import discover
from bench.record import Score
from bench.sources import DataSource
from bench.specs import resolve
from bench.tasks.base import Part
from bench.tasks.conditional_generation import ConditionalGeneration, ConditionalGenerationSettings
from bench.tasks.image_generation import ImageGeneration
from bench.tasks.likelihood import bits_of
from bench.tasks.scoring import validate
from bench.tasks.training_on_samples import RealImages
from bench.testing.threads import one_thread

pytest.importorskip("sklearn", reason="needs the data extra")


@pytest.fixture(scope="module")
def digits() -> Any:
    spec = discover().datasets["digits"].spec
    return resolve(spec.target)(DataSource.of(spec))


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> ConditionalGeneration:
    settings = ConditionalGenerationSettings(real_labels=(20, 100))
    return ConditionalGeneration(settings, cache=str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def data(task: ConditionalGeneration, digits: Any) -> Any:
    with one_thread():
        return task.prepare(digits)


class Obedient:
    """Hands out training images of the class that `rule` makes of the one asked for."""

    def __init__(self, rule: Any = lambda asked: asked) -> None:
        self.rule = rule

    def fit(self, x: Any, y: Any) -> None:
        self.classes, self.images = torch.as_tensor(x), torch.as_tensor(y)

    def sample(self, n: int, condition: Any) -> torch.Tensor:
        assert len(condition) == n
        assert isinstance(condition, np.ndarray)
        rows = [torch.nonzero(self.classes == each).squeeze(1) for each in self.rule(torch.as_tensor(condition))]
        return self.images[[int(each[torch.randint(len(each), (1,))]) for each in rows]]


def scores_of(task: ConditionalGeneration, model: Any, data: Any) -> dict[str, Score]:
    with one_thread():
        task.fit(model, data.train)
        answer = task.answer(model, data, data.test)
        return {score.name: score for score in task.scores(answer.arrays, data.truth)}


def shuffled(asked: torch.Tensor) -> torch.Tensor:
    return asked[torch.randperm(len(asked))]


@pytest.fixture(scope="module")
def judged(task: ConditionalGeneration, data: Any) -> dict[str, dict[str, Score]]:
    rules = {"obedient": lambda asked: asked, "off by one": lambda asked: (asked + 1) % 10, "deaf": shuffled}
    return {name: scores_of(task, Obedient(rule), data) for name, rule in rules.items()}


# --- pure functions -----------------------------------------------------------------------------------------------


def test_conditional_accuracy_is_the_share_of_samples_of_the_class_asked_for() -> None:
    assert conditional_accuracy([0, 1, 2, 2], [0, 1, 1, 2]) == 0.75
    with pytest.raises(NotEnoughSamples, match="at least 1 sample"):
        conditional_accuracy([], [])
    with pytest.raises(ValueError, match=r"shapes \(1,\) and \(2,\)"):
        conditional_accuracy([1], [1, 2])


@pytest.mark.parametrize("shares", [[0.1] * 10, [0.7, 0.2, 0.1]])
def test_samples_that_do_not_heed_their_class_rarely_exceed_the_limit_of_chance(shares: list[float]) -> None:
    random = np.random.default_rng(0)
    labels = random.choice(len(shares), 300, p=shares)
    sets = [random.choice(len(shares), 300, p=shares) for _ in range(4000)]
    above = np.mean([conditional_accuracy(seen, labels) > chance_limit(seen, labels) for seen in sets])
    assert above <= 0.004
    assert chance_limit(labels, labels) < 0.75


def test_the_distance_per_class_is_the_mean_of_the_distances_of_the_classes() -> None:
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(60, 3)), random.normal(1, 2, size=(60, 3))
    known, asked = np.repeat([0, 2], 30), np.tile([0, 2], 30)
    expected = [frechet_distance_of_features(real[known == each], fake[asked == each]) for each in (0, 2)]
    assert distance_per_class(real, known, fake, asked) == pytest.approx(np.mean(expected))
    with pytest.raises(NotEnoughSamples):
        distance_per_class(real, known, fake, np.zeros(60))


# --- what is asked ------------------------------------------------------------------------------------------------


def test_classes_are_given_and_images_are_drawn(data: Any, digits: Any) -> None:
    assert data.problem.answer == "sample"
    assert (data.problem.input.kind, data.problem.input.size) == ("index", 10)
    assert data.problem.target.bounds == (-1.0, 1.0)
    assert data.train.x.equal(torch.from_numpy(digits.train.y))
    assert data.train.target.equal(torch.from_numpy(digits.train.x) * 2 - 1)


def test_the_classes_asked_for_are_those_of_the_real_images_in_the_truth(tmp_path: Any, digits: Any) -> None:
    """Also where fewer are drawn of data that lie sorted by class."""
    order = np.argsort(digits.test.y, kind="stable")
    settings = ConditionalGenerationSettings(samples=100, real_labels=())
    task = ConditionalGeneration(settings, cache=str(tmp_path))
    with one_thread():
        data = task.prepare(replace(digits, test=digits.test.take(order)))
    asked = []

    class Listens(Obedient):
        def sample(self, n: int, condition: Any) -> torch.Tensor:
            asked.append(condition)
            return super().sample(n, condition)

    found = scores_of(task, Listens(), data)
    assert np.array_equal(asked[0], data.truth["labels"])
    assert len(set(asked[0].tolist())) == 10
    assert found["conditional_accuracy"].value > 0.97
    assert len(data.truth["test_labels"]) == len(digits.test)


def test_a_model_that_knows_no_classes_cannot_be_asked(task: Any, digits: Any) -> None:
    from bench.matching import complaint

    spec = discover().models["dcgan"].spec
    assert complaint(spec, task, digits.spec) == "dcgan takes nothing; got one of 10 classes"
    assert not complaint(discover().models["cgan"].spec, task, digits.spec)
    unconditional = complaint(discover().models["cgan"].spec, ImageGeneration(), digits.spec)
    assert unconditional == "cgan takes classes; got nothing"


# --- scores -------------------------------------------------------------------------------------------------------


def test_images_are_judged_as_those_of_image_generation(judged: Any, data: Any) -> None:
    for found in judged.values():
        distance = next(score for name, score in found.items() if name.startswith("fd:"))
        assert distance.value < 2.5
        assert {"modes_captured", "recall", "memorised", "duplicates"} <= found.keys()
    assert ConditionalGeneration().main_score(list(judged["deaf"].values())).startswith("fd:lenet-digits")


def test_a_generator_that_gives_what_was_asked_for_is_as_accurate_as_the_judge(judged: Any) -> None:
    found = judged["obedient"]["conditional_accuracy"]
    assert found.value > 0.98
    assert found.detail["reference"] > 0.98
    assert judged["off by one"]["conditional_accuracy"].value < 0.02
    assert judged["deaf"]["conditional_accuracy"].value < found.detail["chance_limit"] < 0.2


def test_a_generator_that_does_not_heed_classes_is_far_from_each_of_them(judged: Any) -> None:
    near, far = ({**judged[name]}["fd_per_class:lenet-digits-v1@fb223f0c"] for name in ("obedient", "deaf"))
    assert near.value < 2 * near.detail["reference"]
    assert far.value > 5 * near.value
    assert near.detail["fewest_of_a_class"] >= 20


def test_a_generator_that_does_not_heed_classes_is_named(judged: Any) -> None:
    def ignores(found: dict[str, Score]) -> bool:
        return any(fault.startswith("does not heed") for fault in generator_faults(found.values()))

    assert [ignores(judged[name]) for name in ("obedient", "off by one", "deaf")] == [False, True, True]


def test_a_classifier_learns_from_samples_what_they_know_of_classes(judged: Any) -> None:
    good, bad = judged["obedient"], judged["off by one"]
    assert good["tstr"].value > 0.9
    assert good["tstr"].detail["reference"] == pytest.approx(good["tstr"].value, abs=0.05)
    assert bad["tstr"].value < 0.05
    for count in (20, 100):
        gain = good[f"augmentation_gain_{count}"]
        assert gain.value == pytest.approx(gain.detail["accuracy"] - gain.detail["real_alone"])
        assert gain.value > 0 > bad[f"augmentation_gain_{count}"].value
    assert good["augmentation_gain_20"].value > good["augmentation_gain_100"].value


def test_validation_names_the_objective_and_the_accuracy(task: Any, data: Any) -> None:
    model = Obedient()
    task.fit(model, data.train)
    found = validate(task, task.answer(model, data, data.validation).arrays, data.validation_truth)
    assert set(found) == {"frechet_distance", "modes_captured", "conditional_accuracy"}
    assert found["conditional_accuracy"] > 0.97


def test_classifiers_leave_the_random_state_alone_and_repeat(data: Any) -> None:
    real = RealImages(data.train, (20, 5000), 10)
    assert list(real.labelled) == [20]
    images, labels = real.labelled[20]
    assert torch.bincount(labels).tolist() == [2] * 10
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    with one_thread():
        first, second = (real.classes_after(images, labels, data.test.target[:50]) for _ in range(2))
    assert torch.rand(1).equal(expected)
    assert all(np.array_equal(first[count], second[count]) for count in (0, 20))


def test_the_grid_has_a_column_for_each_class(task: Any, data: Any) -> None:
    model = Obedient()
    task.fit(model, data.train)
    media_type, content = task.artifacts(model, data)["samples.png"]
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (10 * 50 + 2, 8 * 50 + 2)
    assert media_type == "image/png"


# --- likelihood ---------------------------------------------------------------------------------------------------


class Even:
    """Every image of 256 levels is as likely as every other: 8 bits for each number."""

    def log_probability(self, y: Any, x: Any = None) -> torch.Tensor:
        return torch.full((len(y),), -y[0].numel() * math.log(256))


class EvenDensity:
    """The density of even numbers between the outermost ends of the levels."""

    def log_likelihood(self, y: Any, x: Any = None) -> torch.Tensor:
        assert float(y.abs().max()) > 1  # spread over the intervals, half a level beyond the bounds
        return torch.full((len(y),), -y[0].numel() * math.log(2 * 256 / 255))


def test_even_images_take_eight_bits_whichever_way_they_are_counted(data: Any) -> None:
    for model, name in ((Even(), "bits_per_dimension"), (EvenDensity(), "bits_per_dimension_bound")):
        found = bits_of(model, data, data.test)
        assert set(found) == {name, "likelihood_levels"}
        np.testing.assert_allclose(found[name], 8, rtol=1e-6)
        assert int(found["likelihood_levels"]) == 256
    assert bits_of(Obedient(), data, data.test) == {}


def test_a_likelihood_that_is_no_number_has_diverged_and_one_of_another_shape_is_refused(data: Any) -> None:
    class Lost:
        def log_likelihood(self, y: Any, x: Any) -> torch.Tensor:
            return torch.full((len(y),), math.nan)

    class Whole:
        def log_likelihood(self, y: Any, x: Any) -> torch.Tensor:
            return torch.zeros(1)

    with pytest.raises(Diverged, match="likelihoods of real images are not a number"):
        bits_of(Lost(), data, data.test)
    with pytest.raises(ContractError, match=r"answered 200 images with shape \(1,\)"):
        bits_of(Whole(), data, data.test)


def test_a_density_that_knows_the_class_needs_fewer_bits(data: Any) -> None:
    spec = discover().models["gaussian"].spec
    told = resolve(spec.target)(data.problem, shrinkage=0.01)
    told.fit(*data.train.numpy())
    free = replace(data.problem, input=None)
    alone = resolve(spec.target)(free, shrinkage=0.01).fit(data.train.target, data.train.x)
    known = bits_of(told, data, data.test)["bits_per_dimension_bound"].mean()
    unknown = bits_of(alone, replace(data, problem=free), Part(y=data.test.target))["bits_per_dimension_bound"].mean()
    # The class is worth at most log2(10) bits of an image of 64 numbers.
    assert 0 < unknown - known < math.log2(10) / 64 + 0.01
    assert 4 < known < 8
