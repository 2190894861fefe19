"""Copies of the training part: found with the power that is promised, and fresh real samples left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import betabinom, mannwhitneyu

from bench.errors import NotEnoughSamples
from bench.metrics import memorisation as metrics
from bench.metrics.memorisation import Memorisation, memorisation, nearest_two, nearness

Floats = NDArray[np.float64]


def world(random: np.random.Generator, *counts: int) -> list[Floats]:
    """Return fresh samples of one mixture of five Gaussians, a set for each count."""
    centres = random.normal(0, 3, (5, 8))
    return [centres[random.integers(5, size=n)] + random.normal(size=(n, 8)) for n in counts]


def judged(samples: Floats, test: Floats, training: Floats, level: float = metrics.LEVEL) -> Memorisation:
    return memorisation(nearest_two(samples, training), nearest_two(test, training), level)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 8), training=st.integers(2, 12), rows=st.integers(1, 5))
def test_the_two_nearest_are_those_of_all_distances_however_few_rows_are_compared_at_once(seed, n, training, rows):
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 3, (n, 2)).astype(np.float32), random.integers(0, 3, (training, 2)).astype(np.float32)
    b[0], b[1] = (0, 0), (1, 1)
    unique = np.unique(b, axis=0)
    expected = [sorted(float(np.linalg.norm(row - other)) for other in unique)[:2] for row in a]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "ROWS_AT_ONCE", rows)
        assert nearest_two(a, b) == pytest.approx(np.array(expected))


def test_a_training_part_of_one_sample_has_no_second() -> None:
    with pytest.raises(NotEnoughSamples, match="2 different training samples, got 1"):
        nearest_two(np.zeros((3, 2)), np.ones((5, 2)))


def test_nearness_is_0_for_a_copy_and_1_in_the_middle() -> None:
    distances = nearest_two(np.array([[0.0], [1.0], [0.5]]), np.array([[0.0], [2.0], [2.0]]))
    assert nearness(distances).tolist() == [0.0, 1.0, pytest.approx(1 / 3)]
    # A training part may hold what differs only in the sign of a zero.
    assert nearness([[0.0, 0.0]]).tolist() == [0.0]


@settings(deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 60), m=st.integers(1, 60), ties=st.booleans())
def test_z_is_that_of_the_test_as_scipy_has_it(seed, n, m, ties):
    random = np.random.default_rng(seed)
    a, b = (random.uniform(0.01, 1, (size, 2)) for size in (m, n))
    if ties:
        a, b = a.round(1) + 0.1, b.round(1) + 0.1
    x, y = nearness(a), nearness(b)
    z = metrics.copying_z(a, b)
    if len(np.unique(np.concatenate([x, y]))) == 1:
        assert z == 0
        return
    expected = mannwhitneyu(x, y, use_continuity=False, method="asymptotic").pvalue
    assert math.erfc(abs(z) / math.sqrt(2)) == pytest.approx(expected, abs=1e-9)
    assert np.sign(z) == np.sign(mannwhitneyu(x, y).statistic - m * n / 2)
    assert metrics.copying_z(b, a) == pytest.approx(-z)


@pytest.mark.parametrize(("n", "m"), [(10, 10), (359, 359), (1000, 200)])
def test_the_limit_of_the_share_is_the_quantile_of_the_exact_distribution(n, m):
    random = np.random.default_rng(0)
    found = memorisation(random.uniform(0.1, 1, (m, 2)), random.uniform(0.1, 1, (n, 2)), level=0.02)
    nearer_in_60_of_100_pairs = -0.1 * math.sqrt(12 * m * n / (m + n + 1))
    j = math.ceil(n / 100)
    assert found.share_limit == pytest.approx(betabinom.ppf(0.99, m, j, n + 1 - j) / m)
    assert found.z_limit == pytest.approx(min(-2.3263, nearer_in_60_of_100_pairs), abs=1e-4)


@pytest.mark.parametrize("level", [0.2, 0.05])
def test_fresh_real_samples_are_taken_for_copies_as_often_as_the_level_says(level: float) -> None:
    random = np.random.default_rng(1)
    worlds = 400
    flagged = sum(
        judged(fresh, test, training, level).is_copying for training, test, fresh in worlds_of(random, worlds)
    )
    # Three standard errors above; discrete counts and two tests that overlap keep it below.
    assert flagged / worlds <= level + 3 * math.sqrt(level * (1 - level) / worlds)
    assert flagged / worlds >= level / 5


def worlds_of(random: np.random.Generator, count: int) -> list[list[Floats]]:
    return [world(random, 250, 120, 120) for _ in range(count)]


@pytest.mark.parametrize(
    ("copied", "noise", "power"),
    [(1.0, 0.0, 1.0), (1.0, 0.1, 1.0), (1.0, 0.3, 1.0), (0.5, 0.0, 1.0), (0.2, 0.0, 0.95)],
    ids=["all", "with a little noise", "with noise", "half", "a fifth"],
)
def test_copies_are_found(copied: float, noise: float, power: float) -> None:
    random = np.random.default_rng(2)
    found = []
    for training, test, fresh in worlds_of(random, 40):
        samples = fresh.copy()
        count = int(copied * len(samples))
        samples[:count] = training[random.integers(len(training), size=count)]
        samples[:count] += noise * random.normal(size=samples[:count].shape)
        found.append(judged(samples, test, training).is_copying)
    assert np.mean(found) >= power


def test_smooth_samples_are_no_copies_though_they_lie_nearer_to_the_training_part_than_real_ones() -> None:
    """The most typical samples: the distance alone would take them for copies."""
    random = np.random.default_rng(3)
    training, test, smooth = random.normal(size=(400, 8)), random.normal(size=(1500, 8)), random.normal(size=(1500, 8))
    smooth *= 0.3
    nearer = nearest_two(smooth, training)[:, 0] < np.median(nearest_two(test, training)[:, 0])
    assert nearer.mean() > 0.9
    assert not judged(smooth, test, training).is_copying


def test_a_test_part_that_itself_holds_copies_raises_the_limit() -> None:
    """Pictures of one film lie in both parts: as many copies are no fault of the generator's, and more are."""
    random = np.random.default_rng(4)
    training, test, fresh = world(random, 300, 200, 200)
    test[:20], fresh[:20] = training[:20], training[20:40]
    assert not judged(fresh, test, training).is_copying
    fresh[:80] = training[:80]
    assert judged(fresh, test, training).is_copying


def test_no_samples_are_refused() -> None:
    some, none = np.ones((3, 2)), np.ones((0, 2))
    with pytest.raises(NotEnoughSamples, match="1 fake sample"):
        metrics.memorised_share(none, some)
    with pytest.raises(NotEnoughSamples, match="1 real sample"):
        metrics.copying_z(some, none)
