"""Fronts and averaged curves, as mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.report.parts.curves import band, mean_curve
from bench.report.parts.plots import front

numbers = st.integers(-5, 5).map(float)
points = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=25)


def dominates(left: tuple[float, float], right: tuple[float, float], sign: float) -> bool:
    no_worse = left[0] <= right[0] and sign * left[1] >= sign * right[1]
    return no_worse and left != right


@given(points, st.booleans())
def test_front_is_what_nothing_dominates(given_points: list[tuple[float, float]], higher: bool) -> None:
    sign = 1.0 if higher else -1.0
    expected = {
        number
        for number, point in enumerate(given_points)
        if not any(dominates(other, point, sign) for other in given_points)
    }
    assert front(given_points, higher_is_better=higher) == expected


def test_mean_curve_of_equal_moments_is_the_mean() -> None:
    x, mean, low, high = mean_curve([[([1, 2, 3], [1, 2, 3])], [([1, 2, 3], [3, 4, 5])]])
    assert x.tolist() == [1, 2, 3]
    assert mean.tolist() == [2, 3, 4]
    assert (low < mean).all()
    assert (high > mean).all()


def test_mean_curve_begins_where_all_have_begun_and_carries_on() -> None:
    x, mean, _, _ = mean_curve([[([1, 2], [0.0, 10.0])], [([2, 4], [20.0, 40.0])]])
    assert x.tolist() == [2, 4]
    assert mean.tolist() == [15.0, 25.0]


def test_curves_of_one_unit_are_averaged_and_add_no_evidence() -> None:
    """A seed on two devices is one seed: its band is that of the seeds' means, not of the runs."""
    doubled = mean_curve([[([1, 2], [0.0, 1.0]), ([1, 2], [2.0, 3.0])], [([1, 2], [3.0, 4.0])]])
    single = mean_curve([[([1, 2], [1.0, 2.0])], [([1, 2], [3.0, 4.0])]])
    for ours, theirs in zip(doubled, single, strict=True):
        assert ours.tolist() == theirs.tolist()


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    steps = list(range(1, 5001))
    x, _, _, _ = mean_curve([[(steps, steps)]])
    assert len(x) <= 80
    assert (x[0], x[-1]) == (1, 5000)


tables = st.lists(st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=4), min_size=2, max_size=6)


@given(tables, st.sampled_from([0.0, 0.25, 1.0]))
def test_band_is_students_interval(rows: list[list[float]], overlap: float) -> None:
    table = np.asarray(rows)
    low, high = band(table, overlap=overlap)
    error = table.std(axis=0, ddof=1) * np.sqrt(1 / len(table) + overlap)
    width = stats.t.ppf(0.975, len(table) - 1) * error
    assert high - low == pytest.approx(2 * width, rel=1e-6, abs=1e-9)


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=5))
def test_band_stays_inside_what_is_possible(rows: list[list[float]]) -> None:
    table = np.asarray(rows)
    low, high = band(table, low=0.0, high=1.0)
    mean = table.mean(axis=0)
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low <= mean + 1e-12).all()
    assert (mean - 1e-12 <= high).all()


def test_band_of_one_seed_has_no_width() -> None:
    low, high = band(np.array([[1.0, 2.0]]))
    assert low.tolist() == high.tolist() == [1.0, 2.0]
