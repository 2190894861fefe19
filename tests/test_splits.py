"""Parts hold every sample once, keep the shares of strata, tear no group apart, and are the same for ever."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.data import Dataset, Split, fold, holdout, split
from bench.errors import DataError
from bench.protocols.perturb import first_samples
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.tasks.base import Part
from bench.testing import tiny_datasets

LABELS = st.lists(st.integers(0, 4), min_size=2, max_size=200).filter(lambda y: all(y.count(c) > 1 for c in y))
TABLE = tiny_datasets()[0]


def numbered(y: np.ndarray | None = None, n: int = 0, **more: np.ndarray) -> Split:
    """Return samples whose x is their place in the file."""
    return Split(np.arange(n if y is None else len(y)), y, **more)


def places(*parts: Split) -> list[int]:
    return sorted(np.concatenate([part.x for part in parts]).tolist())


@given(labels=LABELS, share=st.floats(0.01, 0.5))
def test_a_cut_takes_its_share_of_every_class_and_loses_nothing(labels: list[int], share: float) -> None:
    y = np.array(labels)
    rest, taken = split(numbered(y), share=share)
    assert places(rest, taken) == list(range(len(y)))
    for label in set(labels):
        assert np.sum(taken.y == label) == max(1, round(share * labels.count(label)))
    assert (y[taken.x] == taken.y).all()


@given(labels=st.lists(st.integers(0, 3), min_size=40, max_size=120), count=st.integers(2, 8), salt=st.integers(0, 3))
def test_folds_cover_every_sample_once_and_differ_by_one(labels: list[int], count: int, salt: int) -> None:
    whole = numbered(np.array(labels))
    tests = []
    for number in range(count):
        train, validation, test = fold(whole, number, count)
        assert places(train, validation, test) == list(range(len(labels)))
        tests.append(test)
    assert places(*tests) == list(range(len(labels)))
    sizes = [len(test) for test in tests]
    assert max(sizes) - min(sizes) <= 1
    for label in set(labels):
        shares = [int(np.sum(test.y == label)) for test in tests]
        assert max(shares) - min(shares) <= 1


@given(sizes=st.lists(st.integers(1, 6), min_size=12, max_size=40), number=st.integers(0, 3), folded=st.booleans())
def test_no_group_is_torn_apart(sizes: list[int], number: int, folded: bool) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    whole = numbered(groups % 2, groups=groups)
    parts = fold(whole, number, 4) if folded else holdout(whole, number)
    assert places(*parts) == list(range(len(groups)))
    names = [set(part.groups.tolist()) for part in parts]
    assert sum(map(len, names)) == len(sizes)


@given(number=st.integers(0, 5), n=st.integers(100, 300))
def test_data_in_the_order_of_time_are_cut_in_it(number: int, n: int) -> None:
    train, validation, test = holdout(numbered(n=n), number, is_ordered=True)
    joined = np.concatenate([train.x, validation.x, test.x])
    assert joined.tolist() == list(range(n - number * (n // 10)))
    assert len(test) == round(0.2 * n)


def test_cuts_in_the_order_of_time_come_to_an_end() -> None:
    for n in (7, 100):
        with pytest.raises(DataError, match="leaves too few to train on"):
            holdout(numbered(n=n), 9, is_ordered=True)
    with pytest.raises(DataError, match="have no folds: use splits ="):
        fold(numbered(n=50), 0, 5, is_ordered=True)


@pytest.mark.parametrize(("number", "count"), [(5, 5), (-1, 5), (0, 1), (0, 51)])
def test_a_fold_that_is_not_there_is_refused(number: int, count: int) -> None:
    with pytest.raises(DataError, match=f"fold {number} of {count} folds of 50 samples or groups does not exist"):
        fold(numbered(n=50), number, count)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=50, max_size=200, unique=True), number=st.integers(0, 4))
def test_every_part_holds_small_and_large_targets(values: list[float], number: int) -> None:
    y = np.array(values)
    middle = np.median(y)
    for part in holdout(numbered(y), number):
        assert 0.25 < np.mean(part.y > middle) < 0.75


def test_cuts_differ_by_their_number_and_by_nothing_else() -> None:
    y = np.arange(100) % 2
    np.random.seed(0)
    first = [part.sha256() for part in holdout(numbered(y), 0)]
    np.random.seed(1)
    assert [part.sha256() for part in holdout(numbered(y), 0)] == first
    assert not set(first) & {part.sha256() for part in holdout(numbered(y), 1)}


def test_cut_number_0_is_the_one_the_data_come_with() -> None:
    assert TABLE.resplit("holdout", 0) is TABLE
    assert TABLE.resplit("official", 3) is TABLE
    again = TABLE.resplit("holdout", 2).resplit("holdout", 1)
    assert again.hashes() == TABLE.resplit("holdout", 1).hashes()


def test_an_official_test_part_is_joined_before_it_is_cut_anew() -> None:
    apart = Dataset(TABLE.spec, TABLE.train, TABLE.validation, TABLE.test)
    anew = apart.resplit("kfold", 0, 5)
    assert sum(map(len, anew.parts().values())) == 150
    assert len(anew.test) == 30


def test_a_split_without_samples_or_with_too_few_targets_is_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        Split(np.zeros((0, 2)))
    with pytest.raises(DataError, match="as many y as samples; got 2 and 3"):
        Split(np.zeros((3, 2)), np.zeros(2))


def test_data_that_are_not_as_declared_name_the_part() -> None:
    spec = DatasetSpec(name="toy", target="toy:load", inputs=Space("c", (3,)), licence="none", source="none")
    part = Split(np.zeros((4, 2)))
    with pytest.raises(DataError, match=r"^data set 'toy', train part, input: .*one sample has shape \(2,\)"):
        Dataset(spec, part, part, part).check()


@given(labels=st.lists(st.integers(0, 3), min_size=8, max_size=80), seed=st.integers(0, 9), data=st.data())
def test_a_smaller_training_part_is_part_of_a_larger_one(labels: list[int], seed: int, data: st.DataObject) -> None:
    part = Part(torch.arange(len(labels))[:, None], torch.tensor(labels))
    small = data.draw(st.integers(1, len(labels)))
    large = data.draw(st.integers(small, len(labels)))
    few, many = (set(first_samples(part, size, seed).x.flatten().tolist()) for size in (small, large))
    assert few <= many
    assert (len(few), len(many)) == (small, large)
    ordered = Part(part.x, part.y, is_ordered=True)
    assert first_samples(ordered, small, seed).x.flatten().tolist() == list(range(len(labels)))[-small:]
