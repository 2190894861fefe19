"""The task of drawing images, on real digits and on generators whose failings are known."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from bench.data import Dataset, Split
from bench.errors import ChecksumMismatch, ContractError, DataError, DataMissing, Diverged, Refused
from bench.metrics import lenet
from bench.metrics.extractors import Extractor
from bench.metrics.frechet import frechet_distance_of_features
from bench.metrics.samples import draw, draw_grid, picture
from bench.plugins import discover
from bench.runner.plan import Choices, expand
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DatasetSpec, MetricSpec, resolve
from bench.suite import load_suite
from bench.tasks import real_images
from bench.tasks.image_generation import ImageGeneration, ImageGenerationSettings
from bench.tasks.real_images import TrainingImages
from bench.tasks.scoring import score, validate

pytest.importorskip("sklearn", reason="needs the data extra")


@pytest.fixture(scope="module")
def digits():
    spec = discover().datasets["digits"].spec
    return resolve(spec.target)(DataSource.of(spec))


def make_task(tmp_path, **settings):
    return ImageGeneration(ImageGenerationSettings(**settings), cache=str(tmp_path))


def offer(inputs, classes=2):
    names = tuple("abcdefgh"[:classes])
    targets = Space(kind="index", size=classes, names=names) if classes else None
    return DatasetSpec(name="odd", target="a:b", inputs=inputs, targets=targets, licence="", source="")


@pytest.fixture
def task(tmp_path):
    return make_task(tmp_path)


class Copyist:
    """Draws from the images it was fitted on, those of some classes only."""

    def __init__(self, classes=range(10)):
        self.classes = torch.tensor(list(classes))

    def fit(self, y, strata):
        self.x, self.y = torch.from_numpy(y), torch.from_numpy(strata)
        self.labels = self.y.unique()

    def sample(self, n, condition=None):
        allowed = torch.isin(self.y, self.classes).nonzero().squeeze(1)
        if condition is not None:
            rows = [int(torch.nonzero(self.y == label)[torch.randint(20, (1,))]) for label in condition]
            return self.x[rows]
        return self.x[allowed[torch.randint(len(allowed), (n,))]]


class Constant(nn.Module):
    """Always answers with the same value; counts in which mode it was asked."""

    def __init__(self, value=0.0, shape=(1, 8, 8)):
        super().__init__()
        self.value, self.shape, self.asked_in_training = value, shape, 0
        self.weight = nn.Parameter(torch.zeros(1))

    def training_step(self, batch):
        return self.weight.sum()

    def sample(self, n):
        self.asked_in_training += self.training
        return torch.full((n, *self.shape), self.value)


def evaluated(task, model, data, metrics=()):
    """The scores of a run and the notes, as the harness finds them: from the answer on the test part alone."""
    answer = task.answer(model, data, data.test)
    scores, notes = score(task, metrics, answer.arrays, data.truth, {})
    return scores, (*answer.notes, *notes)


def scores_of(task, model, data, metrics=()):
    task.fit(model, data.train)
    return {score.name: score for score in evaluated(task, model, data, metrics)[0]}


def looked_at(task, model, data):
    return validate(task, task.answer(model, data, data.validation).arrays, data.validation_truth)


def gap_between(real_features, features):
    """A plugin's metric."""
    return float(np.linalg.norm(real_features.mean(0) - features.mean(0)))


def test_images_lie_in_minus_one_to_one_whatever_they_were(task, digits):
    data = task.prepare(digits)
    assert data.train.x is data.problem.input is None
    assert data.problem.output_shape == data.problem.image_shape == (1, 8, 8)
    assert data.problem.wanted.bounds == (-1.0, 1.0)
    assert data.truth["class_count"] == 10
    assert data.train.target.dtype == torch.float32
    assert (float(data.train.target.min()), float(data.train.target.max())) == (-1.0, 1.0)
    assert data.test.target.equal(torch.from_numpy(digits.test.x) * 2 - 1)
    assert data.test.layers().equal(torch.from_numpy(digits.test.y))


def test_bytes_are_scaled_too(task, monkeypatch):
    monkeypatch.setattr(lenet, "MOST_EPOCHS", 1)
    x = np.array([0, 255] * 8, np.uint8).reshape(16, 1, 1, 1).repeat(4, 2).repeat(4, 3)
    y = np.arange(16) // 2 % 2
    # As they are when read straight from a file.
    x.flags.writeable = y.flags.writeable = False
    part = Split(x, y)
    spec = offer(Space("chw", (1, 4, 4), bounds=(0.0, 1.0)))
    data = task.prepare(Dataset(spec, part, part, part))
    assert data.test.target.unique().tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("inputs", "classes"),
    [
        (Space("c", (5,), bounds=(0.0, 1.0)), 2),
        (Space("chw", (2, 4, 4), bounds=(0.0, 1.0)), 2),
        (Space("chw", (1, 4, 4), bounds=(0.0, 1.0)), 1),
        (Space("chw", (1, 4, 4), bounds=(0.0, 1.0)), 0),
        (Space("chw", (1, 4, 4)), 2),
    ],
    ids=["a table", "two channels", "one class", "no classes", "no bounds"],
)
def test_what_is_no_labelled_image_is_refused(task, inputs, classes):
    part = Split(np.ones((4, *inputs.shape), np.float32), np.zeros(4, np.int64))
    for ask in (task.planned, lambda spec: task.prepare(Dataset(spec, part, part, part))):
        with pytest.raises(Refused, match=r"image-generation needs images .*\bodd\b"):
            ask(offer(inputs, classes))


def test_images_beyond_their_bounds_are_refused():
    part = Split(9 * np.ones((4, 1, 4, 4), np.float32), np.zeros(4, np.int64))
    with pytest.raises(DataError, match=r"'odd', train part, input: its values go from 9 to 9, beyond .*\(0.0, 1.0\)"):
        Dataset(offer(Space("chw", (1, 4, 4), bounds=(0.0, 1.0))), part, part, part).check()


def test_a_generator_that_copies_the_data_scores_like_real_images(task, digits):
    data = task.prepare(digits)
    found = scores_of(task, Copyist(), data)
    distance = next(score for name, score in found.items() if name.startswith("fd:lenet-digits-v1@"))
    assert distance.detail["n_real"] == distance.detail["n_fake"] == len(digits.test)
    assert distance.detail["resize"] == "none"
    low, mean, high = (distance.detail[name] for name in ("reference_low", "reference", "reference_high"))
    assert 0.5 < low < mean < high < 2
    values = [scores_of(task, Copyist(), replace(data, seed=seed))[distance.name].value for seed in range(5)]
    assert len(set(values)) == 5
    assert low < np.median(values) < high
    assert not distance.higher_is_better
    assert found["modes_captured"].value == found["modes_captured"].detail["of"] == 10
    assert found["reverse_kl"].value < 0.05
    assert min(found[name].value for name in ("precision", "recall", "coverage", "density")) > 0.85
    assert found["modes_captured"].detail["judge_accuracy"] > 0.98


def test_the_reference_is_computed_once_and_kept(tmp_path, digits):
    first = make_task(tmp_path).prepare(digits).truth
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("real-*.safetensors")}
    assert len(kept) == 1
    again = make_task(tmp_path).prepare(digits).truth
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    for name in ("reference", "real_training_distances"):
        assert np.array_equal(first[name], again[name])
    other = make_task(tmp_path, samples=100).prepare(digits).truth
    assert other["reference"][0] > 2 * first["reference"][0]
    assert other["real_training_distances"].shape == (100, 2)


def test_another_extractor_has_a_reference_of_its_own(task, digits, monkeypatch):
    class Pixels(Extractor):
        name, resize = "fd:pixels", "none"

        def features(self, images):
            return images.flatten(1).double().cpu().numpy()[:, 20:24]

    judges = task._judges
    monkeypatch.setattr(task, "_judges", lambda *given: (judges(*given)[0], [Pixels()]))
    data = task.prepare(digits)
    found = scores_of(task, Copyist(), data)["fd:pixels"]
    expected = frechet_distance_of_features(data.truth["train_fd:pixels"], data.truth["real_fd:pixels"])
    assert found.detail["reference"] == pytest.approx(expected)
    assert "reference_low" not in found.detail
    assert np.array_equal(
        data.truth["reference_fd:pixels"], task.prepare(digits).truth["reference_fd:pixels"], equal_nan=True
    )


def test_many_samples_of_large_images_are_compared_for_a_few_seconds_only(monkeypatch):
    training = TrainingImages(torch.rand(200, 1, 4, 4))
    samples = torch.cat([training.images, torch.rand(400, 1, 4, 4)])
    monkeypatch.setattr(real_images, "FEWEST_SAMPLES", 20)
    monkeypatch.setattr(real_images, "MOST_PRODUCTS", 300 * 200 * 16)
    found = training.distances(samples)
    assert found.shape == (300, 2)
    # Of each kind, since a model may draw one kind after the other.
    assert 60 < (found[:, 0] == 0).sum() < 140
    monkeypatch.setattr(real_images, "MOST_PRODUCTS", 1)
    assert len(training.distances(samples)) == 20


def test_a_generator_that_drops_classes_is_seen_to(task, digits):
    data = task.prepare(digits)
    whole, half = scores_of(task, Copyist(), data), scores_of(task, Copyist(range(5)), data)
    assert half["modes_captured"].value == 5
    assert half["reverse_kl"].value == pytest.approx(np.log(2), abs=0.1)
    assert half["recall"].value < 0.7 < whole["recall"].value
    assert half["coverage"].value < 0.6
    assert half["precision"].value > 0.85
    names = [name for name in half if name.startswith("fd:")]
    assert half[names[0]].value > 10 * whole[names[0]].value


def test_a_collapsed_generator_is_seen_to(task, digits):
    data = task.prepare(digits)
    found = {score.name: score for score in evaluated(task, Constant(), data)[0]}
    assert found["modes_captured"].value == 1
    assert found["duplicates"].value == 1.0
    assert found["recall"].value == 0.0
    assert found["coverage"].value < 0.05


def test_validation_is_cheap_repeatable_and_names_the_objective(task, digits):
    data = task.prepare(digits)
    model = Copyist()
    task.fit(model, data.train)
    first = looked_at(task, model, data)
    assert first == looked_at(task, model, data)
    assert set(first) == {task.objective, "modes_captured"}
    assert not task.higher


def test_fewer_samples_are_drawn_when_the_suite_says_so(tmp_path, digits):
    task = make_task(tmp_path, samples=50)
    found = scores_of(task, Copyist(), task.prepare(digits))
    assert {score.detail["n_fake"] for score in found.values()} == {50}


def test_a_metric_of_a_plugin_gets_the_features(task, digits):
    target, arrays = "tests.test_image_generation:gap_between", ("real_features", "features")
    metric = MetricSpec(name="gap", arrays=arrays, target=target, higher_is_better=False)
    gap = scores_of(task, Copyist(), task.prepare(digits), [metric])["gap"]
    assert 0 < gap.value < 5
    assert gap.detail["n"] == len(digits.test)


def test_small_data_keep_their_cut_since_each_has_a_judge_of_its_own(tmp_path):
    """Distances by another judge have another name: one per seed, they would share no column of the report."""
    jobs = expand(load_suite("quickstart"), discover(), Choices(cache=tmp_path))
    schemes = {task: set() for task in ("image-generation", "classification")}
    for job in jobs:
        if job.plan.dataset == "digits":
            schemes[job.plan.task].add((job.plan.split.scheme, job.plan.split.number))
    assert schemes["image-generation"] == {("official", 0)}
    assert schemes["classification"] == {("holdout", number) for number in range(5)}


def test_the_main_score_is_the_distance_by_the_judge_whatever_else_is_scored(task, digits):
    data = task.prepare(digits)
    scores = list(scores_of(task, Copyist(), data).values())
    assert task.main_score(scores[::-1]) == f"fd:{data.tools[0].name}"


def test_the_grid_is_a_png_with_a_column_per_class(task, digits):
    data = task.prepare(digits)
    model = Copyist()
    task.fit(model, data.train)
    media_type, content = task.artifacts(model, data)["samples.png"]
    assert media_type == "image/png"
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (10 * 50 + 2, 8 * 50 + 2)
        assert image.mode == "L"
    grid, columns = draw_grid(model, (1, 8, 8), seed=0)
    judge = data.tools[0]
    judged = judge.classes(judge.features(grid)).reshape(8, columns)
    assert (judged == np.arange(10)).mean() > 0.95
    assert draw_grid(model, (1, 8, 8), seed=0)[0].equal(grid)


def test_real_images_to_look_at_have_a_column_per_class(task, digits):
    data = task.prepare(digits)
    shown = data.truth["real_images"]
    assert shown.dtype == np.uint8
    assert shown.shape == (8, 10, 1, 8, 8)
    real = np.round(digits.test.x * 255).astype(np.uint8)
    for row in shown:
        for label, image in enumerate(row):
            places = np.flatnonzero((real == image).all((1, 2, 3)))
            assert label in digits.test.y[places]
    assert len(np.unique(shown.reshape(80, -1), axis=0)) == 80


def test_of_few_images_there_is_a_row_for_each_of_the_rarest_class(task, digits):
    kept = np.concatenate([np.flatnonzero(digits.test.y != 3), np.flatnonzero(digits.test.y == 3)[:2]])
    data = task.prepare(replace(digits, test=digits.test.take(kept)))
    assert data.truth["real_images"].shape == (2, 10, 1, 8, 8)


def test_a_model_without_classes_gives_eight_columns():
    class Refuses(Constant):
        def sample(self, n, condition=None):
            if condition is not None:
                raise ContractError("knows no classes")
            return super().sample(n)

    for model in (Constant(), Refuses()):
        grid, columns = draw_grid(model, (1, 8, 8), seed=0)
        assert (len(grid), columns) == (64, 8)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_model_on_cuda_is_judged_the_same_each_time(task, digits):
    class OnCuda(Constant):
        def sample(self, n):
            return torch.randn(n, 1, 8, 8, device=self.weight.device)

    data = task.prepare(digits).to(torch.device("cuda"))
    model = OnCuda().to("cuda")
    before = torch.cuda.get_rng_state()
    assert evaluated(task, model, data) == evaluated(task, model, data)
    assert task.artifacts(model, data) == task.artifacts(model, data)
    assert torch.cuda.get_rng_state().equal(before)


def test_a_picture_shows_whole_pixels_in_their_colours():
    images = torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, 0.0]]).reshape(2, 3, 1, 1).expand(-1, -1, 30, 30)
    with Image.open(io.BytesIO(picture(images, columns=2))) as image:
        pixels = np.asarray(image)
    assert pixels.shape == (2 + 62, 2 + 62 * 2, 3)
    assert pixels[2:62, 2:62].reshape(-1, 3).tolist() == [[255, 0, 0]] * 3600
    assert pixels[2:62, 64:124].reshape(-1, 3).tolist() == [[0, 255, 128]] * 3600


def test_every_model_begins_from_the_same_noise_and_the_global_state_is_given_back():
    class Noise(Constant):
        def sample(self, n):
            return torch.randn(n, 1, 8, 8)

    class NumpyNoise:
        def sample(self, n):
            return np.random.randn(n, 1, 8, 8)

    torch.manual_seed(1)
    np.random.seed(1)
    expected = torch.rand(1), np.random.rand()
    torch.manual_seed(1)
    np.random.seed(1)
    for kind in (Noise, NumpyNoise):
        first, second = (draw(kind(), 700, (1, 8, 8), seed=0) for _ in range(2))
        assert first.equal(second)
        assert len(first.unique(dim=0)) == 700
    assert (torch.rand(1), np.random.rand()) == expected


def test_a_network_is_asked_in_evaluation_mode_and_left_in_its_own(task, digits):
    data = task.prepare(digits)
    model = Constant().train()
    task.check(model, data)
    looked_at(task, model, data)
    assert model.training
    assert model.asked_in_training == 0


def test_values_outside_the_range_are_clamped_and_noted(task, digits):
    data = task.prepare(digits)
    (loud, noted), (full, nothing) = (evaluated(task, Constant(value), data) for value in (3.0, 1.0))
    assert "100.00% of the samples' values lay outside [-1, 1]" in noted[0]
    assert nothing == ()
    assert [score.value for score in loud] == [score.value for score in full]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_have_diverged(task, digits, value):
    data = task.prepare(digits)
    for ask in (looked_at, evaluated):
        with pytest.raises(Diverged, match="samples of Constant hold values that are not finite"):
            ask(task, Constant(value), data)
    with pytest.raises(ContractError, match="before any training"):
        task.check(Constant(value), data)


def test_models_that_break_the_contract_are_told_how(task, digits):
    data = task.prepare(digits)
    with pytest.raises(ContractError, match=r"Linear .* no training_step and no sample"):
        task.check(nn.Linear(2, 2), data)
    with pytest.raises(ContractError, match=r"object .* no fit and no sample"):
        task.check(object(), data)
    with pytest.raises(ContractError, match=r"answered with \(2, 64\); expected .* \(2, 1, 8, 8\)"):
        task.check(Constant(shape=(64,)), data)
    listing = Copyist()
    listing.sample = lambda n: [0.0] * n
    with pytest.raises(ContractError, match="answered with list"):
        looked_at(task, listing, data)
    with pytest.raises(ContractError, match="training_step"):
        task.loss(data.problem)(torch.zeros(1), torch.zeros(1))
    task.check(Copyist(), data)


def test_the_predictor_draws_as_many_as_the_batch_has(task, digits):
    data, model = task.prepare(digits), Constant().train()
    assert task.predictor(model, data)(data.test.take(slice(0, 3))).shape == (3, 1, 8, 8)
    assert not model.training


def test_asking_for_fid_without_its_weights_fails_before_any_training(tmp_path, digits, monkeypatch):
    pytest.importorskip("pytorch_fid", reason="needs the generative extra")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    task = make_task(tmp_path, inception=True)
    with pytest.raises(DataMissing, match="fid needs the weights of Inception"):
        task.prepare(digits)
    wrong = tmp_path / "hub" / "checkpoints" / "pt_inception-2015-12-05-6726825d.pth"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"not the weights")
    with pytest.raises(ChecksumMismatch, match="must begin 6726825d"):
        task.prepare(digits)


def test_the_module_is_light_enough_to_plan_with():
    import subprocess
    import sys

    code = "import sys, bench.tasks.image_generation; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
