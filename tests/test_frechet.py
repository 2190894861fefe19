"""The Fréchet distance: properties, closed forms, and parity with SciPy's matrix square root."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.errors import NotEnoughSamples
from bench.metrics.frechet import FrechetStatistics, frechet_distance, frechet_distance_of_features

seeds = st.integers(0, 2**31 - 1)
dimensions = st.integers(1, 12)


def random(seed: int, *shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=shape)


def gaussian(seed: int, d: int, rank: int | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    factor = random(seed, d, 2 * d if rank is None else rank)
    return random(seed + 1, d), factor @ factor.T


def rotation(seed: int, d: int) -> NDArray[np.float64]:
    return np.linalg.qr(random(seed, d, d)).Q


def by_sqrtm(mu1, sigma1, mu2, sigma2) -> float:
    root = scipy.linalg.sqrtm(sigma1 @ sigma2).real
    return float(np.square(mu1 - mu2).sum() + sigma1.trace() + sigma2.trace() - 2 * np.trace(root))


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
    assert frechet_distance(mean, covariance, mean, covariance) <= 1e-12 * covariance.trace()


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
    v1, v2 = np.square(random(seed + 3, d)), np.square(random(seed + 4, d))
    expected = np.square(m1 - m2).sum() + np.square(np.sqrt(v1) - np.sqrt(v2)).sum()
    computed = frechet_distance(m1, q @ np.diag(v1) @ q.T, m2, q @ np.diag(v2) @ q.T)
    assert computed == pytest.approx(float(expected), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("d", [1, 4, 32, 128])
def test_equal_to_the_matrix_square_root(d):
    first, second = gaussian(1, d), gaussian(2, d)
    assert frechet_distance(*first, *second) == pytest.approx(by_sqrtm(*first, *second), rel=1e-10)


@pytest.mark.parametrize(("n", "m"), [(40, 60), (5, 60), (60, 5), (5, 7), (16, 16)])
def test_features_give_the_distance_of_their_statistics(n, m):
    a, b = random(1, n, 16), 2 * random(2, m, 16) + 1
    statistics = [(x.mean(0), np.cov(x.T)) for x in (a, b)]
    expected = frechet_distance(*statistics[0], *statistics[1])
    assert frechet_distance_of_features(a, b) == pytest.approx(expected, rel=1e-9)


def test_a_singular_covariance_costs_no_accuracy():
    """Ten dead features on one side: the noise of their pivots must not leak into the distance."""
    variances = np.linspace(1, 2, 64)
    variances[:10] = 0
    q = rotation(3, 64)
    other = np.full(64, 1e6)
    zero = np.zeros(64)
    expected = np.square(np.sqrt(variances) - np.sqrt(other)).sum()
    computed = frechet_distance(zero, q @ np.diag(variances) @ q.T, zero, np.diag(other))
    assert computed == pytest.approx(expected, rel=1e-12)


def test_ill_conditioned_covariances_keep_their_digits():
    variances = np.logspace(0, -14, 16)
    zero = np.zeros(16)
    expected = np.square(np.sqrt(variances) - np.sqrt(2 * variances)).sum()
    assert frechet_distance(zero, np.diag(variances), zero, 2 * np.diag(variances)) == pytest.approx(expected, rel=1e-9)


def test_float32_features_are_raised_to_float64_before_any_arithmetic():
    a = (random(1, 500, 8) + 1000).astype(np.float32)
    b = (random(2, 500, 8) + 1000).astype(np.float32)
    assert frechet_distance_of_features(a, b) == frechet_distance_of_features(
        a.astype(np.float64), b.astype(np.float64)
    )


@settings(deadline=None)
@given(seed=seeds, sizes=st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_batches_give_what_the_whole_gives(seed, sizes):
    batches = [random(seed + index, size, 5) + 1e6 for index, size in enumerate([2, *sizes])]
    statistics = FrechetStatistics(5)
    for batch in batches:
        statistics.update(batch)
    whole = np.concatenate(batches)
    assert statistics.count == len(whole)
    np.testing.assert_allclose(statistics.mean, whole.mean(0), rtol=1e-13, atol=0)
    np.testing.assert_allclose(statistics.covariance, np.cov(whole.T), rtol=1e-7, atol=1e-8)


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


def test_distances_need_no_torch_and_come_out_equal_in_another_process():
    code = (
        "import sys, numpy as np; from bench.metrics.frechet import frechet_distance_of_features as distance;"
        "a, b = (np.random.default_rng(seed).normal(size=(360, 64)) for seed in (0, 1));"
        "print(distance(a, b).hex());"
        "assert not {'torch', 'scipy', 'pandas'} & set(sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert found == frechet_distance_of_features(random(0, 360, 64), random(1, 360, 64)).hex()


@given(st.integers(0, 2**32 - 1), st.integers(1, 24), st.floats(0, 14), st.floats(0, 14), st.floats(-6, 3))
def test_the_faster_way_is_as_exact_as_singular_values(seed, d, decades1, decades2, apart):
    draw = np.random.default_rng(seed)
    factors = []
    for decades in (decades1, decades2):
        rotation, _ = np.linalg.qr(draw.standard_normal((d, d)))
        factors.append(np.linalg.cholesky(rotation * np.geomspace(1, 10**-decades, d) @ rotation.T + 1e-15 * np.eye(d)))
    first, second = (factor @ factor.T for factor in factors)
    mean = np.full(d, 10**apart)
    singular = np.linalg.svd(factors[0].T @ factors[1], compute_uv=False).sum()
    traces = np.trace(first) + np.trace(second)
    expected = np.square(mean).sum() + traces - 2 * singular
    found = frechet_distance(np.zeros(d), first, mean, second)
    assert found == pytest.approx(expected, rel=2e-9, abs=1e-13 * d * traces)
