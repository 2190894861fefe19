"""Models with the same runs are analysed together: each pair and each score as it would be alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.evidence import Observations, Pair, RunKey, compare, score_interval, score_intervals

SEEDS, LATER = 5, 100


def observed(values: np.ndarray, *, splits: int = 1, **options: float) -> Observations:
    """Return models with one value a run; values: (models, runs)."""
    keys = [RunKey(run, f"holdout {run % splits}") for run in range(values.shape[1])]
    models = {f"m{place}": dict(zip(keys, map(np.asarray, own), strict=True)) for place, own in enumerate(values)}
    return Observations(models, **options)


def apart(found: Observations) -> Observations:
    """Return the models each with a run of its own besides, which no pair shares: they have no table in common."""
    split = next(iter(next(iter(found.models.values())))).split
    models = {
        model: {**runs, RunKey(LATER + place, split): np.asarray(0.5)}
        for place, (model, runs) in enumerate(found.models.items())
    }
    return replace(found, models=models)


def told(pair: Pair) -> tuple[object, ...]:
    return pair.verdict, pair.better, pair.basis, pair.scope, pair.shared, pair.remedy, pair.can_runs_decide


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), models=st.integers(2, 5), runs=st.integers(1, 7), splits=st.integers(1, 3),
    digits=st.integers(1, 12), margin=st.none() | st.floats(0.001, 0.5), is_sequential=st.booleans(),
)  # fmt: skip
def test_pairs_together_are_the_pairs_one_by_one(
    seed: int, models: int, runs: int, splits: int, digits: int, margin: float | None, is_sequential: bool
) -> None:
    # Few digits make runs and models that are equal, and differences that do not vary.
    values = np.random.default_rng(seed).normal(0.5, 0.2, (models, runs)).round(digits)
    found = observed(values, splits=splits)
    together = compare(found, margin=margin, is_sequential=is_sequential)
    one_by_one = compare(apart(found), margin=margin, is_sequential=is_sequential)
    for one, other in zip(together.pairs, one_by_one.pairs, strict=True):
        assert told(one) == told(other)
        for name in ("difference", "low", "high", "p_value", "p_adjusted"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-12, nan_ok=True)


def test_each_of_several_pairs_is_the_paired_t_test() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.2, (4, SEEDS))
    for pair in compare(observed(values)).pairs:
        expected = stats.ttest_rel(values[int(pair.a[1])], values[int(pair.b[1])])
        assert pair.p_value == pytest.approx(expected.pvalue)
        assert (pair.low, pair.high) == pytest.approx(tuple(expected.confidence_interval()))


@pytest.mark.parametrize("splits", [1, 2])
def test_the_scores_of_all_models_are_those_of_each(splits: int) -> None:
    found = observed(np.random.default_rng(2).uniform(0.2, 0.9, (4, SEEDS)), splits=splits, low=0.0, high=1.0)
    lone = {model: replace(found, models={model: runs}) for model, runs in found.models.items()}
    assert score_intervals(found) == {model: score_interval(each, model) for model, each in lone.items()}
