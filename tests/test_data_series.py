"""Series hold what their files say, in the order of time, cut where the literature cuts them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bench.data import Dataset
from bench.errors import DataError
from bench.testing import check_dataset
from bench_data.series import SERIES
from tests.test_data_tables import load

# Train, validation and test, for ever: results of two versions can only be compared while these hold.
HASHES = {
    "airline-passengers": ("b43ff8d43c4d", "93dc95659e41", "2feff34eda1c"),
    "daily-min-temperatures": ("acd2d4ce74a7", "512d64003395", "31bc799f2cef"),
    "el-nino": ("eb9332251746", "b229610df1f4", "41f5d2041cc0"),
    "etth1": ("87e11dc36039", "bb27adcae19d", "282f09308233"),
    "sunspots": ("7dddd4f36130", "58e0e4b8a816", "1049ff2f6634"),
}
SPECS = {spec.name: spec for spec in SERIES}


def steps(dataset: Dataset) -> np.ndarray:
    return np.concatenate([part.x for part in dataset.parts().values()])


@pytest.mark.parametrize("name", HASHES)
def test_the_cuts_never_change(name: str) -> None:
    hashes = load(name).hashes()
    assert tuple(hashes[part][:12] for part in ("train", "validation", "test")) == HASHES[name]


@pytest.mark.parametrize("name", ["sunspots", "el-nino"])
def test_what_statsmodels_carries_needs_no_download(name: str) -> None:
    pytest.importorskip("statsmodels")
    assert SPECS[name].embedded_in == "statsmodels"
    check_dataset(SPECS[name])


def test_sunspots_and_the_sea_are_those_of_statsmodels() -> None:
    datasets = pytest.importorskip("statsmodels.datasets")
    sunspots = datasets.sunspots.load_pandas().endog
    np.testing.assert_array_equal(steps(load("sunspots"))[:, 0], sunspots.to_numpy(np.float32))
    months = datasets.elnino.load_pandas().data.drop(columns="YEAR").to_numpy(np.float32)
    np.testing.assert_array_equal(steps(load("el-nino"))[:, 0], months.ravel())


def test_passengers_are_those_of_box_and_jenkins() -> None:
    months = steps(load("airline-passengers"))[:, 0]
    assert months[:3].tolist() == [112, 118, 132]
    assert (len(months), float(months.max()), float(months[-1])) == (144, 622, 432)


def test_temperatures_have_ten_years_of_equal_length() -> None:
    days = steps(load("daily-min-temperatures"))
    assert days.shape == (3650, 1)
    assert float(days[0, 0]) == pytest.approx(20.7)
    years = days.reshape(10, 365)
    # January against July, in every year: no year is shifted.
    assert bool((years[:, :31].mean(1) > years[:, 181:212].mean(1) + 3).all())


def test_the_transformer_is_cut_into_twelve_four_and_four_months() -> None:
    dataset = load("etth1")
    assert [len(part) for part in dataset.parts().values()] == [8640, 2880, 2880]
    assert dataset.spec.inputs.names[-1] == "OT"
    # The first hours of 2016-07-01, 2017-06-26 and 2017-10-24 in the file.
    assert float(dataset.train.x[0, -1]) == pytest.approx(30.531, abs=1e-3)
    assert float(dataset.train.x[0, 0]) == pytest.approx(5.827, abs=1e-3)
    assert float(np.abs(np.diff(steps(dataset)[:, -1])).max()) < 25


@pytest.mark.parametrize("name", ["sunspots", "etth1"])
def test_a_further_cut_is_the_same_series_with_an_earlier_end(name: str) -> None:
    dataset = load(name)
    whole = steps(dataset)
    ends = []
    for number in range(1, 4):
        found = steps(dataset.resplit("holdout", number))
        np.testing.assert_array_equal(found, whole[: len(found)])
        ends.append(len(found))
    assert all(later > earlier for later, earlier in pairwise(ends))


def test_a_value_that_is_no_number_is_named_with_its_place() -> None:
    class Source:
        spec = replace(SPECS["airline-passengers"])

        def read(self, path: str) -> bytes:
            return b'"Month","Passengers"\n"1949-01",112\n"1949-02",\n'

    from bench_data.airline_passengers import load as read

    with pytest.raises(DataError, match="'airline-passengers', row 2: Passengers is '', and should be a number"):
        read(Source())  # type: ignore[arg-type]
