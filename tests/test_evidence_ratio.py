"""Values of runs on a scale with one end are compared by their ratio: parity at small spreads, symmetry, odd values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.evidence import Observations, Pair, RunKey, compare, score_interval
from bench.evidence.ratio import Ratio

values = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=6)
pairs = values.flatmap(
    lambda one: st.tuples(st.just(one), st.lists(st.floats(1e-3, 1e3), min_size=len(one), max_size=len(one)))
)


def observed(a: list[float], b: list[float], low: float = 0.0, high: float = math.inf) -> Observations:
    models = {
        name: {RunKey(seed): np.asarray(value) for seed, value in enumerate(each)}
        for name, each in (("a", a), ("b", b))
    }
    return Observations(models, low=low, high=high)


def only_pair(
    a: list[float], b: list[float], low: float = 0.0, high: float = math.inf, margin: float | None = None
) -> Pair:
    return compare(observed(a, b, low, high), margin=margin).pairs[0]


def test_values_that_vary_little_are_the_paired_t_test() -> None:
    random = np.random.default_rng(0)
    a, b = 100 + random.normal(size=(2, 6))
    pair, expected = only_pair(a.tolist(), b.tolist()), stats.ttest_rel(a, b)
    assert pair.p_value == pytest.approx(expected.pvalue, rel=0.02)
    assert (pair.low, pair.high) == pytest.approx(tuple(expected.confidence_interval()), abs=0.05)


def test_a_ratio_of_a_thousand_is_no_matter_of_how_much_the_larger_one_varies() -> None:
    slow, fast = [1.0, 5.0, 8.4], [0.003, 0.004, 0.002]
    assert stats.ttest_rel(slow, fast).pvalue > 0.1
    pair = only_pair(slow, fast)
    assert pair.verdict == "different"
    assert 0 < pair.low < pair.difference < pair.high


@settings(deadline=None, max_examples=40)
@given(pairs, st.floats(1e-3, 1e3))
def test_units_and_order_change_no_verdict(both: tuple[list[float], list[float]], unit: float) -> None:
    a, b = both
    pair = only_pair(a, b)
    turned = only_pair(b, a)
    assert (turned.low, turned.high, turned.p_value) == pytest.approx(
        (-pair.high, -pair.low, pair.p_value), nan_ok=True
    )
    scaled = only_pair([unit * each for each in a], [unit * each for each in b])
    assert scaled.p_value == pytest.approx(pair.p_value, rel=1e-3)
    assert (scaled.low, scaled.high) == pytest.approx(
        (unit * pair.low, unit * pair.high), rel=1e-3, abs=1e-6 * unit, nan_ok=True
    )


@settings(deadline=None)
@given(pairs)
def test_the_interval_holds_no_difference_where_there_is_no_verdict(both: tuple[list[float], list[float]]) -> None:
    pair = only_pair(*both)
    if pair.basis == "seeds" and abs(pair.p_value - 0.05) > 1e-9:
        assert (pair.low <= 0 <= pair.high) == (pair.p_value > 0.05)
        assert pair.low <= pair.difference <= pair.high


@settings(deadline=None)
@given(values.filter(lambda found: np.ptp(found) > 1e-3 * np.mean(found)), st.floats(1e-2, 1e2))
def test_beside_a_constant_the_interval_is_that_of_the_score(found: list[float], constant: float) -> None:
    pair = only_pair(found, [constant] * len(found))
    alone = score_interval(observed(found, found), "a")
    assert (pair.low, pair.high) == pytest.approx((alone.low - constant, alone.high - constant), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(pairs)
def test_an_end_above_is_the_mirror_of_one_below(both: tuple[list[float], list[float]]) -> None:
    a, b = both
    below = only_pair(a, b)
    above = only_pair([-each for each in a], [-each for each in b], -math.inf, 0.0)
    assert above.p_value == pytest.approx(below.p_value, rel=1e-3)
    assert (above.low, above.high) == pytest.approx((-below.high, -below.low), rel=1e-3, abs=1e-6, nan_ok=True)


def test_values_at_the_end_are_counted_and_those_beyond_it_make_a_t_test() -> None:
    at_end = only_pair([0.0, 1.0, 1.1, 0.9], [2.0, 2.1, 1.9, 2.2])
    assert math.isfinite(at_end.low)
    assert 0 < at_end.p_value < 1
    a, b = [-0.1, 0.2, 0.1], [0.5, 0.6, 0.8]
    assert only_pair(a, b).p_value == pytest.approx(stats.ttest_rel(a, b).pvalue)


def test_one_value_near_the_end_does_not_leave_everything_open() -> None:
    near = only_pair([1e-9, 1.0, 1.1, 0.9, 1.05], [9.0, 9.1, 8.9, 9.2, 9.0])
    assert near.verdict == "different"


@pytest.mark.parametrize("margin", [0.05, 0.1, 0.2, 0.4])
def test_equivalence_is_an_interval_of_90_per_cent_within_the_margin(margin: float) -> None:
    a, b = [1.0, 1.1, 0.95, 1.02], [1.03, 1.0, 1.05, 0.9]
    ends = compare(observed(a, b), level=0.1).pairs[0]
    is_within = max(abs(ends.low), abs(ends.high)) < margin
    assert (only_pair(a, b, margin=margin).verdict == "equivalent") == is_within


ratios = st.builds(
    Ratio, st.floats(0.01, 100), st.floats(0.01, 100), st.floats(1e-3, 3), st.floats(0, 1), st.sampled_from([1.0, -1.0])
)


@settings(deadline=None)
@given(ratios, st.floats(-20, 20))
def test_a_difference_says_how_many_errors_it_is_away(ratio: Ratio, errors: float) -> None:
    difference = ratio.difference(errors)
    assert ratio.difference(ratio.errors_to(difference)) == pytest.approx(difference, rel=1e-6, abs=1e-6)
    assert ratio.difference(ratio.errors_to(0.0)) == pytest.approx(0.0, abs=1e-9 * max(ratio.first, ratio.other) * 1e3)
    assert ratio.difference(errors + 0.1) >= difference


def test_means_extremely_far_apart_are_compared_all_the_same() -> None:
    pair = only_pair([1e-300, 1e-300], [1e150, 1.8])
    assert 0 <= pair.p_value <= 1
    assert pair.low < pair.high


def test_a_remedy_of_ratios_decides_them() -> None:
    random = np.random.default_rng(0)
    asked = only_pair([0.2, 0.5, 2.6], [3.0, 3.0, 3.0])
    assert asked.verdict == "open"
    assert asked.remedy is not None
    count = asked.remedy.seeds
    assert count is not None
    assert count > 20
    logs = np.log([0.2, 0.5, 2.6])
    spread = float(logs.std(ddof=1))
    drawn = np.exp(random.normal(-(spread**2) / 2, spread, (60, count))) * np.mean([0.2, 0.5, 2.6])
    decided = [only_pair(each.tolist(), [3.0] * count).verdict == "different" for each in drawn]
    assert np.mean(decided) > 0.7


def test_looking_after_every_seed_finds_nothing_false_beside_a_constant() -> None:
    random = np.random.default_rng(0)
    found = 0
    for _ in range(150):
        drawn = random.lognormal(-0.245, 0.7, 15)
        for count in range(3, 16):
            each = observed(drawn[:count].tolist(), [1.0] * count)
            if compare(each, is_sequential=True).pairs[0].verdict == "different":
                found += 1
                break
    # Of 150 at 6 %, 15 and more are found in 3 of 100 such tests; without a level for ratios it is 11 %.
    assert found < 15
