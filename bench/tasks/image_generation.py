"""Image generation: samples are judged by their distance to real images and by what of the data they cover."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from bench.data import Dataset, Split
from bench.errors import ContractError, DataError, Diverged
from bench.model import Problem
from bench.record import Score
from bench.specs import Value
from bench.tasks.base import Evaluation, Part, Task, TaskData, TaskSettings

if TYPE_CHECKING:
    from torch import Tensor

    from bench.metrics.extractors import Classifier, Extractor

__all__ = ["ImageGeneration", "ImageGenerationSettings"]

# One seed of noise for all models: else two grids, or two curves, could not be laid side by side.
NOISE_SEED = 0
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

    Images are float32 in [-1, 1]. The judge is a classifier trained on the real training part: the shipped one for
    `digits`, else one that is trained once, which takes about a minute, and kept in the cache.
    A metric that a plugin offers for `image-generation` is called as `function(real, fake)` with the judge's
    features, (n, d) float64 each.
    """

    Settings = ImageGenerationSettings
    settings: ImageGenerationSettings
    objective: ClassVar[str] = "frechet_distance"
    is_objective_higher_better: ClassVar[bool] = False

    def prepare(self, dataset: Dataset, name: str) -> TaskData:
        """Scale images to [-1, 1] and get the judge ready; raises DataError where the data are no labelled images."""
        from bench.metrics.extractors import classifier_for

        shape = dataset.input_shape
        if len(shape) != 3 or shape[0] not in (1, 3) or dataset.class_count < 2:
            raise DataError(
                f"image-generation needs images of 1 or 3 channels in at least 2 classes; {name!r} has samples of "
                f"shape {shape} in {dataset.class_count} classes"
            )
        data = TaskData(
            problem=Problem("image-generation", name, shape, dataset.class_count, len(dataset.train)),
            train=_images(dataset.train, name),
            validation=_images(dataset.validation, name),
            test=_images(dataset.test, name),
            class_names=dataset.class_names,
        )
        train = self._real_train = data.train
        self.classifier: Classifier = classifier_for(name, train.x, train.y, dataset.class_count, self.cache)
        self.extractors: list[Extractor] = [self.classifier, *self._inception()]
        self._known: list[tuple[Extractor, Tensor, Tensor]] = []
        return data

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Refuse: what a generative model minimises is its own business."""
        raise ContractError("a generative network trains itself: give it a training_step(batch)")

    def check(self, model: Any, data: TaskData) -> None:
        """Ask an untrained network for two samples and look at them; a black box can draw only once it is fitted."""
        from bench.metrics.samples import draw

        is_network = _is_network(model)
        needed = ("training_step", "sample") if is_network else ("fit", "sample")
        missing = [name for name in needed if not callable(getattr(model, name, None))]
        if missing:
            raise ContractError(
                f"{type(model).__name__} cannot be asked for images: it has no {' and no '.join(missing)}. "
                "See bench.model.Generator"
            )
        if is_network:
            try:
                draw(model, 2, data.problem.input_shape, seed=NOISE_SEED)
            except Diverged as error:
                raise ContractError(f"before any training {error}") from error

    def validate(self, model: Any, data: TaskData) -> dict[str, float]:
        """Fréchet distance and captured modes of at most 500 samples, against the validation part."""
        from bench.metrics.frechet import frechet_distance_of_features
        from bench.metrics.generative import modes_captured

        n = min(VALIDATION_SAMPLES, len(data.validation))
        fake = self.classifier.features(self._draw(model, n, data)[0])
        real = self._real_features(self.classifier, data.validation.x, n)
        return {
            "frechet_distance": frechet_distance_of_features(real, fake),
            "modes_captured": float(modes_captured(self.classifier.classes(fake), data.problem.classes)),
        }

    def evaluate(self, model: Any, data: TaskData) -> Evaluation:
        """Every score of samples against the test part, and a grid of samples."""
        from bench.metrics.samples import draw_grid, picture

        n = min(self.settings.samples or len(data.test), len(data.test), len(self._real_train))
        samples, notes = self._draw(model, n, data)
        fakes = [extractor.features(samples) for extractor in self.extractors]
        scores = [
            *(self._distance(*pair, data) for pair in zip(self.extractors, fakes, strict=True)),
            *self._coverage(fakes[0], data),
        ]
        grid, columns = draw_grid(model, data.problem.input_shape, data.problem.classes, seed=NOISE_SEED)
        return Evaluation(tuple(scores), {"samples.png": ("image/png", picture(grid, columns))}, notes)

    def predictor(self, model: Any) -> Callable[[Tensor], Any]:
        """Drawing of as many samples as the batch has."""
        if _is_network(model):
            model.eval()
        return lambda x: model.sample(len(x))

    def _inception(self) -> Iterator[Extractor]:
        if self.settings.inception:
            from bench.metrics.inception import Inception

            yield Inception()

    def _draw(self, model: Any, n: int, data: TaskData) -> tuple[Tensor, tuple[str, ...]]:
        """Return n samples within [-1, 1] and a note where they had to be brought there."""
        from bench.metrics.samples import draw

        with self.sampling:
            samples = draw(model, n, data.problem.input_shape, seed=NOISE_SEED)
        outside = float((samples.abs() > 1 + 1e-6).double().mean())
        notes = (f"{outside:.2%} of the samples' values lay outside [-1, 1] and were clamped",) if outside else ()
        return samples.clamp(-1, 1), notes

    def _distance(self, extractor: Extractor, fake: Tensor, data: TaskData) -> Score:
        from bench.metrics.frechet import frechet_distance_of_features

        n = len(fake)
        real = self._real_features(extractor, data.test.x, n)
        floor = frechet_distance_of_features(self._real_features(extractor, self._real_train.x, n), real)
        return Score(
            name=extractor.score_name,
            value=frechet_distance_of_features(real, fake),
            higher_is_better=False,
            detail={"n_real": n, "n_fake": n, "floor": floor, "resize": extractor.resize},
        )

    def _coverage(self, fake: Tensor, data: TaskData) -> Iterator[Score]:
        """Yield what the judge sees in the samples, and where they lie among the real images."""
        from bench.metrics import generative

        n = len(fake)
        real = self._real_features(self.classifier, data.test.x, n)
        labels = data.test.y.cpu()
        is_right = self.classifier.classes(real) == labels[_fixed_choice(len(labels), n)]
        classes, class_count = self.classifier.classes(fake), data.problem.classes
        modes = generative.modes_captured(classes, class_count)
        divergence = generative.reverse_kl(classes, generative.class_shares(labels, class_count))
        accuracy = float(is_right.double().mean())
        about: dict[str, Value] = {"n_fake": n, "judge": self.classifier.name, "judge_accuracy": accuracy}
        yield Score(name="modes_captured", value=modes, higher_is_better=True, detail=about | {"of": class_count})
        yield Score(name="reverse_kl", value=divergence, higher_is_better=False, unit="nats", detail=about)
        near_real, near_fake = real[:NEIGHBOUR_SAMPLES], fake[:NEIGHBOUR_SAMPLES]
        precision, recall = generative.precision_and_recall(near_real, near_fake)
        density, coverage = generative.density_and_coverage(near_real, near_fake)
        duplicates = generative.duplicate_share(near_real, near_fake)
        about |= {"n_real": len(near_real), "n_fake": len(near_fake), "neighbours": generative.NEIGHBOURS}
        for name, value in (("precision", precision), ("recall", recall), ("density", density), ("coverage", coverage)):
            yield Score(name=name, value=value, higher_is_better=True, detail=about)
        yield Score(name="duplicates", value=duplicates, higher_is_better=False, detail=about | {"neighbours": 1})
        for metric in self.metrics:
            yield metric.score(metric.function(real, fake), n_real=len(real), n_fake=n, judge=self.classifier.name)

    def _real_features(self, extractor: Extractor, images: Tensor, n: int) -> Tensor:
        """Return the features of n real images, always the same ones, computed once."""
        for known_extractor, known_images, features in self._known:
            if known_extractor is extractor and known_images is images and len(features) == n:
                return features
        chosen = images[_fixed_choice(len(images), n).to(images.device)]
        if extractor is self.classifier:
            features = extractor.features(chosen)
        else:
            from bench.metrics.extractors import cached_features

            features = cached_features(extractor, chosen, self.cache)
        self._known.append((extractor, images, features))
        return features


def _fixed_choice(available: int, n: int) -> Tensor:
    """Choose n of them, the same ones for ever: real data may lie sorted by class or by writer."""
    import torch

    return torch.from_numpy(np.random.RandomState(0).permutation(available)[:n])


def _images(split: Split, name: str) -> Part:
    """Return images in [-1, 1] from uint8 in 0 … 255 or floats in [0, 1]."""
    import torch

    x = split.x.astype(np.float32) / np.float32(127.5) if split.x.dtype == np.uint8 else 2 * split.x.astype(np.float32)
    if x.min() < 0 or x.max() > 2:
        raise DataError(f"images of {name!r} must be uint8 or lie in [0, 1]; got {x.min() / 2:g} to {x.max() / 2:g}")
    # Labels read straight from a file cannot be written to, and torch warns of such arrays: a copy can.
    return Part(torch.from_numpy(x - 1), torch.tensor(split.y))


def _is_network(model: Any) -> bool:
    import torch

    return isinstance(model, torch.nn.Module)
