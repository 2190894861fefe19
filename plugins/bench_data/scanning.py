"""Turn images into the sequences of their rows or pixels, and put all pixels in one other order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data import Dataset, Split

__all__ = ["permuted", "pixels", "pixels_permuted", "rows"]

Array = npt.NDArray[Any]
# One order for all images, models and runs.
SEED = 20_244


def rows(images: Dataset) -> Dataset:
    """Return each image (1, height, width) as its rows, (height, width), from the top."""
    return _changed(images, lambda x: x[:, 0])


def pixels(images: Dataset) -> Dataset:
    """Return each image (1, height, width) as its pixels, (height · width, 1), row after row."""
    return _changed(images, lambda x: x.reshape(len(x), -1, 1))


def pixels_permuted(images: Dataset) -> Dataset:
    """Return each image as its pixels, (height · width, 1), in the order of `permuted`."""
    return pixels(permuted(images))


def permuted(images: Dataset) -> Dataset:
    """Return each image with its pixels in one random order, the same for all."""

    def change(x: Array) -> Array:
        flat = x.reshape(len(x), -1)
        return flat[:, np.random.RandomState(SEED).permutation(flat.shape[1])].reshape(x.shape)

    return _changed(images, change)


def _changed(images: Dataset, change: Callable[[Array], Array]) -> Dataset:
    def part(split: Split) -> Split:
        return replace(split, x=change(split.x))

    parts = {name: part(split) for name, split in images.parts().items()}
    return Dataset(images.spec, **parts, whole=None if images.whole is None else part(images.whole))
