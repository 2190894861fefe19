"""MNIST, in torchvision's layout under the data root."""

from __future__ import annotations

from bench.data import Dataset
from bench.sources import DataSource
from bench_data.idx import load_mnist_family
from bench_data.scanning import permuted, pixels, pixels_permuted, rows

__all__ = ["load", "load_permuted", "load_pixels", "load_pixels_permuted", "load_rows"]


def load(source: DataSource) -> Dataset:
    """Return 54,999 / 5,001 / 10,000 images, (1, 28, 28) uint8."""
    return load_mnist_family(source, "MNIST/raw")


def load_rows(source: DataSource) -> Dataset:
    """Return the same images as 28 rows of 28 each."""
    return rows(load(source))


def load_pixels(source: DataSource) -> Dataset:
    """Return the same images as 784 pixels each, in the order of reading."""
    return pixels(load(source))


def load_pixels_permuted(source: DataSource) -> Dataset:
    """Return the same images as 784 pixels each, in one random order."""
    return pixels_permuted(load(source))


def load_permuted(source: DataSource) -> Dataset:
    """Return the same images with their pixels in that order."""
    return permuted(load(source))
