"""Statistics: equal to published tables and to kept libraries, honest where little is known, unmoved by order."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats import (
    holm,
    interquartile_mean,
    mean_interval,
    paired_difference,
    performance_profile,
    probability_of_improvement,
    tost_paired,
    with_failures,
)

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
samples = st.lists(numbers, min_size=1, max_size=12)
EXACT = settings(deadline=None, max_examples=50)


def by_seed(values: list[float]) -> dict[int, float]:
    return dict(enumerate(values))


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


# --- two models over shared seeds


@EXACT
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20))
def test_t_equals_scipy(pairs: list[tuple[float, float]]) -> None:
    a, b = (list(side) for side in zip(*pairs, strict=True))
    differences = np.subtract(a, b)
    comparison = paired_difference(by_seed(a), by_seed(b))
    if np.ptp(differences) > 1e-6:
        expected = scipy.stats.ttest_rel(a, b)
        assert comparison.p_value == pytest.approx(expected.pvalue, abs=1e-9)
        ends = expected.confidence_interval(0.95)
        assert (comparison.low, comparison.high) == pytest.approx((ends.low, ends.high), abs=1e-6)


def test_only_shared_seeds_are_compared() -> None:
    comparison = paired_difference({0: 1.0, 1: 2.0, 2: 4.0, 9: 100.0}, {2: 1.0, 1: 1.0, 0: 1.0, 7: -100.0})
    assert (comparison.difference, comparison.count) == (pytest.approx(4 / 3), 3)


@pytest.mark.parametrize(("difference", "p_value"), [(0.0, 1.0), (0.1, 0.0)])
def test_equal_differences_have_no_width(difference: float, p_value: float) -> None:
    comparison = paired_difference(dict.fromkeys(range(4), difference), dict.fromkeys(range(4), 0.0))
    assert (comparison.low, comparison.high, comparison.p_value) == (difference, difference, p_value)


@pytest.mark.parametrize("method", ["t", "wilcoxon"])
def test_nothing_shared_decides_nothing(method: str) -> None:
    comparison = paired_difference({0: 1.0}, {1: 1.0}, method=method)
    assert math.isnan(comparison.difference)
    assert (comparison.p_value, comparison.count, comparison.can_decide) == (1.0, 0, False)


@pytest.mark.parametrize("method", ["t", "wilcoxon"])
@pytest.mark.parametrize("count", range(1, 9))
def test_can_decide_is_exact(method: str, count: int) -> None:
    """The clearest outcome there is, all differences large and of one sign, is significant where it says so."""
    clearest = {seed: 1000 + seed / 1e3 for seed in range(count)}
    comparison = paired_difference(clearest, dict.fromkeys(clearest, 0.0), method=method)
    assert comparison.can_decide is (comparison.p_value <= 0.05)
    assert comparison.can_decide is (count >= (2 if method == "t" else 6))
    assert math.isnan(comparison.low) is not comparison.can_decide


@EXACT
@given(st.lists(numbers.filter(bool), min_size=1, max_size=12, unique_by=abs))
def test_wilcoxon_equals_scipys_exact_test(differences: list[float]) -> None:
    comparison = paired_difference(by_seed(differences), dict.fromkeys(range(len(differences)), 0.0), method="wilcoxon")
    assert comparison.p_value == pytest.approx(scipy.stats.wilcoxon(differences, method="exact").pvalue)


@EXACT
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_wilcoxon_with_ties_equals_the_count_over_all_signs(differences: list[int]) -> None:
    kept = np.array([value for value in differences if value])
    ranks = scipy.stats.rankdata(np.abs(kept))
    sums = [float(ranks[np.array(signs, dtype=bool)].sum()) for signs in product([0, 1], repeat=len(kept))]
    centre, observed = ranks.sum() / 2, float(ranks[kept > 0].sum())
    expected = np.mean([abs(total - centre) >= abs(observed - centre) for total in sums]) if len(kept) else 1.0
    a = {seed: float(value) for seed, value in enumerate(differences)}
    assert paired_difference(a, dict.fromkeys(a, 0.0), method="wilcoxon").p_value == pytest.approx(expected)


def test_intervals_hold_the_shifts_the_test_does_not_reject() -> None:
    differences = np.random.default_rng(5).normal(0.4, 1, size=11).tolist()
    interval = paired_difference(by_seed(differences), dict.fromkeys(range(11), 0.0), method="wilcoxon")
    ends = ((interval.low, 1), (interval.high, -1))
    for shift, is_inside in [(end + side * inward * 1e-6, side > 0) for end, inward in ends for side in (-1, 1)]:
        shifted = paired_difference(by_seed(differences), dict.fromkeys(range(11), shift), method="wilcoxon")
        assert (shifted.p_value > 0.05) is is_inside


@pytest.mark.parametrize("method", ["t", "wilcoxon"])
@EXACT
@given(pairs=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8))
def test_swapping_the_models_swaps_the_difference(method: str, pairs: list[tuple[float, float]]) -> None:
    a, b = (by_seed(list(side)) for side in zip(*pairs, strict=True))
    there, back = paired_difference(a, b, method=method), paired_difference(b, a, method=method)
    assert back.p_value == pytest.approx(there.p_value)
    expected = (-there.difference, -there.high, -there.low)
    assert (back.difference, back.low, back.high) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_failed_runs_enter_by_rank_and_stop_a_mean() -> None:
    a = with_failures(dict.fromkeys(range(7), 0.9), higher_is_better=True)
    b = with_failures({seed: None if seed < 5 else 0.8 for seed in range(7)}, higher_is_better=True)
    assert paired_difference(a, b, method="wilcoxon").p_value == pytest.approx(2 / 2**7)
    assert paired_difference(b, b, method="wilcoxon").p_value == 1
    with pytest.raises(ValueError, match="method='wilcoxon'"):
        paired_difference(a, b)


def test_with_failures_knows_the_direction() -> None:
    assert with_failures({0: 1.0, 1: None, 2: math.nan}, True) == {0: 1.0, 1: -math.inf, 2: -math.inf}
    assert with_failures({0: 1.0, 1: None}, False) == {0: 1.0, 1: math.inf}


# --- many comparisons, equivalence


@EXACT
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p_values: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", exc_type=ImportError)
    assert holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == ()


@EXACT
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20), st.floats(0.1, 100))
def test_tost_equals_statsmodels(pairs: list[tuple[float, float]], margin: float) -> None:
    weightstats = pytest.importorskip("statsmodels.stats.weightstats", exc_type=ImportError)
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    if np.ptp(a - b) > 1e-6:
        expected, *_ = weightstats.ttost_paired(a, b, -margin, margin)
        result = tost_paired(by_seed(a.tolist()), by_seed(b.tolist()), margin)
        assert result.p_value == pytest.approx(expected, abs=1e-9)
        assert result.is_equivalent is (-margin < result.low and result.high < margin)


def test_equivalence_of_equal_differences() -> None:
    a, b = dict.fromkeys(range(3), 1.0), dict.fromkeys(range(3), 0.5)
    assert tost_paired(a, b, 0.6).is_equivalent
    assert not tost_paired(a, b, 0.4).is_equivalent


@pytest.mark.parametrize("count", [0, 1])
def test_one_pair_shows_no_equivalence(count: int) -> None:
    result = tost_paired(dict.fromkeys(range(count), 1.0), dict.fromkeys(range(count), 1.0), 10)
    assert (result.is_equivalent, result.can_decide, result.p_value) == (False, False, 1.0)


def test_a_margin_is_positive() -> None:
    with pytest.raises(ValueError, match="got 0"):
        tost_paired({0: 1.0, 1: 2.0}, {0: 1.0, 1: 1.0}, 0)


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
