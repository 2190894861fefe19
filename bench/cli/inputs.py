"""Read the images that runs were tested on, where a report wants to show some and they are at hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from bench.errors import DataMissing
from bench.plugins import BROKEN, Plugins, sentence

if TYPE_CHECKING:
    from bench.data import Dataset
    from bench.record import RunRecord
    from bench.spaces import Space

__all__ = ["InputImages"]

# A report is quick: what takes longer to read than all the rest of it is not worth a dozen pictures.
MOST_BYTES = 100_000_000


class InputImages:
    """The images of runs' test parts; nothing is downloaded for them, and each data set is read once.

    Called with a record it returns (n, 1 or 3, height, width) uint8, 256 levels between the bounds of the data, in the
    order of the run's answers; None where the data set holds no images, holds more than 100 MB of them, is not at hand,
    or is not the one that the run was tested on.
    """

    def __init__(self, plugins: Plugins, data_root: Path | str | None = None) -> None:
        self._plugins, self._data_root = plugins, data_root
        self._name = ""
        self._dataset: Dataset | None = None

    def __call__(self, record: RunRecord) -> npt.NDArray[np.uint8] | None:
        """Return the images of the test part of a run."""
        run = record.run
        dataset = self._found(run.dataset)
        if dataset is None:
            return None
        split = run.split
        test = dataset.resplit(split.scheme, split.number, split.count).test
        if test.sha256() != record.data.get("test"):
            return None
        return _levels(test.x, dataset.spec.inputs)

    def _found(self, name: str) -> Dataset | None:
        """Return a data set; one is kept at a time, since sections of one data set follow each other."""
        if name != self._name:
            self._name, self._dataset = name, self._read(name)
        return self._dataset

    def _read(self, name: str) -> Dataset | None:
        from bench.sources import DataSource

        if name not in self._plugins.datasets:
            return None
        offer = self._plugins.datasets[name]
        if not _is_shown(offer.spec.inputs, offer.spec.sample_count) or offer.missing() is not None:
            return None
        try:
            found: Dataset = offer.load()(DataSource.of(offer.spec, self._data_root))
            found.check()
        except DataMissing:
            return None
        except BROKEN as error:
            click.echo(f"Warning: no test samples of {name} are shown: {sentence(error)}", err=True)
            return None
        return found


def _is_shown(space: Space, count: int) -> bool:
    is_image = space.axes == "chw" and space.kind == "real" and space.bounds is not None and space.shape[0] in (1, 3)
    return is_image and None not in space.shape and 0 < count * math.prod(space.sizes) <= MOST_BYTES


def _levels(images: npt.NDArray[Any], space: Space) -> npt.NDArray[np.uint8]:
    if images.dtype == np.uint8 or space.bounds is None:
        return images.astype(np.uint8)
    low, high = space.bounds
    return np.round(255 * (images.astype(np.float64) - low) / (high - low)).astype(np.uint8)
