"""Performance profiles: shares of runs that reach a score, with intervals that hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evidence import Observations, RunKey, shares_reaching

values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def observed(runs: list[float], *, lost: int = 0, higher: bool = True) -> Observations:
    failed = frozenset(RunKey(-1 - number) for number in range(lost))
    runs_by_key = {RunKey(seed): np.asarray(value) for seed, value in enumerate(runs)}
    return Observations({"m": runs_by_key}, higher=higher, failed={"m": failed})


@settings(deadline=None, max_examples=50)
@given(st.lists(values, min_size=1, max_size=5))
def test_a_profile_counts_the_runs_that_reach_each_score(datasets: list[list[float]]) -> None:
    thresholds = np.linspace(0, 1, 11)
    shares, lows, highs = shares_reaching([observed(each) for each in datasets], "m", thresholds.tolist())
    expected = np.mean([[np.mean(np.array(each) >= limit) for limit in thresholds] for each in datasets], axis=0)
    assert shares == pytest.approx(expected.tolist())
    assert list(shares) == sorted(shares, reverse=True)
    assert all(0 <= low <= share <= high <= 1 for low, share, high in zip(lows, shares, highs, strict=True))


def test_a_failed_run_reaches_nothing() -> None:
    shares, _, _ = shares_reaching([observed([0.9, 0.9, 0.9], lost=1)], "m", [0.0])
    assert shares == (0.75,)


def test_lower_may_be_better() -> None:
    shares, _, _ = shares_reaching([observed([1.0, 2.0, 3.0], higher=False)], "m", [1.5])
    assert shares == (pytest.approx(1 / 3),)


def test_all_runs_of_few_are_no_certainty() -> None:
    _, (low,), (high,) = shares_reaching([observed([0.9, 0.9, 0.9])], "m", [0.5])
    assert low < 0.5
    assert high == 1.0


def test_a_data_set_without_runs_is_refused() -> None:
    with pytest.raises(ValueError, match="has no run"):
        shares_reaching([observed([0.9]), observed([])], "m", [0.5])


@pytest.mark.parametrize(("datasets", "runs", "chance"), [(1, 20, 0.5), (5, 5, 0.3), (10, 3, 0.8)])
def test_intervals_hold_the_truth_as_often_as_they_say(datasets: int, runs: int, chance: float) -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        drawn = [observed((rng.random(runs) < chance).astype(float).tolist()) for _ in range(datasets)]
        _, (low,), (high,) = shares_reaching(drawn, "m", [0.5])
        held += low <= chance <= high
    assert 0.92 <= held / 600 <= 0.995
