"""Scores of values against scikit-learn, against hand-made cases, and where something was not asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bench.errors import NotEnoughSamples
from bench.metrics import regression as metrics

oracle = pytest.importorskip("sklearn.metrics", reason="needs the shallow extra")

ALL = ("rmse", "mae", "r2")
VALUES = st.floats(-1e4, 1e4, width=32)


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = (draw(st.integers(2, 30)), *draw(st.sampled_from([(), (3,)])))
    return tuple(draw(arrays.arrays(np.float32, shape, elements=VALUES)) for _ in range(2))


def by_scikit_learn(name: str, predictions: np.ndarray, targets: np.ndarray) -> float:
    given_, true = (np.asarray(each, np.float64) for each in (predictions, targets))
    if name == "r2":
        return float(oracle.r2_score(true, given_, multioutput="variance_weighted"))
    flat = {"rmse": oracle.root_mean_squared_error, "mae": oracle.mean_absolute_error}[name]
    return float(flat(true.ravel(), given_.ravel()))


@given(answers())
@pytest.mark.parametrize("name", ALL)
def test_scores_are_those_of_scikit_learn(name: str, answer: tuple[np.ndarray, np.ndarray]) -> None:
    predictions, targets = answer
    if name == "r2" and not (targets.astype(np.float64).var(0) > 1e-3).all():
        return
    assert getattr(metrics, name)(predictions, targets) == pytest.approx(
        by_scikit_learn(name, predictions, targets), rel=1e-9, abs=1e-9
    )


@given(answers())
def test_errors_are_ordered_and_the_mean_explains_nothing(answer: tuple[np.ndarray, np.ndarray]) -> None:
    predictions, targets = answer
    assert 0 <= metrics.mae(predictions, targets) <= metrics.rmse(predictions, targets) * (1 + 1e-12)
    assert metrics.rmse(targets, targets) == 0
    if (targets.astype(np.float64).var(0) > 1e-3).all():
        means = np.broadcast_to(targets.mean(0, dtype=np.float64), targets.shape)
        assert metrics.r2(means, targets) == pytest.approx(0, abs=1e-9)
        assert metrics.r2(predictions, targets) <= metrics.r2(targets, targets) == 1


def test_what_was_not_asked_for_is_left_out() -> None:
    predictions, targets = np.array([1.0, np.nan, 5.0, 2.0]), np.array([2.0, np.nan, 2.0, 2.0])
    assert metrics.mae(predictions, targets) == pytest.approx(4 / 3)
    assert metrics.rmse(predictions, targets) == pytest.approx(math.sqrt(10 / 3))
    assert math.isnan(metrics.r2(predictions, targets))
    assert metrics.r2(np.array([[1.0, 9.0], [3.0, 0.0]]), np.array([[1.0, np.nan], [2.0, np.nan]])) == pytest.approx(-1)


@pytest.mark.parametrize("name", ALL)
def test_a_mistake_names_its_numbers(name: str) -> None:
    score = getattr(metrics, name)
    with pytest.raises(ValueError, match=r"need one shape.*\(3,\) and \(3, 1\)"):
        score(np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="1 of 2 predictions are not finite"):
        score(np.array([np.inf, 1.0]), np.zeros(2))
    with pytest.raises(NotEnoughSamples, match="none of 2"):
        score(np.zeros(2), np.full(2, np.nan))
