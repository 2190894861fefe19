"""Table synthesis: who may be asked, distances between tables, modes in the plane, and generators that are at fault."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp

from bench.errors import NotEnoughSamples, Refused
from bench.metrics.faults import generator_faults
from bench.metrics.tables import (
    correlation_error,
    energy_distance,
    marginal_distance,
    modes_of,
    two_sample_accuracy,
)
from bench.sources import DataSource
from bench.spaces import Space
from bench.tasks.scoring import score
from bench.tasks.table_synthesis import TableSynthesis
from bench.testing import tiny_datasets

rows = arrays(np.float64, st.tuples(st.integers(2, 8), st.just(3)), elements=st.floats(-10, 10, width=16))


@given(rows, rows)
def test_the_energy_distance_is_its_definition_written_as_loops(a, b):
    def mean(x, y):
        return np.mean(
            [np.linalg.norm(p - q) for i, p in enumerate(x) for j, q in enumerate(y) if x is not y or i != j]
        )

    assert energy_distance(a, b) == pytest.approx(2 * mean(a, b) - mean(a, a) - mean(b, b), abs=1e-9)


def test_the_energy_distance_is_zero_on_average_where_both_are_alike_however_few_they_are():
    draw = np.random.default_rng(0)
    found = [energy_distance(draw.normal(size=(5, 2)), draw.normal(size=(7, 2))) for _ in range(2000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / len(found) ** 0.5
    assert energy_distance(draw.normal(size=(50, 2)), 3 + draw.normal(size=(50, 2))) > 1


@given(rows, rows)
def test_columns_differ_as_scipy_says(a, b):
    expected = np.mean([ks_2samp(x, y, method="asymp").statistic for x, y in zip(a.T, b.T, strict=True)])
    assert marginal_distance(a, b) == pytest.approx(expected, abs=1e-12)


def test_correlations_are_compared_pair_by_pair_and_constants_have_none():
    draw = np.random.default_rng(0)
    a = draw.normal(size=(400, 3)) @ draw.normal(size=(3, 3))
    b = np.stack([draw.permutation(column) for column in a.T], 1)
    expected = np.abs(np.corrcoef(a.T) - np.corrcoef(b.T))[np.triu_indices(3, 1)].mean()
    assert correlation_error(a, b) == pytest.approx(expected, rel=1e-9)
    assert correlation_error(a, np.ones((5, 3))) == pytest.approx(
        np.abs(np.corrcoef(a.T))[np.triu_indices(3, 1)].mean()
    )
    assert correlation_error(a[:, :1], b[:, :1]) == 0


def test_nobody_can_tell_equal_tables_and_everybody_tables_that_are_apart():
    draw = np.random.default_rng(0)
    a = draw.normal(size=(600, 2))
    assert two_sample_accuracy(a, draw.normal(size=(600, 2))) == pytest.approx(0.5, abs=0.06)
    assert two_sample_accuracy(a, 50 + draw.normal(size=(600, 2))) == 1
    assert two_sample_accuracy(a, a) < 0.1


def test_three_standard_deviations_of_the_plane_hold_a_mode():
    draw = np.random.default_rng(0)
    points = np.concatenate([draw.normal(size=(20_000, 2)), 9 + 0.5 * draw.normal(size=(20_000, 2))])
    modes = modes_of(points, np.repeat([0, 1], 20_000), 2)
    assert modes.radii == pytest.approx([3, 1.5], rel=0.03)
    nearest, is_good = modes.nearest([[0, 0], [0, 2.8], [0, 3.3], [9, 9], [9, 10.7]])
    assert nearest.tolist() == [0, 0, 0, 1, 1]
    assert is_good.tolist() == [True, True, False, True, False]
    with pytest.raises(NotEnoughSamples, match="at least 2 training rows of each class"):
        modes_of(points, np.zeros(len(points), np.int64), 2)


@pytest.mark.parametrize(
    ("name", "got"), [("tiny-table", "table"), ("tiny-table-number", "table"), ("tiny-table-columns", "table")]
)
def test_what_is_no_table_between_bounds_is_refused(name, got):
    spec = next(each.spec for each in tiny_datasets() if each.spec.name == name)
    with pytest.raises(Refused, match="table-synthesis needs a table of numbers without gaps, with known bounds"):
        TableSynthesis().spaces(spec)


class Drawn:
    """A black box that draws what it is told to, in [-1, 1]."""

    def __init__(self, choose):
        self.choose = choose

    def fit(self, y):
        self.y = np.asarray(y)
        return self

    def sample(self, n):
        return self.choose(self.y, n, np.random.default_rng(1)).astype(np.float32)


@pytest.fixture(scope="module")
def ring():
    from bench_data.plane import load_ring
    from bench_data.planes import PLANE

    return TableSynthesis().prepare(load_ring(DataSource.of(PLANE[0])))


def judged(data, choose):
    task = TableSynthesis()
    model = Drawn(choose)
    task.fit(model, data.train)
    answer = task.answer(model, data, data.test).arrays
    return {each.name: each for each in score(task, [], answer, data.truth, {})[0]}


def fresh(y, n, draw):
    """As the ring is made, in units of its bounds."""
    angles = 2 * np.pi * draw.integers(0, 8, n) / 8
    return (np.stack([np.cos(angles), np.sin(angles)], 1) + 0.01 * draw.normal(size=(n, 2))) / 1.25


def test_fresh_points_of_the_ring_are_at_no_fault(ring):
    found = judged(ring, fresh)
    assert generator_faults(found.values()) == ()
    assert abs(found["energy_distance"].value) < 0.01
    assert found["modes_captured"].value == 8
    assert found["good_rows"].value == pytest.approx(0.989, abs=0.01)
    assert found["two_sample_accuracy"].value == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    ("choose", "fault"),
    [
        (lambda y, n, draw: y[draw.integers(0, len(y), n)], "copies training rows"),
        (lambda y, n, draw: fresh(y, n, draw)[draw.integers(0, 20, n)], "repeats few rows"),
        (lambda y, n, draw: np.array([0.8, 0]) + 0.008 * draw.normal(size=(n, 2)), "draws 1 of 8 classes"),
        (lambda y, n, draw: np.zeros((n, 2)), "draws 0 of 8 classes"),
    ],
)
def test_a_generator_at_fault_is_named(choose, fault, ring):
    assert any(each.startswith(fault) for each in generator_faults(judged(ring, choose).values()))


def test_grids_and_rolls_lie_between_their_bounds_and_are_what_they_say():
    from bench_data.plane import load_grid, load_roll
    from bench_data.planes import PLANE

    _, grid, roll = PLANE
    for spec, loader in ((grid, load_grid), (roll, load_roll)):
        dataset = loader(DataSource.of(spec))
        low, high = spec.inputs.bounds
        for part in dataset.parts().values():
            assert low < part.x.min() < part.x.max() < high
        assert loader(DataSource.of(spec)).test.x.tobytes() == dataset.test.x.tobytes()
    data = TableSynthesis().prepare(load_roll(DataSource.of(roll)))
    assert "centres" not in data.truth
    assert data.problem.wanted == Space("c", (2,), bounds=(-1.0, 1.0), names=("x", "y"))
    counts = np.bincount(load_grid(DataSource.of(grid)).train.y, minlength=25)
    assert len(counts) == 25
    assert counts.min() > 100
