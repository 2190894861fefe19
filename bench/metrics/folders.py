"""Folders of images as a Fréchet distance sees them: read, turned into features, and kept as mean and covariance."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from bench.errors import DataError, DataMissing
from bench.metrics.extractors import Extractor
from bench.metrics.frechet import FrechetStatistics

__all__ = ["SUFFIXES", "Moments", "image_files", "load", "moments_of", "save"]

# Those that pytorch-fid looks for, so that both see the same files.
SUFFIXES = ("bmp", "jpg", "jpeg", "pgm", "png", "ppm", "tif", "tiff", "webp")
# Batches that are read while the network works on one.
AHEAD = 2
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of the features of images.

    count: how many images, 0 where a file of another program does not say it. extractor: its name, "" likewise.
    reference: the Fréchet distance between the two halves of the images, every other one; None where it is not known.
    """

    statistics: FrechetStatistics
    count: int = 0
    extractor: str = ""
    reference: float | None = None

    def distance(self, other: Moments) -> float:
        """Fréchet distance to other moments; raises DataError where those are of another extractor."""
        if self.extractor and other.extractor and self.extractor != other.extractor:
            raise DataError(
                f"features of {self.extractor} and of {other.extractor} have no distance: compute both with one network"
            )
        if self.dimension != other.dimension:
            raise DataError(
                f"{self.dimension} and {other.dimension} features have no distance: compute both with the same --dims"
            )
        return self.statistics.distance(other.statistics)

    @property
    def dimension(self) -> int:
        """How many features an image has."""
        return len(self.statistics.mean)


def image_files(folder: Path) -> list[Path]:
    """Return the images of a folder, not of its subfolders, by name; raises DataMissing where there are none."""
    found = sorted(path for path in folder.iterdir() if path.suffix[1:].lower() in SUFFIXES and path.is_file())
    if not found:
        inside = [path.name for path in folder.iterdir() if path.is_dir()]
        hint = f"; its subfolders ({', '.join(sorted(inside)[:3])}) are not searched" if inside else ""
        raise DataMissing(f"{folder} holds no images ({', '.join(SUFFIXES)}){hint}")
    return found


def moments_of(
    folder: Path,
    extractor: Extractor,
    device: torch.device,
    *,
    batch_size: int = 50,
    workers: int = 2,
    with_reference: bool = True,
    seen: Callable[[int], None] = lambda count: None,
) -> Moments:
    """Return the moments of all images of a folder; seen: called with the number of images after each batch.

    Images of several sizes may lie side by side: each is brought to the network's size by itself. Raises DataMissing
    where there are none, DataError where one cannot be read, NotEnoughSamples for a single one.
    """
    halves: list[FrechetStatistics] = []
    for number, images in enumerate(_batches(image_files(folder), batch_size, workers)):
        features = extractor.features(images.to(device))
        halves = halves or [FrechetStatistics(features.shape[1]) for _ in range(2)]
        halves[number % 2].update(features[::2])
        halves[1 - number % 2].update(features[1::2])
        seen(len(images))
    whole = halves[0].merged(halves[1])
    is_split = with_reference and min(half.count for half in halves) > 1
    reference = halves[0].distance(halves[1]) if is_split else None
    return Moments(whole, whole.count, extractor.name, reference)


def save(moments: Moments, path: Path) -> None:
    """Write moments as pytorch-fid does (`mu`, `sigma`), with what else is known of them."""
    reference = np.nan if moments.reference is None else moments.reference
    found = moments.statistics
    np.savez_compressed(
        path, mu=found.mean, sigma=found.covariance, count=moments.count, extractor=np.str_(moments.extractor),
        reference=reference,
    )  # fmt: skip


def load(path: Path) -> Moments:
    """Read moments that this module or pytorch-fid wrote; raises DataError where a file holds none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in ("mu", "sigma", "count", "extractor", "reference") if name in file}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no file of statistics: {error}") from error
    mean, covariance = found.get("mu"), found.get("sigma")
    if mean is None or covariance is None or covariance.shape != (*mean.shape, *mean.shape) or mean.ndim != 1:
        raise DataError(f"{path} is no file of statistics: it needs mu, (d,), and sigma, (d, d)")
    count, reference = int(found.get("count", 0)), float(found.get("reference", np.nan))
    statistics = FrechetStatistics.of_moments(mean, covariance, count or 2)
    return Moments(statistics, count, str(found.get("extractor", "")), None if np.isnan(reference) else reference)


def _batches(files: Sequence[Path], batch_size: int, workers: int) -> Iterator[Any]:
    """Yield images, (n, 3, height, width) in [-1, 1], of one size each; threads read ahead of the network."""
    with ThreadPoolExecutor(max(1, workers)) as readers:
        rest = iter(files)
        waiting = [[readers.submit(_read, path) for path in islice(rest, batch_size)] for _ in range(AHEAD)]
        while batch := waiting.pop(0):
            waiting.append([readers.submit(_read, path) for path in islice(rest, batch_size)])
            yield from _by_size([each.result() for each in batch])


def _by_size(images: Sequence[Pixels]) -> Iterator[Any]:
    for shape in dict.fromkeys(image.shape for image in images):
        pixels = np.stack([image for image in images if image.shape == shape])
        yield torch.from_numpy(pixels.transpose(0, 3, 1, 2)).float().div_(127.5).sub_(1)


def _read(path: Path) -> Pixels:
    """Read an image as (height, width, 3) of 256 levels."""
    try:
        with Image.open(path) as image:
            # Of more levels Pillow would keep the 256 lowest.
            if image.mode[:1] in "IF":
                raise DataError(f"{path} has more than 256 levels (mode {image.mode}): save it with 8 bits a channel")
            return np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path} is no image that can be read: {error}") from error
