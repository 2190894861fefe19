"""Networks that turn images into features: the shipped one for digits, others trained once and cached."""

from __future__ import annotations

import fcntl
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor

from bench.errors import ChecksumMismatch, DataError
from bench.metrics.lenet import LeNet, about, decode, encode, train_lenet

__all__ = [
    "Classifier",
    "Extractor",
    "cached_arrays",
    "cached_features",
    "classifier_for",
    "digits_classifier",
    "hash_of",
]

# The recipe of `train_lenet`: another one gives other features, which may not share a name with these.
RECIPE = "v1"
DIGITS_WEIGHTS = Path(__file__).parent / "weights" / f"lenet-digits-{RECIPE}.safetensors"
DIGITS_SHA256 = "fb223f0c7345430223bb92f9b1a53748c85c1416b7655916285acd3c64f4d57f"
IMAGES_AT_ONCE = 500

Features = NDArray[np.float64]
Array = NDArray[Any]


class Extractor(ABC):
    """What turns images, a tensor on any device, into features, an array for the scores.

    name:   says which network and which weights, e.g. `lenet-digits-v1@1a2b3c4d`; it goes into the score's name.
    resize: how images are brought to the network's size, `none` where it takes any.
    """

    name: str
    resize: str

    @property
    def score_name(self) -> str:
        """Name of the Fréchet distance on these features; only the Inception of the paper may call it `fid`."""
        return f"fd:{self.name}"

    @abstractmethod
    def features(self, images: Tensor) -> Features:
        """Map images, (n, channels, height, width) in [-1, 1], to features, (n, d) float64."""


class Classifier(Extractor):
    """A LeNet as an extractor, which also names the class of an image.

    It works on the CPU in float32 whatever the device of the images is, so that a run on CUDA is judged by
    the same numbers as a run on the CPU.
    """

    resize = "none"

    def __init__(self, name: str, network: LeNet) -> None:
        self.name, self.network = name, network

    @torch.no_grad()
    def features(self, images: Tensor) -> Features:
        """Map images, (n, channels, height, width) in [-1, 1], to features, (n, 64) float64."""
        parts = torch.split(images.detach().to("cpu", torch.float32), IMAGES_AT_ONCE)
        features: Features = torch.cat([self.network.features(part) for part in parts]).double().numpy()
        return features

    @torch.no_grad()
    def logits(self, features: Features) -> NDArray[np.float32]:
        """Map features, (n, 64), to logits, (n, classes)."""
        logits: NDArray[np.float32] = self.network.head(torch.tensor(features, dtype=torch.float32)).numpy()
        return logits

    def classes(self, features: Features) -> NDArray[np.int64]:
        """Name the most probable class from features, (n, 64); returns (n,)."""
        classes: NDArray[np.int64] = self.logits(features).argmax(1)
        return classes


def digits_classifier() -> Classifier:
    """Return the shipped classifier of 8 x 8 digits; raises ChecksumMismatch where the file is another one."""
    return _classifier(DIGITS_WEIGHTS, "digits", DIGITS_SHA256, "Install depthbench again")


def classifier_for(dataset: str, images: Tensor, labels: Tensor, classes: int, cache: Path | str) -> Classifier:
    """Return the classifier that judges samples of a data set, trained on its training part.

    images: (n, channels, height, width) float32 in [-1, 1]; labels: (n,) int64. For `digits` it is the shipped
    one. For others the weights lie under `cache`, named after the data set, the hash of these images and labels
    and their own hash; where there are none they are trained, by one process however many ask. Raises
    ChecksumMismatch where a file's content does not have the hash in its name, DataError where it cannot be written.
    """
    data = hash_of(images, labels)
    if dataset == "digits" and about(DIGITS_WEIGHTS.read_bytes())["data_sha256"] == data:
        return digits_classifier()
    folder, stem = Path(cache), f"lenet-{dataset}-{RECIPE}-{data[:12]}"
    with _exclusive(folder / f"{stem}.lock"):
        known = sorted(folder.glob(f"{stem}-*.safetensors"))
        if not known:
            content = encode(train_lenet(images, labels, classes), dataset=dataset, data_sha256=data)
            known = [folder / f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.safetensors"]
            _write(known[0], content)
    expected = known[0].stem.rpartition("-")[2]
    return _classifier(known[0], dataset, expected, "Remove it, it will be trained again")


def cached_features(extractor: Extractor, images: Tensor, cache: Path | str) -> Features:
    """Return features of real images, computed once and kept under `cache`: worth it where the network is slow."""
    stem = f"features-{extractor.name}-{hash_of(images)[:16]}"
    return cached_arrays(stem, cache, lambda: {"features": extractor.features(images)})["features"]


def cached_arrays(stem: str, cache: Path | str, compute: Callable[[], Mapping[str, Array]]) -> dict[str, Array]:
    """Return arrays that are computed once, by one process however many ask, and kept under `cache`.

    stem: the name of their file, which must say all that they depend on.
    """
    path = Path(cache) / f"{stem}.safetensors"
    with _exclusive(path.with_suffix(".lock")):
        if not path.is_file():
            _write(path, save({name: np.ascontiguousarray(array) for name, array in compute().items()}))
    try:
        return load(path.read_bytes())
    except SafetensorError as error:
        raise ChecksumMismatch(f"{path} is damaged ({error}). Remove it, it will be computed again") from error


def hash_of(*tensors: Tensor) -> str:
    """Return the sha256 of shapes, types and contents."""
    digest = hashlib.sha256()
    for tensor in tensors:
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _classifier(path: Path, dataset: str, expected_sha256: str, cure: str) -> Classifier:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if not found.startswith(expected_sha256):
        raise ChecksumMismatch(
            f"{path} does not hold the weights it should: sha256 must begin {expected_sha256}, found {found}. {cure}"
        )
    return Classifier(f"lenet-{dataset}-{RECIPE}@{found[:8]}", decode(content))


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock file: one process at a time, released by the system when its holder dies."""
    with _keeping(lock.parent):
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("w")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    partial = path.with_suffix(f".{os.getpid()}")
    with _keeping(path.parent):
        partial.write_bytes(content)
        partial.replace(path)


@contextmanager
def _keeping(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"what judges samples is kept in {folder}, where nothing can be written: {error.strerror}. "
            "Set XDG_CACHE_HOME to a folder that can be written"
        ) from error
