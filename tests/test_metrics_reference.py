"""What real samples score against real ones: its mean, and a range that holds as many fresh scores as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.metrics.frechet import frechet_distance_of_features
from bench.metrics.reference import frechet_reference


def fresh(random: np.random.Generator, n: int) -> np.ndarray:
    """Return features as a judge's are: correlated, none negative."""
    mixing = np.random.default_rng(0).normal(size=(5, 5))
    return np.maximum(0, random.normal(size=(n, 5)) @ mixing)


@pytest.mark.parametrize("pool", [150, 400], ids=["subsets overlap much", "subsets overlap little"])
def test_the_range_holds_95_of_100_distances_of_fresh_samples(pool: int) -> None:
    random, n, worlds = np.random.default_rng(1), 100, 150
    inside, bias = [], []
    for _ in range(worlds):
        test = fresh(random, 100)
        reference = frechet_reference(fresh(random, pool), test, n)
        values = [frechet_distance_of_features(fresh(random, n), test) for _ in range(4)]
        inside += [reference.low <= value <= reference.high for value in values]
        bias.append(np.mean(values) / reference.mean)
        assert reference.low < reference.mean < reference.high
    assert 0.9 <= np.mean(inside) <= 0.99
    assert np.median(bias) == pytest.approx(1, abs=0.1)


def test_it_is_the_same_each_time() -> None:
    random = np.random.default_rng(2)
    pool, test = fresh(random, 200), fresh(random, 50)
    assert frechet_reference(pool, test, 50) == frechet_reference(pool, test, 50)


def test_a_pool_of_few_more_than_are_drawn_has_no_range() -> None:
    random = np.random.default_rng(3)
    pool, test = fresh(random, 100), fresh(random, 100)
    found = frechet_reference(pool, test, 100)
    assert found.mean == frechet_distance_of_features(pool, test)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_features_that_never_differ_have_no_range() -> None:
    found = frechet_reference(np.ones((50, 3)), np.ones((10, 3)), 10)
    assert found.mean == 0
    assert math.isnan(found.low)
