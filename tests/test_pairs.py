"""Seeds and splits vary together, each pair once, none left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.data import Dataset, Split
from bench.runner.pairs import default_splits, pairs, seeds_counted_on
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.suite import Splits
from bench.tasks.forecasting import Forecasting

SEEDS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=30, unique=True)
SPLITS = st.one_of(
    st.just(Splits(scheme="official")),
    st.builds(Splits, scheme=st.just("holdout"), count=st.integers(1, 30)),
    st.builds(Splits, scheme=st.just("kfold"), count=st.integers(2, 30)),
)


@given(SEEDS, SPLITS)
def test_paired_lists_run_side_by_side_and_the_shorter_repeats(seeds: list[int], splits: Splits) -> None:
    found, plans = pairs(seeds, splits), splits.plans()
    assert len(found) == len(set(found)) == max(len(seeds), len(plans))
    assert found[: len(seeds)] == list(zip(seeds, (plans * len(seeds))[: len(seeds)], strict=True))
    assert {seed for seed, _ in found} == set(seeds)
    assert {split for _, split in found} == set(plans)


@given(SEEDS, SPLITS)
def test_crossed_lists_meet_each_other_once_with_seeds_outermost(seeds: list[int], splits: Splits) -> None:
    found = pairs(seeds, splits, paired=False)
    assert len(found) == len(set(found)) == len(seeds) * len(splits.plans())
    assert list(dict.fromkeys(seed for seed, _ in found)) == seeds
    assert [seed for seed, _ in found] == sorted((seed for seed, _ in found), key=seeds.index)


@given(st.integers(1, 20), st.integers(1, 40), st.integers(0, 39))
def test_a_seed_keeps_its_split_however_many_are_chosen(listed: int, most: int, first: int) -> None:
    """`--seeds 7-9` makes runs that `--seeds 10` makes too, beyond the suite's own seeds as well."""

    def split_of(chosen: range) -> dict[int, int]:
        seeds = seeds_counted_on(range(listed), chosen)
        splits = Splits(scheme="holdout", count=len(seeds))
        return {seed: plan.number for seed, plan in pairs(seeds, splits) if seed in chosen}

    whole = split_of(range(most))
    part = split_of(range(min(first, most - 1), most))
    assert part.items() <= whole.items()


def test_the_kth_random_cut_does_not_depend_on_how_many_there_are_but_a_fold_does() -> None:
    assert Splits(scheme="holdout", count=10).plans()[:3] == Splits(scheme="holdout", count=3).plans()
    assert set(Splits(scheme="kfold", count=10).plans()).isdisjoint(Splits(scheme="kfold", count=5).plans())


def test_small_data_in_the_order_of_time_have_five_cuts_and_more_seeds_share_them() -> None:
    spec = DatasetSpec(
        name="walk", target="x:y", inputs=Space("c", (1,)), ordered=True, sample_count=144, licence="CC0", source="",
    )  # fmt: skip
    found = default_splits(Forecasting(), spec, 12)
    assert [plan.number for _, plan in pairs(range(12), found)] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    whole = Dataset.cut(spec, Split(np.arange(144.0, dtype=np.float32)[:, None]))
    # The last of them leaves something to train on.
    assert min(len(whole.resplit(plan.scheme, plan.number, plan.count).train) for plan in found.plans()) == 36
    assert default_splits(Forecasting(), replace(spec, ordered=False), 12).count == 12
