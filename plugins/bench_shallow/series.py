"""Shallow models of series: what the last season says, smoothing, autoregression, linear maps."""

from __future__ import annotations

from bench import Choice, Integer, ModelSpec, Need, Role

__all__ = ["SERIES"]

STEPS = Need(axes=("tc",))
NEXT_STEPS = (Role("predict", STEPS, STEPS, rule="bench_shallow.rules:same_series"),)
HYNDMAN = "R. Hyndman, G. Athanasopoulos: Forecasting, principles and practice, 2021, section 5.2"
ZENG = "A. Zeng et al.: Are transformers effective for time series forecasting?, 2023"

SERIES = (
    ModelSpec(
        name="seasonal-naive",
        target="bench_shallow.seasonal_naive:SeasonalNaive",
        summary="as one season ago; as now where a window holds no season",
        family="shallow",
        roles=NEXT_STEPS,
        paper=HYNDMAN,
        devices=("cpu",),
    ),
    ModelSpec(
        name="drift",
        target="bench_shallow.drift:Drift",
        summary="on along the line from the first to the last step of a window",
        family="shallow",
        roles=NEXT_STEPS,
        paper=HYNDMAN,
        devices=("cpu",),
    ),
    ModelSpec(
        name="exponential-smoothing",
        target="bench_shallow.exponential_smoothing:ExponentialSmoothing",
        summary="level, damped trend and season that follow each error a little; ETS by statsmodels",
        family="shallow",
        roles=NEXT_STEPS,
        hyperparameters={"trend": Choice(True, (True, False)), "steps": 2000},
        paper="R. Hyndman et al.: Forecasting with exponential smoothing, the state space approach, 2008",
        devices=("cpu",),
        requires=("statsmodels",),
        extra="series",
    ),
    ModelSpec(
        name="arima",
        target="bench_shallow.arima:Arima",
        summary="values and errors before, of differences with the last season where there is one; by statsmodels",
        family="shallow",
        roles=NEXT_STEPS,
        hyperparameters={
            "p": Integer(1, 0, 4),
            "d": Integer(0, 0, 1),
            "q": Integer(1, 0, 3),
            "seasonal": Choice(True, (True, False)),
            "steps": 2000,
        },
        paper="G. Box, G. Jenkins: Time series analysis, forecasting and control, 1970",
        devices=("cpu",),
        requires=("statsmodels",),
        extra="series",
    ),
    ModelSpec(
        name="linear-map",
        target="bench_shallow.linear_map:LinearMap",
        summary="each step ahead a weighted sum of the steps before, the same for every series",
        family="shallow",
        roles=NEXT_STEPS,
        paper=ZENG,
    ),
    ModelSpec(
        name="dlinear",
        target="bench_shallow.dlinear:DLinear",
        summary="DLinear: a linear map of the moving average and one of the rest, the same for every series",
        family="shallow",
        roles=NEXT_STEPS,
        hyperparameters={"kernel": Choice(25, (5, 13, 25, 49))},
        paper=ZENG,
    ),
    ModelSpec(
        name="nlinear",
        target="bench_shallow.nlinear:NLinear",
        summary="NLinear: a linear map of what changed since the last step, the same for every series",
        family="shallow",
        roles=NEXT_STEPS,
        paper=ZENG,
    ),
)
