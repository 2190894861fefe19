"""The Fréchet distance: properties, closed forms, and parity with SciPy's matrix square root."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import NotEnoughSamples
from bench.metrics.frechet import FrechetStatistics, frechet_distance, frechet_distance_of_features

seeds = st.integers(0, 2**31 - 1)
dimensions = st.integers(1, 12)


def random(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gaussian(seed: int, d: int, rank: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    factor = random(seed, d, 2 * d if rank is None else rank)
    return random(seed + 1, d), factor @ factor.T


def rotation(seed: int, d: int) -> torch.Tensor:
    return torch.linalg.qr(random(seed, d, d)).Q


def by_sqrtm(mu1, sigma1, mu2, sigma2) -> float:
    root = scipy.linalg.sqrtm((sigma1 @ sigma2).numpy()).real
    return float((mu1 - mu2).square().sum() + sigma1.trace() + sigma2.trace() - 2 * np.trace(root))


@settings(deadline=None)
@given(seed=seeds, d=dimensions)
def test_symmetric_and_never_negative(seed, d):
    first, second = gaussian(seed, d), gaussian(seed + 7, d)
    there, back = frechet_distance(*first, *second), frechet_distance(*second, *first)
    assert there >= 0
    assert there == pytest.approx(back, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(seed=seeds, d=dimensions, rank=st.integers(1, 12))
def test_zero_on_itself_even_where_singular(seed, d, rank):
    mean, covariance = gaussian(seed, d, min(rank, d))
    assert frechet_distance(mean, covariance, mean, covariance) <= 1e-12 * float(covariance.trace())


@settings(deadline=None)
@given(seed=seeds, d=dimensions)
def test_unchanged_by_rotation_and_shift(seed, d):
    (m1, s1), (m2, s2) = gaussian(seed, d), gaussian(seed + 7, d)
    q, shift = rotation(seed + 3, d), random(seed + 5, d)
    turned = frechet_distance(q @ m1 + shift, q @ s1 @ q.T, q @ m2 + shift, q @ s2 @ q.T)
    assert turned == pytest.approx(frechet_distance(m1, s1, m2, s2), rel=1e-8, abs=1e-8)


@settings(deadline=None)
@given(seed=seeds, d=dimensions, scale=st.floats(1e-3, 1e3))
def test_scales_with_the_square(seed, d, scale):
    (m1, s1), (m2, s2) = gaussian(seed, d), gaussian(seed + 7, d)
    scaled = frechet_distance(scale * m1, scale**2 * s1, scale * m2, scale**2 * s2)
    assert scaled == pytest.approx(scale**2 * frechet_distance(m1, s1, m2, s2), rel=1e-8)


@settings(deadline=None)
@given(seed=seeds, d=dimensions)
def test_closed_form_for_covariances_that_commute(seed, d):
    m1, m2, q = random(seed, d), random(seed + 1, d), rotation(seed + 2, d)
    v1, v2 = random(seed + 3, d).square(), random(seed + 4, d).square()
    expected = (m1 - m2).square().sum() + (v1.sqrt() - v2.sqrt()).square().sum()
    computed = frechet_distance(m1, q @ v1.diag() @ q.T, m2, q @ v2.diag() @ q.T)
    assert computed == pytest.approx(float(expected), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("d", [1, 4, 32, 128])
def test_equal_to_the_matrix_square_root(d):
    first, second = gaussian(1, d), gaussian(2, d)
    assert frechet_distance(*first, *second) == pytest.approx(by_sqrtm(*first, *second), rel=1e-10)


@pytest.mark.parametrize(("n", "m"), [(40, 60), (5, 60), (60, 5), (5, 7), (16, 16)])
def test_features_give_the_distance_of_their_statistics(n, m):
    a, b = random(1, n, 16), 2 * random(2, m, 16) + 1
    statistics = [(x.mean(0), torch.cov(x.T)) for x in (a, b)]
    expected = frechet_distance(*statistics[0], *statistics[1])
    assert frechet_distance_of_features(a, b) == pytest.approx(expected, rel=1e-9)


def test_a_singular_covariance_costs_no_accuracy():
    """Ten dead features on one side: the noise of their pivots must not leak into the distance."""
    variances = torch.linspace(1, 2, 64, dtype=torch.float64)
    variances[:10] = 0
    q = rotation(3, 64)
    other = torch.full((64,), 1e6, dtype=torch.float64)
    zero = torch.zeros(64, dtype=torch.float64)
    expected = float((variances.sqrt() - other.sqrt()).square().sum())
    computed = frechet_distance(zero, q @ variances.diag() @ q.T, zero, other.diag())
    assert computed == pytest.approx(expected, rel=1e-12)


def test_ill_conditioned_covariances_keep_their_digits():
    variances = torch.logspace(0, -14, 16, dtype=torch.float64)
    zero = torch.zeros(16, dtype=torch.float64)
    expected = float((variances.sqrt() - (2 * variances).sqrt()).square().sum())
    assert frechet_distance(zero, variances.diag(), zero, 2 * variances.diag()) == pytest.approx(expected, rel=1e-9)


def test_float32_features_are_raised_to_float64_before_any_arithmetic():
    a = (random(1, 500, 8) + 1000).float()
    b = (random(2, 500, 8) + 1000).float()
    assert frechet_distance_of_features(a, b) == frechet_distance_of_features(a.double(), b.double())


@settings(deadline=None)
@given(seed=seeds, sizes=st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_batches_give_what_the_whole_gives(seed, sizes):
    batches = [random(seed + index, size, 5) + 1e6 for index, size in enumerate([2, *sizes])]
    statistics = FrechetStatistics(5)
    for batch in batches:
        statistics.update(batch)
    whole = torch.cat(batches)
    assert statistics.count == len(whole)
    torch.testing.assert_close(statistics.mean, whole.mean(0), rtol=1e-13, atol=0)
    torch.testing.assert_close(statistics.covariance, torch.cov(whole.T), rtol=1e-7, atol=1e-8)


def test_distance_between_streams():
    a, b = random(1, 300, 6), random(2, 200, 6) * 3
    first, second = FrechetStatistics(6), FrechetStatistics(6)
    first.update(a)
    second.update(b)
    assert first.distance(second) == pytest.approx(frechet_distance_of_features(a, b), rel=1e-10)


def test_too_few_samples_are_refused():
    with pytest.raises(NotEnoughSamples, match="at least 2 samples, got 1"):
        frechet_distance_of_features(random(1, 1, 4), random(2, 9, 4))
    with pytest.raises(NotEnoughSamples, match="update"):
        _ = FrechetStatistics(3).mean


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value):
    bad = random(1, 9, 4)
    bad[3, 2] = value
    with pytest.raises(ValueError, match="1 of 36 values are not finite"):
        frechet_distance_of_features(bad, random(2, 9, 4))


def test_dimensions_that_differ_are_refused():
    with pytest.raises(ValueError, match="one dimension"):
        frechet_distance_of_features(random(1, 9, 4), random(2, 9, 3))
    with pytest.raises(ValueError, match="3 dimensions, the statistics 4"):
        FrechetStatistics(4).update(random(1, 9, 3))
