"""Neighbour scores where distances tie: the rules of the reference implementations, in exact integer arithmetic."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from bench.metrics import generative as metrics

# Few distinct points in few dimensions: most distances tie, many are 0.
grids = st.tuples(st.integers(5, 30), st.integers(1, 3)).flatmap(
    lambda shape: arrays.arrays(np.int64, shape, elements=st.integers(-3, 3))
)


def squared(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    return ((a[:, None] - b[None]) ** 2).sum(2)


def radii(points: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Both references sort a row of distances, its own zero among them, and take the one at place k."""
    return np.sort(squared(points, points), axis=1)[:, k]


def by_the_references(real: NDArray[np.int64], fake: NDArray[np.int64], k: int) -> tuple[float, float, float, float]:
    """Precision and recall by closed balls (Kynkäänniemi et al.), density and coverage by open ones (Naeem et al.)."""
    between, of_real, of_fake = squared(real, fake), radii(real, k)[:, None], radii(fake, k)[None]
    precision, recall = (between <= of_real).any(0).mean(), (between <= of_fake).any(1).mean()
    density, coverage = (between < of_real).sum() / (k * len(fake)), (between < of_real).any(1).mean()
    return float(precision), float(recall), float(density), float(coverage)


def found(real: NDArray[np.float64], fake: NDArray[np.float64], k: int) -> tuple[float, float, float, float]:
    return *metrics.precision_and_recall(real, fake, k), *metrics.density_and_coverage(real, fake, k)


@settings(deadline=None, max_examples=300)
@given(data=st.data(), real=grids, k=st.integers(1, 4), scale=st.sampled_from([1.0, 0.25, 1024.0]))
def test_ties_are_decided_as_the_references_decide_them(
    data: st.DataObject, real: NDArray[np.int64], k: int, scale: float
) -> None:
    count = data.draw(st.integers(5, 30))
    fake = data.draw(arrays.arrays(np.int64, (count, real.shape[1]), elements=st.integers(-3, 3)))
    assert found(real * scale, fake * scale, k) == pytest.approx(by_the_references(real, fake, k), rel=1e-14)


def test_a_copy_of_a_real_sample_lies_in_a_ball_of_no_width() -> None:
    """Whatever the numbers are: the distance of equal samples is 0 and not what rounding leaves of it."""
    r = np.random.default_rng(0)
    point = r.normal(size=(1, 64)) * 1e3
    real = np.concatenate([np.repeat(point, 10, axis=0), r.normal(size=(10, 64)) + 1e6])
    fake = np.repeat(point, 20, axis=0)
    assert found(real, fake, 5) == (1.0, 0.5, 0.0, 0.0)


def test_all_at_once_are_the_single_scores() -> None:
    r = np.random.default_rng(1)
    real, fake = r.integers(0, 4, (300, 3)) * 1.0, r.integers(0, 4, (200, 3)) * 1.0
    scores = metrics.neighbour_scores(real, fake)
    assert scores[:4] == found(real, fake, metrics.NEIGHBOURS)
    assert scores.duplicates == metrics.duplicate_share(real, fake)


@pytest.mark.parametrize("distinct", [1, 3])
def test_a_collapsed_generator_is_scored_as_fast_as_any(distinct: int) -> None:
    """Millions of distances that tie at 0, none of which may be worth a computation of its own."""
    r = np.random.default_rng(0)
    real, fake = r.normal(size=(2000, 64)), np.resize(r.normal(size=(distinct, 64)), (2000, 64))
    scores = metrics.neighbour_scores(real, fake)
    assert (scores.duplicates, scores.recall) == (1.0, 0.0)


def test_counts_depend_neither_on_blocks_nor_on_the_threads_of_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys, numpy as np; from bench.metrics import generative as m; r = np.random.default_rng(3);"
        "a, b = np.round(r.normal(size=(900, 9)), 1), np.round(r.normal(size=(700, 9)), 1);"
        "print(*[float(score).hex() for score in m.neighbour_scores(a, b)]);"
        "assert not {'torch', 'sklearn', 'scipy', 'pandas'} & set(sys.modules)"
    )
    seen = set()
    for threads in ("1", "2"):
        command = ["env", f"OPENBLAS_NUM_THREADS={threads}", sys.executable, "-c", code]
        seen.add(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    monkeypatch.setattr("bench.metrics.neighbours.BLOCK_ELEMENTS", 5000)
    r = np.random.default_rng(3)
    a, b = np.round(r.normal(size=(900, 9)), 1), np.round(r.normal(size=(700, 9)), 1)
    seen.add(" ".join(float(score).hex() for score in metrics.neighbour_scores(a, b)) + "\n")
    assert len(seen) == 1
