"""Scores of forecasts are what hand and libraries count, and each sample's own scores add up to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.evidence import jackknife, sample_scores
from bench.metrics import forecasting, regression

SCALED = ("standardised_mse", "standardised_mae", "smape", "mase")


def windows(seed: int, n: int, h: int, c: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.RandomState(seed)
    targets = random.normal(5, 3, (n, h, c)).astype(np.float32)
    predictions = (targets + random.normal(0, 1, targets.shape)).astype(np.float32)
    return predictions, targets, random.uniform(0.5, 4, (1, 1, c))


@given(seed=st.integers(0, 1000), n=st.integers(1, 9), h=st.integers(1, 5), c=st.integers(1, 4))
def test_standardised_errors_are_those_of_standardised_values(seed: int, n: int, h: int, c: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    predictions, targets, scales = windows(seed, n, h, c)
    sides = [(values.astype(np.float64) / scales).reshape(n, -1) for values in (targets, predictions)]
    for name, expected in (("mse", metrics.mean_squared_error), ("mae", metrics.mean_absolute_error)):
        found = getattr(forecasting, f"standardised_{name}")(predictions, targets, scales)
        assert found == pytest.approx(expected(*sides), rel=1e-9)


def test_smape_by_hand() -> None:
    targets, predictions = np.array([[[100.0], [0.0]], [[-2.0], [3.0]]]), np.array([[[50.0], [0.0]], [[2.0], [3.0]]])
    # 50 of 150, nothing of nothing, 4 of 4, 0 of 6
    assert forecasting.smape(predictions, targets, np.ones((1, 1, 1))) == pytest.approx(200 * (1 / 3 + 0 + 1 + 0) / 4)


@given(seed=st.integers(0, 1000), period=st.integers(1, 6), seasons=st.integers(2, 5), c=st.integers(1, 3))
def test_mase_of_the_seasonal_naive_forecast_in_its_own_series_is_one(
    seed: int, period: int, seasons: int, c: int
) -> None:
    series = np.random.RandomState(seed).normal(0, 2, (period * seasons, c)).cumsum(0)
    errors = forecasting.seasonal_naive_errors(series, period)
    asked, told = series[period:, None], series[:-period, None]
    assert forecasting.mase(told, asked, errors[None, None]) == pytest.approx(1, rel=1e-9)


def test_a_series_without_a_scale_is_left_out() -> None:
    targets = np.stack([np.arange(4.0), np.full(4, 7.0)], 1)[:, None]
    naive = forecasting.seasonal_naive_errors(targets[:, 0], 1)
    np.testing.assert_array_equal(naive, [1, 0])
    predictions = targets + np.array([2, 5])
    assert forecasting.mase(predictions, targets, naive[None, None]) == 2
    assert forecasting.smape(predictions, targets, naive[None, None]) == pytest.approx(
        200 * np.mean([2 / (2 * x + 2) for x in range(4)])
    )
    assert math.isnan(forecasting.mase(predictions, targets, np.zeros((1, 1, 2))))
    assert math.isnan(forecasting.smape(predictions, targets, np.zeros((1, 1, 2))))


def test_a_series_shorter_than_its_season_is_compared_with_the_step_before() -> None:
    np.testing.assert_array_equal(forecasting.seasonal_naive_errors(np.array([[1.0], [3.0], [2.0]]), 3), [1.5])


def test_what_was_not_asked_for_does_not_count() -> None:
    predictions, targets, scales = windows(0, 4, 3, 2)
    expected = {name: getattr(forecasting, name)(predictions[:3], targets[:3], scales) for name in SCALED}
    targets[3], predictions[3] = np.nan, np.inf
    assert {name: getattr(forecasting, name)(predictions, targets, scales) for name in SCALED} == pytest.approx(
        expected
    )
    predictions[0, 0, 0] = np.inf
    for name in SCALED:
        with pytest.raises(ValueError, match="1 of 18 predictions are not finite"):
            getattr(forecasting, name)(predictions, targets, scales)


@pytest.mark.parametrize("name", SCALED)
def test_a_mean_over_samples_is_made_of_single_ones(name: str) -> None:
    given_answers = windows(1, 30, 4, 3)
    found = sample_scores(name, getattr(forecasting, name), given_answers)
    assert found.shape == (30,)
    np.testing.assert_allclose(found, jackknife(getattr(forecasting, name), given_answers), rtol=1e-9)


@pytest.mark.parametrize("name", ["rmse", "r2"])
def test_pseudo_values_of_scores_that_are_no_means_are_those_of_the_jackknife(name: str) -> None:
    predictions, targets, _ = windows(2, 30, 4, 3)
    metric = getattr(regression, name)
    np.testing.assert_allclose(
        sample_scores(name, metric, (predictions, targets)), jackknife(metric, (predictions, targets)), rtol=1e-9
    )
    # With gaps each sample has another weight, and the general way is taken.
    targets[0, 0, 0] = np.nan
    np.testing.assert_allclose(
        sample_scores(name, metric, (predictions, targets)), jackknife(metric, (predictions, targets)), rtol=1e-9
    )
