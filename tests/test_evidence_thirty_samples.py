"""On 30 test samples no interval holds the truth in 92 to 98 %: counted exactly, and asked of the rules."""

from __future__ import annotations

import importlib
import sys
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import binom

from bench.evidence import Observations, RunKey, compare, score_interval

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture
def thirty_samples(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in ("simulations", "thirty_samples"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("thirty_samples")


def one_seed(won: int, lost: int) -> Observations:
    """Two classifiers of which the first is right alone on some of 30 samples, and wrong alone on others."""
    a, b = np.ones(30), np.ones(30)
    a[:lost], b[lost : lost + won] = 0, 0
    return Observations({"a": {RunKey(0): a}, "b": {RunKey(0): b}}, low=0.0, high=1.0)


def test_coverage_of_differences_is_above_98_per_cent_or_false_claims_are_above_6(thirty_samples: ModuleType) -> None:
    # Whoever claims nothing where at most three samples differ holds the truth too often; whoever claims something
    # there claims it of three won by one, and is wrong too often of classifiers that disagree on a tenth of samples.
    assert thirty_samples.chance_of_at_most(3, 0.033) > 0.98
    assert thirty_samples.false_claims(3, 0.1) > 0.06
    assert thirty_samples.false_claims(4, 0.1) < 0.06


def test_four_samples_won_by_one_of_two_are_a_verdict_and_three_are_not() -> None:
    verdicts = {(won, lost): compare(one_seed(won, lost)).pairs[0].verdict for won, lost in product(range(6), range(3))}
    assert {counts for counts, verdict in verdicts.items() if verdict == "different"} == {(4, 0), (5, 0)}


def test_coverage_of_an_accuracy_of_967_can_be_92_or_98_per_cent_and_is_the_former() -> None:
    chances = binom.pmf(np.arange(31), 30, 0.967)
    # Of intervals that rise with the number of right answers, leaving out the truth after 27 of 30 or holding it.
    assert (chances[28:].sum(), chances[27:].sum()) == pytest.approx((0.9247, 0.9836), abs=1e-4)
    found = [score_interval(one_seed(0, 30 - right), "a") for right in range(31)]
    held = np.array([each.low <= 0.967 <= each.high for each in found])
    assert chances[held].sum() == pytest.approx(0.9247, abs=1e-4)
