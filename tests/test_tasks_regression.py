"""Regression: who may be asked, in which units it is scored, and that the baseline is the mean."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import Refused
from bench.plugins import discover
from bench.spaces import Space
from bench.tasks.regression import Regression, RegressionSettings
from bench.tasks.scoring import score
from bench.testing import tiny_datasets

DATASETS = {dataset.spec.name: dataset for dataset in tiny_datasets()}
METRICS = [offer.spec for offer in discover().metrics.values() if offer.owner.distribution == "depthbench"]


@pytest.mark.parametrize(
    ("name", "got"),
    [("tiny-table", "one of 3 classes"), ("tiny-table-columns", "a table of 2 columns"), ("tiny-table-alone", "not g")],
)
def test_what_has_no_number_is_refused_in_a_sentence(name: str, got: str) -> None:
    with pytest.raises(Refused, match=f"regression needs a number to tell; the target of {name} is {got}"):
        Regression().spaces(DATASETS[name].spec)


def test_models_meet_a_standardised_target_and_are_scored_in_units_of_the_data() -> None:
    dataset = DATASETS["tiny-table-number"]
    task = Regression()
    data = task.prepare(dataset)
    y = data.train.target.numpy()
    assert (float(y.mean()), float(y.std())) == pytest.approx((0, 1), abs=1e-5)
    assert data.problem.wanted == Space()
    model = task.baseline(data.problem)
    task.fit(model, data.train)
    answer = task.answer(model, data, data.test).arrays
    scores, notes = score(task, METRICS, answer, data.truth, {})
    found = {each.name: each for each in scores}
    assert (set(found), notes) == ({"rmse", "mae", "r2"}, ())
    errors = dataset.test.y.astype(np.float64) - dataset.train.y.mean(dtype=np.float64)
    assert found["rmse"].value == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-5)
    assert found["mae"].value == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert found["r2"].value <= 0
    assert task.main_score(scores) == "rmse"
    assert task.validate(answer, data.truth) == {"rmse": found["rmse"].value}
    assert {each.name: (each.low, each.high, each.higher_is_better) for each in scores} == {
        "rmse": (0, np.inf, False), "mae": (0, np.inf, False), "r2": (-np.inf, 1, True),
    }  # fmt: skip


def test_inputs_may_stay_as_they_are() -> None:
    dataset = DATASETS["tiny-table-number"]
    data = Regression(RegressionSettings(standardise=False)).prepare(dataset)
    np.testing.assert_allclose(data.train.x.numpy(), dataset.train.x, rtol=1e-6)
