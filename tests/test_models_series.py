"""Models of series forecast what hand, papers and statsmodels say they do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bench.errors import ContractError, NotApplicable
from bench.model import Problem
from bench.plugins import discover
from bench.spaces import Space
from bench.specs import resolve

SPECS = {name: offer.spec for name, offer in discover().models.items()}
NETWORKS = ("linear-map", "dlinear", "nlinear", "n-beats", "patch-transformer")


def asked(look_back: int, horizon: int, series: int = 1, period: int = 1) -> Problem:
    window = Space("tc", (look_back, series), period=period)
    return Problem("forecasting", "toy", 96, "predict", window, Space("tc", (horizon, series), period=period))


def build(name: str, problem: Problem, **hyperparameters: object) -> object:
    torch.manual_seed(0)
    return resolve(SPECS[name].target)(problem, **{**SPECS[name].defaults(), **hyperparameters})


def windows(series: np.ndarray, look_back: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows of (steps, c), and the steps after each, as float32."""
    cut = np.lib.stride_tricks.sliding_window_view(series.astype(np.float32), look_back + horizon, axis=0)
    cut = cut.transpose(0, 2, 1)
    return cut[:, :look_back], cut[:, look_back:]


def season(steps: int, period: int, noise: float = 0.0, trend: float = 0.02) -> np.ndarray:
    random = np.random.RandomState(0)
    values = np.sin(2 * np.pi * np.arange(steps) / period) + trend * np.arange(steps)
    return (values + noise * random.normal(size=steps))[:, None]


# --- by hand ------------------------------------------------------------------------------------------------------


def test_the_seasonal_naive_forecast_says_the_last_season_again() -> None:
    x = np.arange(10, dtype=np.float32)[None, :, None]
    assert build("seasonal-naive", asked(10, 7, period=3)).predict(x)[0, :, 0].tolist() == [7, 8, 9, 7, 8, 9, 7]
    # What holds no season tells the last value.
    assert build("seasonal-naive", asked(10, 3, period=11)).predict(x)[0, :, 0].tolist() == [9, 9, 9]


def test_the_drift_goes_on_along_the_line_from_the_first_to_the_last_step() -> None:
    x = np.array([[[1.0, 5.0], [7.0, 5.0], [5.0, 2.0]]])
    np.testing.assert_allclose(build("drift", asked(3, 2, series=2)).predict(x), [[[7, 0.5], [9, -1]]])
    assert build("drift", asked(1, 2)).predict(np.full((1, 1, 1), 3.0)).ravel().tolist() == [3, 3]


# --- statsmodels --------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 500), period=st.sampled_from([1, 4, 6]), horizon=st.integers(1, 9))
def test_smoothing_is_that_of_statsmodels_from_the_same_states(seed: int, period: int, horizon: int) -> None:
    ets = pytest.importorskip("statsmodels.tsa.exponential_smoothing.ets")
    random = np.random.RandomState(seed)
    model = build("exponential-smoothing", asked(20, horizon, period=period))
    seasonal = period > 1
    coefficients = np.array([random.uniform(0.1, 0.9), 0.05, 0.1 * seasonal, random.uniform(0.8, 0.98)])
    window, start = random.normal(size=20), random.normal(size=2 + period)
    onward, seen, gain = model.states(coefficients)
    state = start * (np.arange(len(start)) < 2 + period * seasonal)
    for value in window:
        state = onward @ state + gain * (value - seen @ state)
    found = []
    for _ in range(horizon):
        found.append(seen @ state)
        state = onward @ state
    kind = {"seasonal": "add", "seasonal_periods": period, "initial_seasonal": start[2:][::-1]} if seasonal else {}
    theirs = ets.ETSModel(window, error="add", trend="add", damped_trend=True, initialization_method="known",
                          initial_level=start[0], initial_trend=start[1], **kind)  # fmt: skip
    alpha, beta, gamma, phi = coefficients
    expected = theirs.smooth([alpha, beta, *([gamma] if seasonal else []), phi]).forecast(horizon)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_smoothing_begins_a_window_with_the_states_that_fit_it_best() -> None:
    pytest.importorskip("statsmodels")
    model = build("exponential-smoothing", asked(14, 5, period=4))
    coefficients = np.array([0.3, 0.05, 0.2, 0.9])
    onward, seen, gain = model.states(coefficients)
    window = season(14, 4, noise=0.3)[:, 0]

    def errors(start: np.ndarray) -> np.ndarray:
        state, found = start, []
        for value in window:
            found.append(value - seen @ state)
            state = onward @ state + gain * found[-1]
        return np.array(found)

    from scipy.optimize import least_squares

    state = least_squares(errors, np.zeros(6)).x
    for value in window:
        state = onward @ state + gain * (value - seen @ state)
    expected = [seen @ np.linalg.matrix_power(onward, step) @ state for step in range(5)]
    np.testing.assert_allclose(model.linear_map(coefficients) @ window, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("p", "d", "q", "seasonal"), [(1, 0, 1, True), (2, 1, 1, True), (2, 1, 2, False), (0, 0, 0, True), (0, 1, 1, False)]
)
def test_a_window_is_forecast_as_statsmodels_would(p: int, d: int, q: int, seasonal: bool) -> None:
    sarimax = pytest.importorskip("statsmodels.tsa.statespace.sarimax").SARIMAX
    series = season(150, 6, noise=0.3)
    x, y = windows(series, 24, 9)
    model = build("arima", asked(24, 9, period=6), p=p, d=d, q=q, seasonal=seasonal).fit(x, y)
    order = (0, 1, 1, 6) if seasonal else (0, 0, 0, 0)
    window = x[7, :, 0].astype(np.float64)
    theirs = sarimax(window, order=(p, d, q), seasonal_order=order, simple_differencing=True)
    ahead = theirs.filter(model.coefficients_[0]).forecast(9)
    values = list(window)
    for change in ahead:
        # A difference of first order and one of season 6 are added up again.
        plain = values[-1] if d else 0.0
        known = (values[-6] if seasonal else 0.0) + plain - (values[-7] if seasonal and d else 0.0)
        values.append(change + known)
    np.testing.assert_allclose(model.predict(x[7:8])[0, :, 0], values[24:], atol=1e-5)


@pytest.mark.parametrize("name", ["exponential-smoothing", "arima"])
def test_a_season_with_little_noise_is_seen(name: str) -> None:
    pytest.importorskip("statsmodels")
    x, y = windows(season(200, 6, noise=0.05, trend=0.0), 24, 6)
    model = build(name, asked(24, 6, period=6)).fit(x[:120], y[:120])
    assert float(np.abs(model.predict(x[130:]) - y[130:]).mean()) < 0.12
    # Two series are two models.
    both = build(name, asked(24, 6, series=2, period=6)).fit(np.tile(x[:120], 2), np.tile(y[:120], 2))
    np.testing.assert_array_equal(both.coefficients_[0], both.coefficients_[1])
    np.testing.assert_allclose(both.predict(np.tile(x, 2))[:, :, 1], model.predict(x)[:, :, 0], atol=1e-6)


def test_models_of_a_whole_series_refuse_windows_out_of_order() -> None:
    pytest.importorskip("statsmodels")
    x, y = windows(season(60, 6), 12, 2)
    with pytest.raises(NotApplicable, match="windows that follow step by step; got 47 that do not"):
        build("arima", asked(12, 2, period=6)).fit(x[::-1], y[::-1])


# --- networks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_every_series_is_treated_alike_and_by_itself(name: str) -> None:
    model = build(name, asked(20, 7, series=3)).eval()
    x = torch.randn(4, 20, 3)
    answer = model(x)
    assert answer.shape == (4, 7, 3)
    order = [2, 0, 1]
    torch.testing.assert_close(model(x[:, :, order]), answer[:, :, order])
    torch.testing.assert_close(model(torch.cat([x[:, :, :1], 9 * x[:, :, 1:]], 2))[:, :, 0], answer[:, :, 0])


@pytest.mark.parametrize(
    ("name", "count"),
    # 96 to 96 steps: one map, two, one; 4 blocks of 4 layers of 128 and 2 heads; 12 patches, 3 layers of 16.
    [
        ("linear-map", 9312),
        ("dlinear", 18_624),
        ("nlinear", 9312),
        ("n-beats", 4 * (12_416 + 3 * 16_512 + 2 * 12_384)),
        ("patch-transformer", 464 + 3 * 5392 + 32 + 18_528),
    ],
)
def test_how_many_parameters_the_defaults_have(name: str, count: int) -> None:
    model = build(name, asked(96, 96, series=7))
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_a_shift_of_the_level_shifts_the_forecast() -> None:
    x = torch.randn(3, 24, 2)
    for name in ("nlinear", "patch-transformer"):
        model = build(name, asked(24, 6, series=2)).eval()
        torch.testing.assert_close(model(x + 5), model(x) + 5, atol=1e-4, rtol=1e-4)
    model = build("patch-transformer", asked(24, 6, series=2)).eval()
    torch.testing.assert_close(model(10 * x), 10 * model(x), atol=1e-2, rtol=1e-3)


def test_trend_and_rest_with_one_map_are_the_linear_map() -> None:
    both, one = build("dlinear", asked(30, 6), kernel=5), build("linear-map", asked(30, 6))
    both.trend, both.rest = one.steps, nn.Linear(30, 6, bias=False)
    both.rest.weight = one.steps.weight
    x = torch.randn(2, 30, 1)
    torch.testing.assert_close(both(x), one(x))
    # The average of 5 steps, ends continued with their own value.
    line = torch.arange(8.0)[None, None]
    expected = [(0 + 0 + 0 + 1 + 2) / 5, (0 + 0 + 1 + 2 + 3) / 5, 2, 3, 4, 5, 5.8, 6.4]
    assert both.average(line).flatten().tolist() == pytest.approx(expected)
    with pytest.raises(ContractError, match="odd kernel, so that its average has a middle; got 4"):
        build("dlinear", asked(30, 6), kernel=4)


def test_a_block_forecasts_from_what_the_others_left() -> None:
    model = build("n-beats", asked(12, 3), blocks=3, layers=2, width=8)
    x = torch.randn(5, 12, 1)
    rest, total = x[..., 0], torch.zeros(5, 3)
    for block in model.blocks:
        explained, ahead = block(rest)
        rest, total = rest - explained, total + ahead
    torch.testing.assert_close(model(x)[..., 0], total)


def test_patches_reach_the_end_of_every_window() -> None:
    for look_back, patch in ((96, 16), (20, 8), (9, 4), (7, 24), (1, 4)):
        model = build("patch-transformer", asked(look_back, 2), patch=patch).eval()
        x = torch.randn(2, look_back, 1)
        other = x.clone()
        other[:, -1] += 1
        answers = model(x), model(other)
        assert answers[0].shape == (2, 2, 1)
        assert look_back == 1 or not torch.allclose(*answers)
    with pytest.raises(ContractError, match="width that its heads can share; got 10 for 4"):
        build("patch-transformer", asked(8, 2), width=10)


# --- scikit-learn -------------------------------------------------------------------------------------------------


def test_models_of_rows_tell_every_step() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    random = np.random.RandomState(0)
    x, y = random.normal(size=(40, 6, 2)), random.normal(size=(40, 3, 2))
    found = build("ridge", asked(6, 3, series=2), alpha=2.0).fit(x, y).predict(x)
    expected = linear.Ridge(alpha=2.0).fit(x.reshape(40, -1), y.reshape(40, -1)).predict(x.reshape(40, -1))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    boosted = build("hist-gradient-boosting", asked(6, 3, series=2), max_iter=3).fit(x, y)
    one = build("hist-gradient-boosting", Problem("r", "toy", 40, "predict", Space("tc", (6, 2)), Space()), max_iter=3)
    np.testing.assert_allclose(boosted.predict(x)[:, 4], one.fit(x, y[:, 2, 0]).predict(x))


def test_who_forecasts_what_is_told_while_runs_are_planned() -> None:
    problem = asked(96, 96, series=7)
    roles = SPECS["lightgbm"].roles
    reasons = [role.complaint(problem.input, problem.target) for role in roles]
    assert "gives at most 128 values, a model for each; got series of 96 × 7 (steps, channels)" in reasons
    assert "" in [role.complaint(asked(24, 12).input, asked(24, 12).target) for role in roles]
    for name in ("dlinear", "n-beats"):
        (role,) = SPECS[name].roles
        assert role.complaint(problem.input, Space("tc", (96, 1))).startswith(
            "gives the next steps of the series it is"
        )
        assert role.complaint(problem.input, problem.target) == ""
