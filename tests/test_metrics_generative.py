"""Scores of samples: on sets whose answer is known, and against their definitions written as plain loops."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import NotEnoughSamples
from bench.metrics import generative as metrics


def random(seed: int, n: int, d: int = 3) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def radius(points: torch.Tensor, index: int, k: int) -> float:
    return sorted(float((points[index] - other).norm()) for other in points)[k]


def share_inside(points: torch.Tensor, balls: torch.Tensor, k: int) -> float:
    radii = [radius(balls, index, k) for index in range(len(balls))]
    inside = [any((p - b).norm() <= r for b, r in zip(balls, radii, strict=True)) for p in points]
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
    inside = [[float((f - r).norm()) <= limit for r, limit in zip(real, radii, strict=True)] for f in fake]
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
    precision, recall = metrics.precision_and_recall(torch.cat([first, second]), random(2, 200))
    assert precision > 0.9
    assert 0.4 < recall <= 0.5
    assert metrics.density_and_coverage(torch.cat([first, second]), random(2, 200))[1] <= 0.5


def test_neighbours_beyond_one_block_are_found():
    """More samples than are held at once: the seams between blocks must not show."""
    real, fake = random(0, metrics.ROWS_AT_ONCE + 7, 2), random(1, metrics.ROWS_AT_ONCE + 5, 2)
    whole = torch.cdist(fake, real) <= torch.cdist(real, real).topk(6, largest=False).values[:, -1]
    density, coverage = metrics.density_and_coverage(real, fake)
    assert density == pytest.approx(float(whole.double().sum()) / (5 * len(fake)), rel=1e-3)
    assert coverage == pytest.approx(float(whole.any(0).double().mean()), abs=2e-3)
    assert metrics.precision_and_recall(real, fake)[0] == pytest.approx(float(whole.any(1).double().mean()), abs=2e-3)


def test_duplicates():
    real, fake = random(0, 400), random(1, 400)
    assert metrics.duplicate_share(real, fake) < 0.04
    assert metrics.duplicate_share(real, fake[:40].repeat(10, 1)) == 1.0
    assert metrics.duplicate_share(real, torch.cat([fake[:200], fake[:1].repeat(200, 1)])) > 0.5


def test_modes_and_shares():
    classes = torch.tensor([0] * 50 + [1] * 49 + [2])
    assert metrics.class_shares(classes, 4).tolist() == [0.5, 0.49, 0.01, 0.0]
    assert metrics.modes_captured(classes, 4) == 2
    assert metrics.modes_captured(classes, 4, minimum=0.04) == 3


def test_reverse_kl_by_hand():
    even = torch.full((2,), 0.5, dtype=torch.float64)
    assert metrics.reverse_kl(torch.tensor([0, 1]), even) == 0.0
    assert metrics.reverse_kl(torch.tensor([0, 0]), even) == pytest.approx(math.log(2))
    assert metrics.reverse_kl(torch.tensor([0, 1]), torch.tensor([1.0, 0.0])) == math.inf


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 40))
def test_reverse_kl_is_never_negative(seed, n):
    generator = torch.Generator().manual_seed(seed)
    shares = torch.softmax(torch.randn(5, generator=generator, dtype=torch.float64), 0)
    assert metrics.reverse_kl(torch.randint(5, (n,), generator=generator), shares) >= 0


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
        metrics.class_shares(torch.tensor([], dtype=torch.int64), 3)
