"""Series to forecast: sunspots and the sea off Peru, which statsmodels carries; passengers, weather, a transformer."""

from __future__ import annotations

from bench import DataFile, DatasetSpec, Space

__all__ = ["SERIES"]

JBROWNLEE = "https://raw.githubusercontent.com/jbrownlee/Datasets/master/"
LOADS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")


def _one(name: str, period: int = 1) -> Space:
    return Space("c", (1,), names=(name,), period=period)


SERIES = (
    DatasetSpec(
        name="sunspots",
        target="bench_data.sunspots:load",
        summary="309 years of sunspot numbers, which rise and fall in about eleven",
        inputs=_one("sunspots", 11),
        ordered=True,
        sample_count=309,
        licence="public domain",
        source="https://www.statsmodels.org/stable/datasets/generated/sunspots.html",
        citation="National Geophysical Data Center: Sunspot numbers, 1700 to 2008",
        embedded_in="statsmodels",
        requires=("statsmodels",),
        extra="series",
        files=(
            DataFile(
                path="datasets/sunspots/sunspots.csv",
                checksum="sha256:f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
                size_bytes=2_944,
            ),
        ),
    ),
    DatasetSpec(
        name="el-nino",
        target="bench_data.el_nino:load",
        summary="732 months of the temperature of the sea off Peru",
        inputs=_one("temperature", 12),
        ordered=True,
        sample_count=732,
        licence="public domain",
        source="https://www.statsmodels.org/stable/datasets/generated/elnino.html",
        citation="National Oceanic and Atmospheric Administration: ERSST.V3B, Niño 1+2, 1950 to 2010",
        embedded_in="statsmodels",
        requires=("statsmodels",),
        extra="series",
        files=(
            DataFile(
                path="datasets/elnino/elnino.csv",
                checksum="sha256:b647be00e0fd264be9764e317e6b963f35030014ecca2b21b204521716e463ad",
                size_bytes=5_508,
            ),
        ),
    ),
    DatasetSpec(
        name="airline-passengers",
        target="bench_data.airline_passengers:load",
        summary="144 months of passengers, in thousands: a trend, and seasons that grow with it",
        inputs=_one("passengers", 12),
        ordered=True,
        sample_count=144,
        licence="none stated; published figures",
        source="https://github.com/jbrownlee/Datasets",
        citation="G. Box, G. Jenkins: Time series analysis, forecasting and control, 1976, series G",
        files=(
            DataFile(
                path="airline-passengers/airline-passengers.csv",
                checksum="sha256:8cb51be753a718d9be5d76d7e238cc224792754676adc21faa59e954b0201621",
                url=f"{JBROWNLEE}airline-passengers.csv",
                size_bytes=2_180,
            ),
        ),
    ),
    DatasetSpec(
        name="daily-min-temperatures",
        target="bench_data.daily_min_temperatures:load",
        summary="3,650 days of the least temperature in Melbourne",
        inputs=_one("temperature", 365),
        ordered=True,
        sample_count=3650,
        licence="none stated; published figures",
        source="https://github.com/jbrownlee/Datasets",
        citation="Australian Bureau of Meteorology: Daily minimum temperatures in Melbourne, 1981 to 1990",
        files=(
            DataFile(
                path="daily-min-temperatures/daily-min-temperatures.csv",
                checksum="sha256:8b9de63ed6789492bf497625e7f9beb96a63d367b4b0a21754006f749fa5e5da",
                url=f"{JBROWNLEE}daily-min-temperatures.csv",
                size_bytes=67_921,
            ),
        ),
    ),
    DatasetSpec(
        name="etth1",
        target="bench_data.etth1:load",
        summary="14,400 hours of an electricity transformer: six loads and the temperature of its oil",
        inputs=Space("c", (7,), names=LOADS, period=24),
        ordered=True,
        sample_count=14_400,
        has_official_test=True,
        licence="CC BY-ND 4.0",
        source="https://github.com/zhouhaoyi/ETDataset",
        citation="H. Zhou et al.: Informer, beyond efficient transformer for long sequence forecasting, 2021",
        files=(
            DataFile(
                path="ETT-small/ETTh1.csv",
                checksum="sha256:f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
                url="https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv",
                size_bytes=2_589_657,
            ),
        ),
    ),
)
