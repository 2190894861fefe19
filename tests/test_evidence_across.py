"""Models over data sets: parity with known tests, what changes nothing, and the rules for ties, failures and splits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from bench.evidence import Observations, Ranking, RunKey, across
from bench.evidence.wilson import wilson
from bench.stats import friedman
from bench.stats.signs import sign_flip_p_value
from tests.test_stats_ranks import DEMSAR

PROPERTY = settings(deadline=None, max_examples=40)


def on(runs: Mapping[str, Sequence[float] | float], higher: bool = True) -> Observations:
    """Return the observations of one data set from the values of each model's runs."""
    return Observations(
        {name: {RunKey(s): np.asarray(v) for s, v in enumerate(np.atleast_1d(each))} for name, each in runs.items()},
        higher,
    )


def table(values: np.ndarray, higher: bool = True, names: str = "abcdefgh") -> dict[str, Observations]:
    """Return data sets of values, (data sets, models) or (data sets, models, runs)."""
    return {
        f"d{place}": on({names[n]: runs for n, runs in enumerate(each)}, higher) for place, each in enumerate(values)
    }


TABLES = st.tuples(st.integers(3, 8), st.integers(2, 4), st.integers(1, 4), st.integers(0, 10_000)).map(
    lambda drawn: np.random.default_rng(drawn[3]).integers(-5, 6, drawn[:3]).astype(float)
)


def by_model(found: Ranking) -> dict[str, object]:
    return {each.model: (each.ranks, each.low, each.high, each.standing) for each in found.models}


def test_single_runs_give_demsars_ranks_and_tests() -> None:
    found, expected = across(table(DEMSAR)), friedman(DEMSAR.tolist())
    assert found.test == expected
    means = {each.model: each.mean_rank for each in found.models}
    assert [round(means[name], 3) for name in "abcd"] == [3.143, 2.0, 2.893, 1.964]
    assert [each.model for each in found.models] == ["d", "b", "c", "a"]
    # Wins, ties and losses of the second column against the first, counted in the paper's table.
    assert found.wins["b", "a"] == (10 + 2 / 2) / 14
    assert (found.pairs[0].better_on, found.pairs[0].worse_on) == (2, 10)


@PROPERTY
@given(st.lists(st.permutations([1, 2, 3, 4]), min_size=3, max_size=10))
def test_the_global_test_equals_scipys(rows: list[list[int]]) -> None:
    expected = stats.friedmanchisquare(*np.array(rows).T)
    found = across(table(np.array(rows, dtype=float))).test
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-9)


@PROPERTY
@given(st.lists(st.integers(-6, 6), min_size=3, max_size=8))
def test_flipped_signs_equal_scipys_permutations(differences: list[int]) -> None:
    values = np.array(differences, dtype=float)
    expected = stats.permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_p_value(values) == pytest.approx(expected)
    assert sign_flip_p_value(values / 7) == pytest.approx(expected)
    assert sign_flip_p_value(-values) == pytest.approx(expected)


def test_many_flipped_signs_approach_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(0.15, 1, 200)
    expected = 2 * stats.norm.sf(abs(values.sum()) / math.sqrt((values**2).sum()))
    assert sign_flip_p_value(values) == pytest.approx(expected, rel=0.03)


def test_wilsons_interval_equals_statsmodels() -> None:
    expected = proportion_confint(7, 20, method="wilson")
    assert wilson(7 / 20, 20, float(stats.norm.ppf(0.975))) == pytest.approx(expected)


@PROPERTY
@given(TABLES, st.randoms(use_true_random=False))
def test_order_changes_nothing(values: np.ndarray, random: object) -> None:
    found = across(table(values))
    columns, rows = list(range(values.shape[1])), list(range(values.shape[0]))
    random.shuffle(columns)  # type: ignore[attr-defined]
    random.shuffle(rows)  # type: ignore[attr-defined]
    names = "".join("abcdefgh"[n] for n in columns)
    again = across(table(values[:, columns], names=names))
    assert by_model(again) == by_model(found)
    assert {frozenset((p.a, p.b)): (p.p_adjusted, p.verdict, p.better) for p in again.pairs} == {
        frozenset((p.a, p.b)): (p.p_adjusted, p.verdict, p.better) for p in found.pairs
    }
    moved = across(table(values[rows]))
    assert [(each.model, each.low) for each in sorted(moved.models, key=lambda each: each.model)] == [
        (each.model, pytest.approx(each.low)) for each in sorted(found.models, key=lambda each: each.model)
    ]


@PROPERTY
@given(TABLES)
def test_direction_and_monotone_transforms_change_nothing(values: np.ndarray) -> None:
    found = across(table(values))
    assert across(table(-values, higher=False)) == found
    assert across(table(np.exp(values))) == found
    # Each data set may have a measure of its own.
    mixed = table(values) | {"d1": on(dict(zip("abcdefgh", 3 - 2 * values[1] ** 3, strict=False)), higher=False)}
    assert across(mixed) == found


@PROPERTY
@given(TABLES)
def test_ranks_rates_and_intervals_agree(values: np.ndarray) -> None:
    found, models = across(table(values)), values.shape[1]
    assert sum(each.mean_rank for each in found.models) == pytest.approx(models * (models + 1) / 2)
    for each in found.models:
        losses = sum(found.wins[other.model, each.model] for other in found.models if other is not each)
        assert each.mean_rank == pytest.approx(1 + losses)
        assert 1 <= each.low <= each.mean_rank <= each.high <= models
        assert each.low < each.high
    for pair in found.pairs:
        assert found.wins[pair.a, pair.b] == pytest.approx(pair.rate) == pytest.approx(1 - found.wins[pair.b, pair.a])
        assert 0 <= pair.low <= pair.rate <= pair.high <= 1
        assert (pair.verdict == "different") == bool(pair.better) == (pair.remedy is None)
        assert pair.verdict == "open" or pair.p_adjusted <= found.level
    assert all(found.wins[each.model, each.model] == 0.5 for each in found.models)


def test_differences_within_noise_are_nearly_ties() -> None:
    random = np.random.default_rng(0)
    found = across(table(random.normal(0, 1, (10, 2, 40)) + random.normal(0, 9, (10, 1, 1))))
    assert all(abs(rank - 1.5) < 0.3 for each in found.models for rank in each.ranks)
    assert found.pairs[0].verdict == "open"


def test_many_small_leads_of_one_sign_are_a_verdict() -> None:
    """No single data set decides: each model wins about as many runs there as a coin would give."""
    random = np.random.default_rng(0)
    found = across(table(random.normal(0, 1, (30, 2, 5)) + np.array([[[0.7], [0.0]]])))
    assert found.pairs[0].better == "a"
    assert max(each.ranks[0] for each in found.models) < 2
    assert [each.standing for each in found.models] == ["best", "distinguishable"]
    assert found.tie_group == ("a",)


def test_few_data_sets_are_no_certainty() -> None:
    won = across(table(np.tile([2.0, 1.0], (3, 1))))
    assert won.models[0].high > 1.5
    assert won.pairs[0].verdict == "open"
    assert won.pairs[0].remedy is not None
    assert won.pairs[0].remedy.datasets == 6
    assert str(won.pairs[0].remedy) == "6 data sets"
    assert across(table(np.tile([2.0, 1.0], (5, 1)))).tie_group == ("a", "b")
    assert across(table(np.tile([2.0, 1.0], (6, 1)))).tie_group == ("a",)


@PROPERTY
@given(TABLES)
def test_no_interval_is_wider_than_that_of_data_sets_won_or_lost_as_a_whole(values: np.ndarray) -> None:
    quantile = float(stats.norm.ppf(0.975))
    for pair in across(table(values)).pairs:
        low, high = wilson(pair.rate, len(values), quantile)
        if len(values) < 5:  # four won of four are too common by chance to leave 1/2 out
            low, high = min(low, 0.5), max(high, 0.5)
        assert low - 1e-9 <= pair.low <= pair.rate <= pair.high <= high + 1e-9


def test_all_pairs_are_corrected_together() -> None:
    values = np.tile([3.0, 2.0, 1.0], (6, 1))
    assert {pair.p_value for pair in across(table(values)).pairs} == {2**-5}
    assert {pair.p_adjusted for pair in across(table(values)).pairs} == {3 * 2**-5}
    # Two models that are alike on all data sets are no comparison that others pay for.
    alike = across(table(np.tile([3.0, 2.0, 2.0], (6, 1)))).pairs
    assert [pair.p_adjusted for pair in alike] == [2 * 2**-5, 2 * 2**-5, 1.0]


def test_a_remedy_decides_four_times_in_five() -> None:
    random = np.random.default_rng(1)

    def drawn(count: int) -> np.ndarray:
        return random.normal(0, 1, (count, 2, 3)) + np.array([[[0.5], [0.0]]]) * random.normal(1, 2, (count, 1, 1))

    remedies = [across(table(drawn(40))).pairs[0].remedy for _ in range(60)]
    typical = int(np.median([each.datasets for each in remedies if each is not None and each.datasets is not None]))
    found = np.mean([across(table(drawn(typical))).pairs[0].verdict == "different" for _ in range(60)])
    assert 0.5 < found <= 1


def test_no_number_of_data_sets_decides_between_equals() -> None:
    found = across(table(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 1.0]]))).pairs[0]
    assert found.remedy is not None
    assert (found.p_value, found.remedy.datasets, str(found.remedy)) == (1.0, None, "more data")


def test_models_that_win_in_a_circle_are_a_tie() -> None:
    rows = [[3.0, 2.0, 1.0], [1.0, 3.0, 2.0], [2.0, 1.0, 3.0]] * 30
    found = across(table(np.array(rows)))
    assert {(pair.a, pair.b): pair.better for pair in found.pairs} == {
        ("a", "b"): "a",
        ("a", "c"): "c",
        ("b", "c"): "b",
    }
    assert {each.standing for each in found.models} == {"undecided"}


def test_failed_runs_lose_and_two_of_them_tie() -> None:
    lost = Observations(
        {"a": {RunKey(0): np.asarray(0.9)}, "b": {RunKey(0): np.asarray(np.nan)}, "c": {}},
        failed={"a": frozenset({RunKey(1)}), "c": frozenset({RunKey(0)})},
    )
    same = on({"a": 1, "b": 1, "c": 1})
    for higher in (True, False):
        failing = Observations(lost.models, higher, failed=lost.failed)
        found = across({"x": failing, "y": same, "z": same})
        first = {each.model: each.ranks[0] for each in found.models}
        # a wins its one run that ended and ties with the other: 3/4 against each.
        assert first == {"a": 1.5, "b": 2.25, "c": 2.25}
        assert (found.pairs[0].better_on, found.pairs[0].worse_on) == (1, 0)


def test_a_model_that_never_ended_is_in_no_tie_group() -> None:
    never = {
        f"d{place}": on({"a": place, "b": (-1) ** place * 9.0, "c": [math.nan, math.nan], "d": math.inf})
        for place in range(4)
    }
    found = across(never)
    assert {each.model: each.standing for each in found.models} == {
        "a": "undecided", "b": "undecided", "c": None, "d": None
    }  # fmt: skip
    assert set(found.tie_group) == {"a", "b"}
    assert [each.ranks[0] for each in found.models if each.standing is None] == [3.5, 3.5]
    alone = across({name: on({"a": 1.0, "c": math.nan}) for name in "xyz"})
    assert alone.tie_group == ("a",)


def test_runs_meet_on_the_same_split() -> None:
    """Splits differ by more than models do; on each of them a is the better one."""
    rows = {}
    for place in range(6):
        level = np.random.default_rng(place).normal(0, 5, 10)
        rows[f"d{place}"] = Observations(
            {
                name: {RunKey(k, f"holdout {k}"): np.asarray(value + lead) for k, value in enumerate(level)}
                for name, lead in (("a", 0.1), ("b", 0.0))
            }
        )
    found = across(rows)
    assert found.wins["a", "b"] == 1
    assert found.models[0].ranks == (1.0,) * 6
    # One split of one model alone is no meeting; without any shared split all runs meet.
    extra = dict(rows["d0"].models["b"]) | {RunKey(99, "holdout 99"): np.asarray(1e6)}
    assert across(rows | {"d0": Observations({"a": rows["d0"].models["a"], "b": extra})}).wins["a", "b"] == 1
    apart = {"a": {RunKey(0, "holdout 0"): np.asarray(1.0)}, "b": {RunKey(1, "holdout 1"): np.asarray(2.0)}}
    assert across(rows | {"d0": Observations(apart)}).wins["a", "b"] == pytest.approx(5 / 6)


def test_scores_of_samples_count_by_their_mean_and_rounding_is_a_tie() -> None:
    by_sample = Observations({"a": {RunKey(0): np.array([1.0, 0.0])}, "b": {RunKey(0): np.array([1.0, 1.0])}})
    assert across({str(n): by_sample for n in range(3)}).wins["b", "a"] == 1
    rounded = on({"a": 0.1, "b": float(np.float32(0.1))})
    assert across({str(n): rounded for n in range(3)}).wins["a", "b"] == 0.5


def test_what_cannot_be_ranked_is_refused() -> None:
    good = on({"a": 1, "b": 2})
    with pytest.raises(ValueError, match="at least 3 of them, got 2"):
        across({"x": good, "y": good})
    with pytest.raises(ValueError, match="at least 2 models, data set 'x' has 1"):
        across({name: on({"a": 1}) for name in "xyz"})
    with pytest.raises(ValueError, match="'x' and 'z' do not share b, c"):
        across({"x": good, "y": good, "z": on({"a": 1, "c": 2})})
    with pytest.raises(ValueError, match="data set 'z': model 'b' has no run"):
        across({"x": good, "y": good, "z": Observations({"a": {RunKey(0): np.asarray(1.0)}, "b": {}})})


def test_the_scope_names_the_data_sets() -> None:
    assert "other data sets like these 14" in across(table(DEMSAR)).scope


@pytest.mark.parametrize(("wins", "count"), [(3, 3), (4, 4), (0, 4), (4, 6)])
def test_the_interval_of_few_data_sets_holds_one_half(wins: int, count: int) -> None:
    values = np.stack([np.arange(count) < wins, np.full(count, 0.5)], 1)
    (pair,) = across(table(values)).pairs
    assert pair.p_value > 0.05
    assert pair.low <= 0.5 <= pair.high
