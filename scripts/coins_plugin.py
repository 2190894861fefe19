"""Offer 200 small data sets, and two coins that name the right class equally often on all of them.

A plugin for `coins_check.py`, or for `bench run SUITE --plugin scripts/coins_plugin.py`. The label stands in the data,
so that a coin can be right as often as its bias says whatever it is tossed for: neither of the two ever is better.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bench import CLASS, DatasetSpec, ModelSpec, Problem, Role, Space, hookimpl
from bench.data import Dataset, Split
from bench.sources import DataSource

BIAS, COUNT, SAMPLES = 0.8, 200, 150
DATASETS = tuple(f"tosses-{number:03}" for number in range(COUNT))
MODELS = ("coin-a", "coin-b")


@hookimpl
def bench_datasets() -> Iterator[DatasetSpec]:
    """Return tables of one column that is the class."""
    for name in DATASETS:
        yield DatasetSpec(
            name=name, target="coins_plugin:load", summary="drawn; the only column is the class",
            sample_count=SAMPLES, licence="CC0-1.0", source="drawn",
            inputs=Space("c", (1,)), targets=Space(kind="index", size=2, names=("heads", "tails")),
        )  # fmt: skip


@hookimpl
def bench_models() -> Iterator[ModelSpec]:
    """Return the coins."""
    for name in MODELS:
        yield ModelSpec(
            name=name, target=f"coins_plugin:{name.replace('-', '_')}", summary="right with a fixed probability",
            family="shallow", roles=(Role("predict", target=CLASS),), devices=("cpu",),
        )  # fmt: skip


def load(source: DataSource) -> Dataset:
    """Return labels as classes and as the only column."""
    labels = np.random.default_rng(crc32(source.spec.name.encode())).integers(0, 2, SAMPLES)
    return Dataset.cut(source.spec, Split(labels[:, None].astype(np.float32), labels))


class Coin:
    """Names the class that its column says, or with probability 1 − BIAS the other one."""

    def __init__(self, name: str, problem: Problem) -> None:
        self.own = crc32(f"{name} on {problem.dataset}".encode())
        self.random = np.random.default_rng(self.own)

    def fit(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        """Draw from the run's seed, but not what the other coin draws from it."""
        self.middle = (x[y == 0].mean() + x[y == 1].mean()) / 2
        self.random = np.random.default_rng([self.own, np.random.randint(2**31)])

    def predict_proba(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities of BIAS and 1 − BIAS, (n, 2)."""
        tails = (x[:, 0] > self.middle) ^ (self.random.random(len(x)) > BIAS)
        return np.where(tails[:, None], [1 - BIAS, BIAS], [BIAS, 1 - BIAS])


def coin_a(problem: Problem) -> Coin:
    """Return the first coin."""
    return Coin("a", problem)


def coin_b(problem: Problem) -> Coin:
    """Return the second coin."""
    return Coin("b", problem)
