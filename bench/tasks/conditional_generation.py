"""Conditional generation: samples of the classes asked for, judged as images and as examples of their class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import PositiveInt

from bench.data import Dataset, Split
from bench.record import Score
from bench.spaces import Space
from bench.specs import DatasetSpec, Value
from bench.tasks.base import Answer, Arrays, Part, TaskData, TaskSettings
from bench.tasks.encoding import Encoding
from bench.tasks.image_generation import (
    VALIDATION_SAMPLES,
    ImageGeneration,
    ImageGenerationSettings,
    chosen,
    text,
    text_of,
)

__all__ = ["ConditionalGeneration", "ConditionalGenerationSettings"]

Array = np.ndarray[Any, Any]

# Of as many random choices of real images, as `bench.metrics.reference` takes for all classes at once.
DRAWS = 10


class ConditionalGenerationSettings(ImageGenerationSettings):
    """How samples are judged.

    real_labels: how many real labelled images are added to the samples that a classifier is trained on, one classifier
        for each number; those beyond the training part are left out.
    """

    real_labels: tuple[PositiveInt, ...] = (20, 100, 1000)


class ConditionalGeneration(ImageGeneration):
    """Draw images of given classes; scored as image generation is, and by how well they stand for their classes.

    Asked for are the classes of the real images of the test part that samples are compared with (`labels`, (n,), of the
    truth). Classifiers that were trained on the samples, alone and beside some real images, are asked about the whole
    test part: what they see is part of the answer (`trained_on_samples`, (N, classifiers)), what it holds
    (`test_labels`, (N,)), how many real images each classifier had (`real_labels`) and how well those do that had real
    images alone (`real_accuracies`, where the first had as many as there are samples) part of the truth.
    """

    Settings = ConditionalGenerationSettings
    settings: ConditionalGenerationSettings

    def __init__(
        self, settings: TaskSettings | None = None, name: str = "conditional-generation", cache: str = ""
    ) -> None:
        super().__init__(settings, name, cache)

    def spaces(self, offer: DatasetSpec) -> tuple[Space | None, Space]:
        """Return the classes and the images; raises Refused where the data are no labelled images."""
        _, images = super().spaces(offer)
        return offer.targets, images

    def view(self, dataset: Dataset, split: Split) -> tuple[Array | None, Array | None]:
        """Return the classes as what is given and the images as what is drawn."""
        return split.y, split.x

    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        """Scale images to [-1, 1], let the judge look at the real ones, and train classifiers on them."""
        from bench.tasks.training_on_samples import RECIPE, RealImages

        data = super().prepare(dataset, like)
        real = RealImages(data.train, self.settings.real_labels, int(data.truth["class_count"]))
        n = self.sample_count(data, data.test)
        known = real.accuracies(chosen(data.train, n), data.test, self.cache)
        truth = {
            **data.truth,
            **text("classifier", RECIPE),
            "test_labels": data.test.layers().numpy(),
            "real_labels": np.array(list(known), np.int64),
            "real_accuracies": np.array(list(known.values())),
            "reference_per_class": self._reference(data),
        }
        few = chosen(data.validation, min(VALIDATION_SAMPLES, len(data.validation)))
        validation = {**data.validation_truth, "labels": few.layers().numpy()}
        return replace(data, truth=truth, validation_truth=validation, tools=(*data.tools, real))

    def answer(
        self, model: Any, data: TaskData, part: Part, sampling: AbstractContextManager[Any] | None = None
    ) -> Answer:
        """Draw samples of the classes asked for; train classifiers on them unless they are those of validation."""
        import torch

        *tools, real = data.tools
        answer = super().answer(model, replace(data, tools=tuple(tools)), part, sampling)
        if part is data.validation:
            return answer
        samples = torch.from_numpy(answer.arrays["samples"]).float() / 127.5 - 1
        asked = self.asked(data, part)
        seen = real.classes_after(samples, asked.cpu(), data.test.target.cpu()).values()
        return replace(
            answer, arrays={**answer.arrays, "trained_on_samples": np.stack(list(seen), 1).astype(np.uint16)}
        )

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Fréchet distance, captured modes and conditional accuracy of at most 500 samples."""
        from bench.metrics.conditional import conditional_accuracy

        found = super().validate(answer, truth)
        return {**found, "conditional_accuracy": conditional_accuracy(answer["classes"], truth["labels"])}

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        """Every score of image generation, then those of the classes that were asked for."""
        of_classes = (_accuracy(answer, truth), *_distance_per_class(answer, truth))
        return (*super().scores(answer, truth), *of_classes, *_of_classifiers(answer, truth))

    def artifacts(self, model: Any, data: TaskData) -> Mapping[str, tuple[str, bytes]]:
        """Return a grid of samples with a column for each class, from the same noise for every model."""
        import torch

        from bench.metrics.pictures import GRID_SIDE, MOST_COLUMNS
        from bench.metrics.samples import draw, picture
        from bench.tasks.answering import GRID_SEED

        classes = torch.arange(min(data.problem.given.size or 1, MOST_COLUMNS)).repeat(GRID_SIDE)
        grid = draw(model, len(classes), data.problem.wanted.sizes, seed=GRID_SEED, condition=classes)
        return {"samples.png": ("image/png", picture(grid, len(classes) // GRID_SIDE))}

    def asked(self, data: TaskData, part: Part) -> Any:
        """Return the classes that samples are asked for, (n,): those of the real images they are compared with."""
        return chosen(part, self.sample_count(data, part)).x

    def _reference(self, data: TaskData) -> Array:
        """Return the mean distance per class of as many real training images, (1,), NaN where classes are too small."""
        from bench.metrics.conditional import FEWEST_OF_A_CLASS, smallest_class
        from bench.metrics.extractors import cached_arrays, hash_of

        judge, labels = data.tools[0], data.truth["labels"]
        train = data.train.layers().numpy()
        counts = np.bincount(labels, minlength=len(data.truth["class_shares"]))
        if smallest_class(labels) < FEWEST_OF_A_CLASS or (np.bincount(train, minlength=len(counts)) < counts).any():
            return np.array([np.nan])
        told = hash_of(data.train.target, data.train.layers(), chosen(data.test, len(labels)).target)

        def compute() -> Mapping[str, Array]:
            return {"reference": np.array([_mean_of_real(judge.features(data.train.target), train, data.truth)])}

        return cached_arrays(f"per-class-v1-{judge.name}-{told[:16]}", self.cache, compute)["reference"]


def _mean_of_real(features: Array, train: Array, truth: Arrays) -> float:
    from bench.metrics.conditional import distance_per_class

    random, found = np.random.RandomState(0), []
    labels = truth["labels"]
    for _ in range(DRAWS):
        order = random.permutation(len(train))
        places = [order[train[order] == each][: (labels == each).sum()] for each in np.unique(labels)]
        some = np.concatenate(places)
        found.append(distance_per_class(truth["real_features"], labels, features[some], train[some]))
    return float(np.mean(found))


def _accuracy(answer: Arrays, truth: Arrays) -> Score:
    """Return the share of samples in which the judge sees the class that was asked for."""
    from bench.metrics.conditional import chance_limit, conditional_accuracy

    labels, name = truth["labels"], "conditional_accuracy"
    value = conditional_accuracy(answer["classes"], labels)
    detail: dict[str, Value] = {
        "n_fake": len(labels),
        "judge": text_of(truth, "judge"),
        "reference": float((truth["real_classes"] == labels).mean()),
        "chance_limit": chance_limit(answer["classes"], labels),
    }
    return Score(name=name, value=value, higher_is_better=True, detail=detail, low=0, high=1)


def _distance_per_class(answer: Arrays, truth: Arrays) -> Iterator[Score]:
    """Yield how far the classes lie from the real ones, where each has enough images."""
    from bench.metrics.conditional import FEWEST_OF_A_CLASS, distance_per_class, smallest_class

    labels, reference = truth["labels"], float(truth["reference_per_class"][0])
    if (smallest := smallest_class(labels)) < FEWEST_OF_A_CLASS:
        return
    detail: dict[str, Value] = {"n_real": len(labels), "n_fake": len(labels), "fewest_of_a_class": smallest}
    detail |= {} if np.isnan(reference) else {"reference": reference}
    value = distance_per_class(truth["real_features"], labels, answer["features"], labels)
    name, title = f"fd_per_class:{text_of(truth, 'judge')}", "Fréchet distance per class"
    yield Score(name=name, value=value, higher_is_better=False, detail=detail, title=title, low=0)


def _of_classifiers(answer: Arrays, truth: Arrays) -> Iterator[Score]:
    """Yield how well classifiers do on real images that were trained on samples, alone and beside some real images."""
    classifier = text_of(truth, "classifier")
    right = (answer["trained_on_samples"] == truth["test_labels"][:, None]).mean(0)
    for count, accuracy, alone in zip(truth["real_labels"], right, truth["real_accuracies"], strict=True):
        detail: dict[str, Value] = {"n_fake": len(truth["labels"]), "classifier": classifier}
        if not count:
            title, detail = "Accuracy of training on samples", detail | {"reference": float(alone)}
            yield Score(
                name="tstr", value=float(accuracy), higher_is_better=True, detail=detail, title=title, low=0, high=1
            )
            continue
        name, title = f"augmentation_gain_{count}", f"Accuracy that samples add to {count} real images"
        detail |= {"accuracy": float(accuracy), "real_alone": float(alone)}
        value = float(accuracy - alone)
        yield Score(name=name, value=value, higher_is_better=True, detail=detail, title=title, low=-1, high=1)
