"""Scores of samples: on sets whose answer is known, and against their definitions written as plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from bench.errors import NotEnoughSamples
from bench.metrics import generative as metrics


def random(seed: int, n: int, d: int = 3) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(n, d))


def radius(points: NDArray[np.float64], index: int, k: int) -> float:
    return sorted(float(np.linalg.norm(points[index] - other)) for other in points)[k]


def share_inside(points: NDArray[np.float64], balls: NDArray[np.float64], k: int) -> float:
    radii = [radius(balls, index, k) for index in range(len(balls))]
    inside = [any(np.linalg.norm(p - b) <= r * (1 + 1e-12) for b, r in zip(balls, radii, strict=True)) for p in points]
    return sum(inside) / len(inside)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**31), n=st.integers(4, 12), m=st.integers(4, 12), k=st.integers(1, 3))
def test_equal_to_the_definitions_written_as_loops(seed, n, m, k):
    real, fake = random(seed, n), random(seed + 1, m) + 0.5
    precision, recall = metrics.precision_and_recall(real, fake, k)
    assert precision == pytest.approx(share_inside(fake, real, k))
    assert recall == pytest.approx(share_inside(real, fake, k))
    density, coverage = metrics.density_and_coverage(real, fake, k)
    radii = [radius(real, index, k) for index in range(n)]
    inside = [[float(np.linalg.norm(f - r)) <= limit for r, limit in zip(real, radii, strict=True)] for f in fake]
    assert density == pytest.approx(sum(map(sum, inside)) / (k * m))
    assert coverage == pytest.approx(sum(map(any, zip(*inside, strict=True))) / n)


def test_real_against_itself_is_perfect():
    real = random(0, 50)
    assert metrics.precision_and_recall(real, real) == (1.0, 1.0)
    assert metrics.density_and_coverage(real, real)[1] == 1.0


def test_far_samples_score_nothing():
    real, fake = random(0, 50), random(1, 50) + 1000
    assert metrics.precision_and_recall(real, fake) == (0.0, 0.0)
    assert metrics.density_and_coverage(real, fake) == (0.0, 0.0)


def test_a_generator_that_draws_one_of_two_clusters_is_precise_but_recalls_half():
    first, second = random(0, 100), random(1, 100) + 1000
    precision, recall = metrics.precision_and_recall(np.concatenate([first, second]), random(2, 200))
    assert precision > 0.9
    assert 0.4 < recall <= 0.5
    assert metrics.density_and_coverage(np.concatenate([first, second]), random(2, 200))[1] <= 0.5


def test_neighbours_beyond_one_block_are_found(monkeypatch):
    """More samples than are held at once: the seams between blocks must not show."""
    monkeypatch.setattr("bench.metrics.neighbours.BLOCK_ELEMENTS", 10_000)
    real, fake = random(0, 507, 2), random(1, 405, 2)
    radii = np.sort(cdist(real, real), axis=1)[:, 5]
    whole = cdist(fake, real) <= radii
    assert metrics.density_and_coverage(real, fake) == (whole.sum() / (5 * len(fake)), whole.any(0).mean())
    assert metrics.precision_and_recall(real, fake)[0] == whole.any(1).mean()


def test_duplicates():
    real, fake = random(0, 400), random(1, 400)
    assert metrics.duplicate_share(real, fake) < 0.04
    assert metrics.duplicate_share(real, np.tile(fake[:40], (10, 1))) == 1.0
    assert metrics.duplicate_share(real, np.concatenate([fake[:200], np.tile(fake[:1], (200, 1))])) > 0.5


def test_modes_and_shares():
    classes = np.array([0] * 50 + [1] * 49 + [2])
    assert metrics.class_shares(classes, 4).tolist() == [0.5, 0.49, 0.01, 0.0]
    assert metrics.modes_captured(classes, 4) == 2
    assert metrics.modes_captured(classes, 4, minimum=0.04) == 3


def test_dropped_classes_are_those_that_chance_does_not_explain():
    even = np.full(10, 0.1)
    assert metrics.dropped_classes(np.arange(1000) % 10, even) == 0
    assert metrics.dropped_classes(np.zeros(10, np.int64), even) == 9
    assert metrics.dropped_classes(np.arange(1000) % 7, even) == 3
    # Two strays of 100 that are due to each are what a classifier errs.
    assert metrics.dropped_classes(np.r_[np.arange(998) % 9, 9, 9], even) == 1
    # One of ten classes is missing from 20 real samples more often than not, nine never are.
    assert metrics.dropped_classes(np.arange(20) % 9, even) == 0
    # A class that is rare in the data may be absent, and one that is not there cannot be.
    assert metrics.dropped_classes(np.arange(400) % 2, np.array([0.499, 0.499, 0.002])) == 0
    assert metrics.dropped_classes(np.arange(400) % 2, np.array([0.5, 0.5, 0.0])) == 0


@pytest.mark.parametrize("n", [20, 50, 359])
def test_samples_of_the_real_shares_drop_classes_more_rarely_than_the_level_says(n):
    random, shares = np.random.default_rng(0), np.random.default_rng(1).dirichlet(np.full(10, 3.0))
    flagged = [metrics.dropped_classes(random.choice(10, n, p=shares), shares, level=0.05) > 0 for _ in range(400)]
    assert np.mean(flagged) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_reverse_kl_by_hand():
    even = np.full(2, 0.5)
    assert metrics.reverse_kl(np.array([0, 1]), even) == 0.0
    assert metrics.reverse_kl(np.array([0, 0]), even) == pytest.approx(math.log(2))
    assert metrics.reverse_kl(np.array([0, 1]), np.array([1.0, 0.0])) == math.inf


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 40))
def test_reverse_kl_is_never_negative(seed, n):
    generator = np.random.default_rng(seed)
    assert metrics.reverse_kl(generator.integers(5, size=n), generator.dirichlet(np.ones(5))) >= 0


def test_too_few_samples_are_refused():
    few, many = random(0, 5), random(1, 30)
    with pytest.raises(NotEnoughSamples, match="more than 5 real samples, got 5"):
        metrics.precision_and_recall(few, many)
    with pytest.raises(NotEnoughSamples, match="more than 5 fake samples, got 5"):
        metrics.precision_and_recall(many, few)
    with pytest.raises(NotEnoughSamples, match="real"):
        metrics.density_and_coverage(few, many)
    with pytest.raises(NotEnoughSamples, match="fake"):
        metrics.duplicate_share(many, few[:1])
    with pytest.raises(NotEnoughSamples, match="at least 1"):
        metrics.class_shares(np.array([], dtype=np.int64), 3)
