"""CIFAR-10, in torchvision's layout under the data root or in the tar as it is downloaded."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

from bench.data import Dataset, Split, split
from bench.errors import DataError
from bench.sources import DataSource

__all__ = ["load", "read_batch"]

FOLDER = "cifar-10-batches-py"
# The customary 45,000 / 5,000.
VALIDATION_SHARE = 0.1
# What rebuilds an array; taken from an array, because numpy has moved the function to a private home.
_RECONSTRUCT = np.zeros(0).__reduce__()[0]
_ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class ArrayUnpickler(pickle.Unpickler):
    """Unpickle arrays, lists, dictionaries, numbers and bytes; whatever else a pickle asks for is refused."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the four things an array is made of, else raise DataError."""
        if (module, name) not in _ADMITTED:
            raise DataError(f"not loaded: a CIFAR-10 batch asks for {module}.{name}, which arrays do not need")
        return _ADMITTED[module, name]


def read_batch(content: bytes) -> Split:
    """Return the images (n, 3, 32, 32) uint8 and labels (n,) int64 of one batch, a pickle of Python 2."""
    batch = ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    return Split(batch[b"data"].reshape(-1, 3, 32, 32), np.asarray(batch[b"labels"], dtype=np.int64))


def load(source: DataSource) -> Dataset:
    """Return 45,000 / 5,000 / 10,000 images, (3, 32, 32) uint8; validation is a tenth of training."""
    batches = [read_batch(source.read(f"{FOLDER}/data_batch_{number}")) for number in range(1, 6)]
    train, validation = split(batches[0].joined(*batches[1:]), share=VALIDATION_SHARE)
    return Dataset(source.spec, train, validation, read_batch(source.read(f"{FOLDER}/test_batch")))
