"""Answers and truth are scored in the units of the data, however either is kept."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data import Dataset, Split
from bench.model import Problem
from bench.record import Score
from bench.spaces import Space
from bench.specs import DatasetSpec, MetricSpec
from bench.tasks.base import Task
from bench.tasks.baseline import Mean, Nearest, baseline
from bench.tasks.scoring import score, validate

IMAGES = Space("chw", (1, 4, 4), bounds=(0.0, 2.0))
SPEC = DatasetSpec(name="tiny", target="a:b", inputs=IMAGES, licence="none", source="drawn")
LEVELS = np.random.RandomState(0).randint(0, 256, (40, 1, 4, 4)).astype(np.uint8)


def error(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(((predictions - targets) ** 2).mean())


METRIC = MetricSpec(name="error", target=f"{__name__}:error", arrays=("predictions", "targets"), higher_is_better=False)


class Copy(Task):
    """Give the image back."""

    objective = "mse"
    input_scale = target_scale = "bounds"

    def spaces(self, offer):
        return offer.inputs, offer.inputs

    def view(self, dataset, split):
        return split.x, split.x

    def scores(self, answer, truth):
        return (Score(name="mse", value=error(answer["predictions"], truth["targets"]), higher_is_better=False),)


class Copier:
    def fit(self, x, y):
        return self

    def predict(self, x):
        return x


class Brighter(Copier):
    def predict(self, x):
        return x + 0.1


@pytest.mark.parametrize("images", [LEVELS, LEVELS.astype(np.float32) * np.float32(2 / 255)], ids=["levels", "values"])
@pytest.mark.parametrize(("model", "expected"), [(Copier(), 0.0), (Brighter(), 0.01)], ids=["exact", "brighter"])
def test_images_are_scored_in_the_units_of_the_data_however_they_are_kept(images, model, expected):
    task = Copy()
    data = task.prepare(Dataset.cut(SPEC, Split(images)))
    answer = task.answer(model, data, data.test)
    assert answer.arrays["predictions"].dtype == np.uint8
    assert data.truth["bounds"].tolist() == [0, 2]
    scores, problems = score(task, [METRIC], answer.arrays, data.truth, {})
    values = {each.name: each.value for each in scores}
    assert not problems
    # One level is 2 / 255; the brightest ten levels cannot become brighter.
    assert values["mse"] == pytest.approx(expected, abs=1e-3)
    assert values["error"] == values["mse"]
    found = validate(task, task.answer(model, data, data.validation).arrays, data.validation_truth)
    assert found["mse"] == pytest.approx(expected, abs=1e-3)


def test_nearest_pixels_are_the_baseline_only_where_small_and_large_image_are_on_one_scale():
    def made(small: Space, large: Space):
        return baseline(Problem("t", "d", 9, "predict", small, large))

    bounds = (-1.0, 1.0)
    assert isinstance(made(Space("chw", (1, 2, 2), bounds=bounds), Space("chw", (1, 4, 4), bounds=bounds)), Nearest)
    assert isinstance(made(Space("chw", (1, 2, 2)), Space("chw", (1, 4, 4))), Mean)
