"""Image generation: samples are judged by their distance to real images and by what of the data they cover."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from bench.data import Dataset
from bench.errors import Refused
from bench.record import Score
from bench.spaces import AnswerKind, Space
from bench.specs import DatasetSpec, Value
from bench.tasks.base import Answer, Arrays, Part, Task, TaskData, TaskSettings
from bench.tasks.encoding import Encoding

if TYPE_CHECKING:
    from torch import Tensor

    from bench.metrics.extractors import Classifier, Extractor

__all__ = ["VALIDATION_SAMPLES", "ImageGeneration", "ImageGenerationSettings", "chosen", "text", "text_of"]

VALIDATION_SAMPLES = 500
# Counting neighbours takes time with the square of this.
NEIGHBOUR_SAMPLES = 5000


class ImageGenerationSettings(TaskSettings):
    """How samples are judged.

    samples: how many are drawn, and compared with as many real ones: the distance depends on it. By default as
        many as the test part has; never more than that.
    inception: also report `fid`, by the Inception network; needs the `generative` extra and its weights.
    """

    samples: int | None = Field(None, ge=10)
    inception: bool = False


class ImageGeneration(Task):
    """Draw images that could be from the data; scored by a Fréchet distance, captured modes, recall and coverage.

    The judge is a classifier trained on the real training part: the shipped one for `digits`, else one that is trained
    once, which takes about a minute, and kept in the cache. What it sees in the samples (`features`, (n, 64), and
    `classes`, (n,)) is kept beside them, and how far samples are from their two nearest training images
    (`training_distances`, (q, 2)). The truth holds what it sees in as many real images (`real_features`,
    `real_classes`, `labels`) and in as many of the training part (`train_features`), how far real images are from the
    training part (`real_training_distances`), what they score (`reference`: mean, low and high), and a few images of
    the test part to look at beside the samples (`real_images`, (rows, classes, channels, height, width) of 256 levels).
    """

    Settings = ImageGenerationSettings
    settings: ImageGenerationSettings
    answer_kind: ClassVar[AnswerKind] = "sample"
    objective: ClassVar[str] = "frechet_distance"
    target_scale = "bounds"
    # The judge is trained on the training part: each cut has its own, and the distance is named after it.
    is_resplit: ClassVar[bool] = False

    def __init__(self, settings: TaskSettings | None = None, name: str = "image-generation", cache: str = "") -> None:
        super().__init__(settings, name, cache)

    def spaces(self, offer: DatasetSpec) -> tuple[Space | None, Space]:
        """Return the images to draw; raises Refused where the data are no labelled images with known bounds."""
        images, classes = offer.inputs, offer.targets
        if images.axes != "chw" or images.kind != "real" or images.bounds is None or images.shape[0] not in (1, 3):
            raise Refused(f"{self.name} needs images of 1 or 3 channels with known bounds; {offer.name} has {images}")
        if classes is None or classes.kind != "index" or classes.axes or (classes.size or 0) < 2:
            raise Refused(
                f"{self.name} needs images in at least 2 classes, which its judge is trained to tell; those of "
                f"{offer.name} have {classes or 'none'}"
            )
        return None, images

    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        """Scale images to [-1, 1] and let the judge look at the real ones."""
        from bench.tasks.real_images import TrainingImages, reference_by, seen_of_real

        data = super().prepare(dataset, like)
        judge, others = self._judges(data, dataset)
        class_count = dataset.spec.targets.size if dataset.spec.targets is not None else 0
        n = self.sample_count(data, data.test)
        test, training = chosen(data.test, n), TrainingImages(data.train.target)
        truth = {
            **text("judge", judge.name),  # its name is part of the score's
            **text("resize", judge.resize),
            "class_count": np.array(class_count),
            "bounds": np.array(dataset.spec.inputs.bounds, np.float64),
            "labels": test.layers().numpy(),
            "class_shares": np.bincount(data.test.layers().numpy(), minlength=class_count or 0) / len(data.test),
            **_seen("real_", judge, test.target),
            "train_features": _features(judge, chosen(data.train, n).target),
            "real_images": _pictured(data),
            **seen_of_real(judge, training, test.target, self.cache),
        }
        for extractor in others:
            real, train = self._cached(extractor, test), self._cached(extractor, chosen(data.train, n))
            truth |= {f"real_{extractor.name}": real, f"train_{extractor.name}": train}
            truth[f"reference_{extractor.name}"] = reference_by(extractor, train, real, self.cache)
        few = chosen(data.validation, min(VALIDATION_SAMPLES, len(data.validation)))
        validation = {"class_count": np.array(class_count), **_seen("real_", judge, few.target)}
        return replace(data, truth=truth, validation_truth=validation, tools=(judge, training, *others))

    def sample_count(self, data: TaskData, part: Part) -> int:
        """Return how many samples are drawn: at most 500 for validation, else as many as there are real ones."""
        if part is data.validation:
            return min(VALIDATION_SAMPLES, len(part))
        return min(self.settings.samples or len(part), len(part), len(data.train))

    def answer(
        self, model: Any, data: TaskData, part: Part, sampling: AbstractContextManager[Any] | None = None
    ) -> Answer:
        """Draw samples, and let the judge look at them before they are rounded to 256 levels."""
        from bench.tasks.answering import drawn, kept_samples
        from bench.tasks.likelihood import bits_of

        n = self.sample_count(data, part)
        # Of the very images that samples are compared with: the first n of sorted data would be of few classes.
        condition = None if part.x is None else chosen(part, n).x
        samples, notes = drawn(model, data, part, n, sampling or nullcontext(), condition)
        judge, training, *others = data.tools
        seen = _seen("", judge, samples)
        if part is data.validation:
            return Answer(seen, notes)
        more = {f"features_{extractor.name}": _features(extractor, samples) for extractor in others}
        more["training_distances"] = training.distances(samples)
        return Answer({**kept_samples(samples, data), **seen, **more, **bits_of(model, data, part)}, notes)

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        """Fréchet distance and captured modes of at most 500 samples, against the validation part."""
        from bench.metrics.frechet import frechet_distance_of_features
        from bench.metrics.generative import modes_captured

        return {
            "frechet_distance": frechet_distance_of_features(_wide(truth["real_features"]), _wide(answer["features"])),
            "modes_captured": float(modes_captured(answer["classes"], int(truth["class_count"]))),
        }

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        """Every score of samples against the test part, the distance by the judge first."""
        found = (*self._distances(answer, truth), *self._coverage(answer, truth), _memorised(answer, truth))
        return (*found, *_likelihoods(answer))

    def main_score(self, scores: Sequence[Score]) -> str:
        """Return the name of the distance by the judge, which says whose it is."""
        return next((score.name for score in scores if score.name.startswith("fd:")), "")

    def artifacts(self, model: Any, data: TaskData) -> Mapping[str, tuple[str, bytes]]:
        """Return a grid of samples, from the same noise for every model."""
        from bench.metrics.samples import draw_grid, picture
        from bench.tasks.answering import GRID_SEED

        grid, columns = draw_grid(model, data.problem.wanted.sizes, seed=GRID_SEED)
        return {"samples.png": ("image/png", picture(grid, columns))}

    def _distances(self, answer: Arrays, truth: Arrays) -> Iterator[Score]:
        from bench.metrics.frechet import frechet_distance_of_features

        names = [name.removeprefix("features_") for name in answer if name.startswith("features_")]
        judge = text_of(truth, "judge")
        triples = [(f"fd:{judge}", "features", "real_features", "reference")]
        triples += [(name, f"features_{name}", f"real_{name}", f"reference_{name}") for name in names]
        for name, fake_name, real_name, reference_name in triples:
            real, fake = _wide(truth[real_name]), _wide(answer[fake_name])
            detail: dict[str, Value] = {"n_real": len(real), "n_fake": len(fake)}
            detail |= _known(("reference", "reference_low", "reference_high"), truth[reference_name])
            detail |= {"resize": text_of(truth, "resize")} if fake_name == "features" else {}
            value = frechet_distance_of_features(real, fake)
            yield Score(name=name, value=value, higher_is_better=False, detail=detail)

    def _coverage(self, answer: Arrays, truth: Arrays) -> Iterator[Score]:
        """Yield what the judge sees in the samples, and where they lie among the real images."""
        from bench.metrics import generative
        from bench.metrics.unbiased import unbiased_distances

        real, fake, classes = _wide(truth["real_features"]), _wide(answer["features"]), answer["classes"]
        class_count = int(truth["class_count"])
        accuracy = float((truth["real_classes"] == truth["labels"]).mean())
        judge = text_of(truth, "judge")
        about: dict[str, Value] = {"n_fake": len(fake), "judge": judge, "judge_accuracy": accuracy}
        modes = generative.modes_captured(classes, class_count)
        divergence = generative.reverse_kl(classes, truth["class_shares"])
        dropped = float(generative.dropped_classes(classes, truth["class_shares"]))
        of: dict[str, Value] = about | {"of": class_count, "dropped": dropped}
        yield Score(name="modes_captured", value=modes, higher_is_better=True, detail=of)
        yield Score(name="reverse_kl", value=divergence, higher_is_better=False, unit="nats", detail=about)
        near_real, near_fake = real[:NEIGHBOUR_SAMPLES], fake[:NEIGHBOUR_SAMPLES]
        *shares, duplicates = generative.neighbour_scores(near_real, near_fake)
        yield from unbiased_distances(near_real, near_fake, judge)
        about |= {"n_real": len(near_real), "n_fake": len(near_fake), "neighbours": generative.NEIGHBOURS}
        for name, value in zip(("precision", "recall", "density", "coverage"), shares, strict=True):
            yield Score(name=name, value=value, higher_is_better=True, detail=about)
        yield Score(name="duplicates", value=duplicates, higher_is_better=False, detail=about | {"neighbours": 1})

    def _judges(self, data: TaskData, dataset: Dataset) -> tuple[Classifier, list[Extractor]]:
        """Return the classifier trained on these training images, and Inception where it is asked for."""
        from bench.metrics.extractors import classifier_for

        classes = dataset.spec.targets.size if dataset.spec.targets is not None else None
        labels = data.train.layers()
        judge = classifier_for(data.problem.dataset, data.train.target, labels, classes or 0, self.cache)
        return judge, [_inception()] if self.settings.inception else []

    def _cached(self, extractor: Extractor, part: Part) -> np.ndarray[Any, Any]:
        from bench.metrics.extractors import cached_features

        return np.asarray(cached_features(extractor, part.target, self.cache), np.float32)


def _memorised(answer: Arrays, truth: Arrays) -> Score:
    """Return the share of samples that are near copies of a training image, and what says how much that means."""
    from bench.metrics.memorisation import memorisation

    fake, real = answer["training_distances"], truth["real_training_distances"]
    found = memorisation(fake, real)
    measured = _known(("limit", "z", "z_limit"), found[1:])
    detail: dict[str, Value] = {"n_real": len(real), "n_fake": len(fake)} | measured
    name, title = "memorised", "Memorised share"
    return Score(name=name, value=found.share, higher_is_better=False, detail=detail, title=title, low=0, high=1)


def _likelihoods(answer: Arrays) -> Iterator[Score]:
    """Yield the mean bits per dimension, or their bound, of a model that has a likelihood."""
    for name, title in (
        ("bits_per_dimension", "Bits per dimension"),
        ("bits_per_dimension_bound", "Bits per dimension, at most"),
    ):
        if name in answer:
            detail: dict[str, Value] = {"levels": int(answer["likelihood_levels"])}
            value = float(answer[name].mean(dtype=np.float64))
            yield Score(name=name, value=value, higher_is_better=False, unit="bits", detail=detail, title=title, low=0)


def _known(names: Sequence[str], values: Iterable[float]) -> dict[str, Value]:
    """Return what is known of these, as floats: whole numbers in a detail are settings, which part columns."""
    return {name: float(value) for name, value in zip(names, values, strict=True) if not math.isnan(value)}


@cache
def _inception() -> Extractor:
    from bench.metrics.inception import Inception

    return Inception()


def chosen(part: Part, n: int) -> Part:
    """Choose n samples, the same ones for ever: real data may lie sorted by class or by writer."""
    import torch

    places = torch.from_numpy(np.random.RandomState(0).permutation(len(part))[:n])
    return part.take(places)


def _pictured(data: TaskData) -> np.ndarray[Any, Any]:
    """Return images of the test part as they are kept, (rows, columns, *image): a column per class, as in samples."""
    from bench.metrics.pictures import GRID_SIDE, MOST_COLUMNS
    from bench.tasks.answering import kept_samples

    order = np.random.RandomState(0).permutation(len(data.test))
    classes = data.test.layers().numpy()[order]
    columns = [order[classes == each][:GRID_SIDE] for each in np.unique(classes)[:MOST_COLUMNS]]
    rows = min(map(len, columns))
    places = np.stack([places[:rows] for places in columns], axis=1)
    images = kept_samples(data.test.target[places.ravel()], data)["samples"]
    return images.reshape(*places.shape, *images.shape[1:])


def _features(extractor: Extractor, images: Tensor) -> np.ndarray[Any, Any]:
    return np.asarray(extractor.features(images), np.float32)


def _seen(prefix: str, judge: Classifier, images: Tensor) -> dict[str, np.ndarray[Any, Any]]:
    """Return what the judge sees in images: features (n, 64) float32 and the most probable class (n,) int64."""
    features = judge.features(images)
    return {
        f"{prefix}features": np.asarray(features, np.float32),
        f"{prefix}classes": np.asarray(judge.classes(features), np.int64),
    }


def _wide(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.float64)


def text(name: str, words: str) -> dict[str, np.ndarray[Any, Any]]:
    """Keep a word beside arrays, as its bytes."""
    return {name: np.frombuffer(words.encode(), np.uint8)}


def text_of(arrays: Arrays, name: str) -> str:
    """Return a word that was kept beside arrays."""
    return arrays[name].tobytes().decode()
