"""What real images score against the test part, and how near they lie to the training part: computed once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.metrics.extractors import Classifier, Extractor, cached_arrays, hash_of
from bench.metrics.memorisation import nearest_two
from bench.metrics.reference import frechet_reference

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TrainingImages", "reference_by", "seen_of_real"]

Array = npt.NDArray[Any]

# How the arrays are computed: other ones may not share a file with these.
RECIPE = "v1"
# So many samples are compared with all training images as take a few seconds, which go with this product: samples ×
# training images × pixels.
FEWEST_SAMPLES, MOST_SAMPLES, MOST_PRODUCTS = 500, 2000, 2.5e10


class TrainingImages:
    """The images of the training part, to which samples are compared; they stay on the host.

    images: (N, channels, height, width) in [-1, 1].
    """

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def distances(self, samples: Tensor) -> Array:
        """Return how far samples are from their two nearest training images, (q, 2) float32; see `nearest_two`.

        q: all, or as many as are compared in a few seconds, but 500; the same places each time, at random, since a
        model may draw one class after the other.
        """
        most = int(np.clip(MOST_PRODUCTS / self.images.numel(), FEWEST_SAMPLES, MOST_SAMPLES))
        places = np.random.RandomState(0).permutation(len(samples))[:most]
        rows = samples.detach().cpu().flatten(1).numpy()[places]
        return nearest_two(rows, self.images.flatten(1).numpy()).astype(np.float32)


def seen_of_real(judge: Classifier, training: TrainingImages, test: Tensor, cache: str) -> dict[str, Array]:
    """Return the judge's `reference`, (3,) float64, for as many images as `test`, and `real_training_distances`.

    reference: mean, low and high of `bench.metrics.reference.frechet_reference`.
    """

    def compute() -> Mapping[str, Array]:
        found = frechet_reference(judge.features(training.images), judge.features(test), len(test))
        return {"reference": np.array(found), "real_training_distances": training.distances(test)}

    return cached_arrays(f"real-{RECIPE}-{judge.name}-{hash_of(training.images, test)[:16]}", cache, compute)


def reference_by(extractor: Extractor, train: Array, real: Array, cache: str) -> Array:
    """Return the reference of an extractor too slow for the whole training part, (3,) float64: a mean without a range.

    train, real: (n, d) features of as many training and test images.
    """
    import torch

    # With 2,048 features one distance takes as long as a small model's training.
    stem = f"reference-{RECIPE}-{extractor.name}-{hash_of(torch.from_numpy(train), torch.from_numpy(real))[:16]}"
    return cached_arrays(stem, cache, lambda: {"reference": np.array(frechet_reference(train, real, len(train)))})[
        "reference"
    ]
