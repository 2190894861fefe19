"""Statistics: equal to kept libraries, and light to import."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats import holm

EXACT = settings(deadline=None, max_examples=50)


def test_numbers_need_neither_torch_nor_the_rest_of_the_harness() -> None:
    code = "import sys, bench.stats; assert not {'torch', 'pandas', 'scipy.stats'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@EXACT
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p_values: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", exc_type=ImportError)
    assert holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1])


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == ()
