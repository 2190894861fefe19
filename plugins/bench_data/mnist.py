"""MNIST, in torchvision's layout under the data root."""

from __future__ import annotations

from bench.data import Dataset
from bench.sources import DataSource
from bench_data.idx import load_mnist_family

__all__ = ["load"]


def load(source: DataSource) -> Dataset:
    """Return 54,999 / 5,001 / 10,000 images, (1, 28, 28) uint8."""
    return load_mnist_family(source, "MNIST/raw")
