"""Statistics: equal to published tables and to kept libraries, honest where little is known, unmoved by order."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats import (
    holm,
    interquartile_mean,
    mean_interval,
    performance_profile,
    probability_of_improvement,
    with_failures,
)

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
samples = st.lists(numbers, min_size=1, max_size=12)
EXACT = settings(deadline=None, max_examples=50)


def test_numbers_need_neither_torch_nor_the_rest_of_the_harness() -> None:
    code = "import sys, bench.stats; assert not {'torch', 'pandas', 'scipy.stats'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- intervals of one quantity


@EXACT
@given(st.lists(numbers, min_size=2, max_size=30), st.sampled_from([0.8, 0.95, 0.99]))
def test_mean_interval_equals_scipy(values: list[float], confidence: float) -> None:
    interval = mean_interval(values, confidence)
    assert (interval.mean, interval.count) == (pytest.approx(np.mean(values)), len(values))
    if np.ptp(values) > 0:
        expected = scipy.stats.t.interval(confidence, len(values) - 1, np.mean(values), scipy.stats.sem(values))
        assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


def test_one_value_has_a_mean_but_no_interval() -> None:
    interval = mean_interval([3.0])
    assert (interval.mean, interval.count) == (3.0, 1)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [1.0, math.inf]])
def test_a_mean_of_nothing_or_of_failures_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"no values|NaN|finite"):
        mean_interval(values)


@EXACT
@given(samples)
def test_interquartile_mean_equals_scipys_trimmed_mean(values: list[float]) -> None:
    assert interquartile_mean(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25), abs=1e-9)


def test_interquartile_mean_stands_a_quarter_of_failures() -> None:
    values = with_failures({0: 1.0, 1: 2.0, 2: 3.0, 3: None}, higher_is_better=True)
    assert interquartile_mean(list(values.values())) == 1.5


def test_mean_interval_covers_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(4).normal(size=(2000, 5))
    intervals = [mean_interval(draw.tolist()) for draw in draws]
    assert 93 <= sum(interval.low <= 0 <= interval.high for interval in intervals) / 20 <= 97


def test_with_failures_knows_the_direction() -> None:
    assert with_failures({0: 1.0, 1: None, 2: math.nan}, True) == {0: 1.0, 1: -math.inf, 2: -math.inf}
    assert with_failures({0: 1.0, 1: None}, False) == {0: 1.0, 1: math.inf}


# --- many comparisons


@EXACT
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p_values: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", exc_type=ImportError)
    assert holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == ()


# --- how often


@EXACT
@given(samples, samples)
def test_probability_of_improvement_equals_the_mann_whitney_statistic(a: list[float], b: list[float]) -> None:
    share = probability_of_improvement([a], [b])
    expected = scipy.stats.mannwhitneyu(a, b).statistic / (len(a) * len(b))
    assert share.value == pytest.approx(expected)
    assert 0 <= share.low <= share.value <= share.high <= 1
    turned = probability_of_improvement([b], [a])
    assert (turned.value, turned.low) == pytest.approx((1 - share.value, 1 - share.high), abs=1e-6)
    assert probability_of_improvement([b], [a], higher_is_better=False) == share


def test_always_winning_is_not_certainty() -> None:
    share = probability_of_improvement([[3.0, 4.0, 5.0]], [[0.0, 1.0, 2.0]])
    assert (share.value, share.high, share.count) == (1.0, 1.0, 6)
    assert share.low < 0.7


@pytest.mark.parametrize(("shift", "strata"), [(0.0, 1), (1.0, 1), (2.5, 1), (1.0, 3)])
def test_probability_of_improvement_covers_the_truth(shift: float, strata: int) -> None:
    generator, truth = np.random.default_rng(9), scipy.stats.norm.cdf(shift / math.sqrt(2))
    covered = 0
    for _ in range(1000):
        a, b = generator.normal(shift, 1, (strata, 5)), generator.normal(0, 1, (strata, 5))
        share = probability_of_improvement(a.tolist(), b.tolist())
        covered += share.low <= truth <= share.high
    assert 92 <= covered / 10 <= 98.5


def test_a_model_that_fails_loses() -> None:
    a = list(with_failures({0: 5.0, 1: None}, higher_is_better=False).values())
    assert probability_of_improvement([a], [[6.0, 7.0]], higher_is_better=False).value == 0.5


def test_unlike_strata_are_refused() -> None:
    with pytest.raises(ValueError, match="same strata, got 1 and 2"):
        probability_of_improvement([[1.0]], [[1.0], [2.0]])


def test_a_profile_counts_the_runs_that_reach_each_score() -> None:
    strata = [[0.1, 0.5, 0.9, 0.9], [0.5, -math.inf]]
    profile = performance_profile(strata, [0.0, 0.5, 0.8, 1.0])
    assert profile.shares == (0.75, (0.75 + 0.5) / 2, 0.25, 0.0)
    assert all(
        low <= share <= high for low, share, high in zip(profile.lows, profile.shares, profile.highs, strict=True)
    )
    assert profile == performance_profile(strata, [0.0, 0.5, 0.8, 1.0])
    lower = performance_profile(
        [[-value for value in stratum] for stratum in strata], [0.0, -0.5], higher_is_better=False
    )
    assert lower.shares == profile.shares[:2]
