"""Forecasting: windows are those one would cut by hand, see nothing ahead, and score as the literature counts."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data import Dataset, Split
from bench.errors import DataError, DataMissing, Refused
from bench.plugins import discover
from bench.protocols.loop import batches
from bench.protocols.perturb import first_samples
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DatasetSpec, resolve
from bench.tasks.base import TaskData
from bench.tasks.forecasting import Forecasting, ForecastingSettings
from bench.tasks.scoring import score
from bench.testing import check_task, tiny_datasets

PLUGINS = discover()
METRICS = [offer.spec for offer in PLUGINS.metrics.values() if offer.owner.distribution == "depthbench"]
PARTS = ("train", "validation", "test")


def toy(steps: int = 120, series: int = 2, seed: int = 0, period: int = 4) -> Dataset:
    """Random walks in the order of time."""
    spec = DatasetSpec(
        name="walks", target="tests.none:load", ordered=True, sample_count=steps, licence="CC0", source="drawn",
        inputs=Space("c", (series,), names=tuple("abcdefg"[:series]), period=period),
    )  # fmt: skip
    values = np.random.RandomState(seed).normal(0, 1, (steps, series)).cumsum(0) * (1 + np.arange(series)) + 20
    return Dataset.cut(spec, Split(values.astype(np.float32)))


def asked(**given: object) -> Forecasting:
    return Forecasting(ForecastingSettings.model_validate(given))


def shipped(name: str) -> Dataset:
    spec = PLUGINS.datasets[name].spec
    if spec.embedded_in:
        pytest.importorskip(spec.embedded_in)
    try:
        found = resolve(spec.target)(DataSource.of(spec, Path(os.environ.get("BENCH_DATA", "none"))))
    except DataMissing as absent:
        pytest.skip(f"real data is needed under BENCH_DATA: {absent}")
    assert isinstance(found, Dataset)
    return found


@settings(max_examples=60, deadline=None)
@given(
    steps=st.integers(40, 90),
    series=st.integers(1, 3),
    look_back=st.integers(1, 9),
    horizon=st.integers(1, 5),
    stride=st.integers(1, 4),
    number=st.integers(0, 2),
)
def test_windows_are_those_one_would_cut_by_hand(
    steps: int, series: int, look_back: int, horizon: int, stride: int, number: int
) -> None:
    dataset = toy(steps, series).resplit("holdout", number)
    data = asked(look_back=look_back, horizon=horizon, stride=stride).prepare(dataset)
    rows = np.concatenate([part.x for part in dataset.parts().values()])
    mean, deviation = dataset.train.x.mean(0, np.float64), dataset.train.x.std(0, np.float64)
    begin = 0
    for name, part in dataset.parts().items():
        end, each = begin + len(part), 1 if name == "train" else stride
        # The first step that is asked for: in training the first with a whole past, elsewhere the first of the part.
        first = begin + look_back if name == "train" else max(begin, look_back)
        origins = range(first, end - horizon + 1, each)
        found = getattr(data, name)
        assert found.x.shape == (len(origins), look_back, series)
        assert found.y.shape == (len(origins), horizon, series)
        x = np.stack([rows[at - look_back : at] for at in origins])
        y = np.stack([rows[at : at + horizon] for at in origins])
        np.testing.assert_allclose(found.x.numpy(), (x - mean) / deviation, atol=1e-4)
        np.testing.assert_allclose(found.y.numpy(), (y - mean) / deviation, atol=1e-4)
        if name != "train":
            truth = data.truth if name == "test" else data.validation_truth
            np.testing.assert_array_equal(truth["targets"], y)
        begin = end


def test_windows_take_the_memory_of_the_series() -> None:
    dataset = toy(2000)
    data = asked(look_back=48, horizon=24).prepare(dataset)
    steps = sum(map(len, dataset.parts().values())) + 2 * 48
    assert data.nbytes() == 2 * steps * 2 * 4
    assert sum(part.x.nbytes + part.y.nbytes for part in (data.train, data.validation, data.test)) > 30 * data.nbytes()
    batch = next(batches(data.train, 16, seed=0, device=torch.device("cpu")))
    assert batch.x.shape == (16, 48, 2)
    assert batch.nbytes() < 2**20
    moved = data.train.to(torch.device("meta")).x
    assert (moved.shape, moved.stride()) == (data.train.x.shape, data.train.x.stride())
    assert moved.untyped_storage().nbytes() == data.train.x.untyped_storage().nbytes()


def test_few_windows_are_the_last_ones_without_a_break() -> None:
    data = asked(look_back=6, horizon=3).prepare(toy())
    few = first_samples(data.train, 5, seed=0)
    assert torch.equal(few.x, data.train.x[-5:])
    assert torch.equal(few.x[1:, :-1], few.x[:-1, 1:])


@pytest.mark.parametrize("number", [0, 2])
def test_a_later_value_changes_nothing_before_it(number: int) -> None:
    task, clean = asked(look_back=8, horizon=4, stride=2), toy().resplit("holdout", number)
    other = replace(clean, test=replace(clean.test, x=1000 - 3 * clean.test.x))
    one, two = task.prepare(clean), task.prepare(other)
    for name in ("train", "validation"):
        assert torch.equal(getattr(one, name).x, getattr(two, name).x)
        assert torch.equal(getattr(one, name).y, getattr(two, name).y)
    for side in ("input", "target"):
        for what in ("mean", "deviation"):
            np.testing.assert_array_equal(
                getattr(getattr(one.encoding, side), what), getattr(getattr(two.encoding, side), what)
            )
    for name in ("scales", "naive_errors"):
        np.testing.assert_array_equal(one.truth[name], two.truth[name])
    # The first window of the test part looks back to what the clean parts hold, and is asked for the other values.
    assert torch.equal(one.test.x[0], two.test.x[0])
    assert not torch.equal(one.test.y[0], two.test.y[0])


@pytest.mark.parametrize("scale", [True, False])
def test_the_contract_holds(scale: bool) -> None:
    data = check_task(asked(look_back=8, horizon=4, stride=2, standardise=scale), toy(), metrics=METRICS)
    x = data.train.x.numpy()
    assert data.problem.given == Space("tc", (8, 2), names=("a", "b"), period=4)
    assert data.problem.wanted == Space("tc", (4, 2), names=("a", "b"), period=4)
    assert (abs(float(x.mean())) < 1) is scale
    assert bool(data.truth["ordered"])


def test_one_series_of_several_may_be_asked_for() -> None:
    dataset = toy(series=3)
    data = check_task(asked(look_back=5, horizon=2, columns=["c"]), dataset, metrics=METRICS)
    assert data.problem.given == Space("tc", (5, 1), names=("c",), period=4)
    np.testing.assert_array_equal(data.truth["targets"][0, :, 0], dataset.test.x[:2, 2])


def test_the_baseline_says_the_last_value_again() -> None:
    task, dataset = asked(look_back=6, horizon=3, stride=3), toy()
    data = task.prepare(dataset)
    answer = task.answer(task.baseline(data.problem), data, data.test).arrays["predictions"]
    last = np.concatenate([dataset.validation.x[-1:], dataset.test.x])[:-3:3]
    np.testing.assert_allclose(answer, np.repeat(last[: len(answer), None], 3, 1), rtol=1e-6)


def scored(data: TaskData, task: Forecasting) -> dict[str, float]:
    answer = task.answer(task.baseline(data.problem), data, data.test).arrays
    scores, notes = score(task, METRICS, answer, data.truth, {})
    assert notes == ()
    assert task.main_score(scores) == "standardised_mse"
    assert task.validate(answer, data.truth)["standardised_mse"] == scores_by(scores)["standardised_mse"]
    assert all(each.low == 0 and not each.higher_is_better for each in scores if each.name != "r2")
    return scores_by(scores)


def scores_by(scores: tuple) -> dict[str, float]:
    return {each.name: each.value for each in scores}


def test_the_last_value_scores_on_etth1_as_published() -> None:
    """1.295 and 0.713: "Repeat" in table 2 of Zeng et al., Are transformers effective for time series, 2023.

    Their program leaves a last batch that is not full out, so that the third digit may differ by one.
    """
    task = asked(look_back=96, horizon=96)
    data = task.prepare(shipped("etth1"))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [8449, 2785, 2785]
    found = scored(data, task)
    assert found["standardised_mse"] == pytest.approx(1.295, abs=1e-3)
    assert found["standardised_mae"] == pytest.approx(0.713, abs=1e-3)


def test_scores_in_units_of_the_data_stand_beside_standardised_ones() -> None:
    dataset, task = toy(series=1), asked(look_back=6, horizon=3)
    found = scored(task.prepare(dataset), task)
    assert set(found) == {"rmse", "mae", "r2", "standardised_mse", "standardised_mae", "smape", "mase"}
    deviation = dataset.train.x.std(dtype=np.float64)
    assert found["standardised_mse"] == pytest.approx((found["rmse"] / deviation) ** 2, rel=1e-6)
    naive = np.abs(dataset.train.x[4:] - dataset.train.x[:-4]).mean(dtype=np.float64)
    assert found["mase"] == pytest.approx(found["mae"] / naive, rel=1e-6)


def test_what_is_no_series_is_refused_in_a_sentence() -> None:
    for dataset in tiny_datasets():
        if dataset.spec.ordered:
            continue
        told = rf"forecasting needs numbers without gaps in the order of time; {dataset.spec.name} has .*, not in the"
        with pytest.raises(Refused, match=told):
            Forecasting().spaces(dataset.spec)
    with pytest.raises(Refused, match="forecasting needs 24 steps to look back and 12 to forecast; walks has 30"):
        Forecasting().spaces(toy(30).spec)
    with pytest.raises(Refused, match=r"walks has a, b; it has no 'd'"):
        asked(columns=["a", "d"]).spaces(toy().spec)


def test_a_part_that_is_too_short_is_named_with_its_cure() -> None:
    with pytest.raises(DataError, match=r"no window of 40 steps in a part of 'walks' that has 32: set a smaller loo"):
        asked(look_back=30, horizon=10).prepare(toy(50, seed=1))
