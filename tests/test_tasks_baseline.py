"""The trivial model answers every problem, once for each sample or for each of its tokens."""

from __future__ import annotations

import numpy as np
import pytest

from bench.spaces import Space
from bench.tasks.baseline import Shares
from bench.testing import tiny_datasets
from bench.testing.plain import AssignClusters

CLASSES = Space(kind="index", size=3)
TOKENS = Space("t", (4,), "index", 3)
RAGGED = Space("t", (None,), "index", 3, ragged=True)


@pytest.mark.parametrize(
    ("target", "x", "rows"),
    [
        (CLASSES, np.zeros((5, 7), np.int64), 5),
        (CLASSES, [np.zeros(2), np.zeros(9)], 2),
        (CLASSES, np.zeros((5, 1, 8, 8), np.float32), 5),
        (TOKENS, np.zeros((5, 4), np.int64), 20),
        (TOKENS, np.zeros((5, 13), np.float32), 20),
        (RAGGED, [np.zeros(2), np.zeros(9)], 11),
        (RAGGED, np.zeros((5, 6), np.int64), 30),
    ],
)
def test_class_shares_have_a_row_for_each_sample_or_token(target: Space, x: object, rows: int) -> None:
    shares = Shares(target).fit(None, np.array([0, 0, 1, -1])).predict_proba(x)
    assert shares.shape == (rows, 3)
    assert shares[0].tolist() == pytest.approx([3 / 6, 2 / 6, 1 / 6])


def test_a_model_that_clusters_is_told_how_many_there_are() -> None:
    data = AssignClusters(name="clustering").prepare(tiny_datasets()[0])
    assert data.problem.target == Space(kind="index", size=3)
    assert data.train.y is None
