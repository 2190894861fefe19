"""Verdicts: parity with known tests, symmetry, and the rules for ties, failures and missing runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import ttost_paired

from bench.evidence import Observations, RunKey, compare, score_interval
from bench.evidence.crossed import crossed
from bench.evidence.sequential import anytime_p_value


def runs(scores: np.ndarray, split: str = "official") -> dict[RunKey, np.ndarray]:
    return {RunKey(seed, split): np.asarray(row) for seed, row in enumerate(scores)}


def drawn(seed: int = 0, models: int = 2, seeds: int = 4, n: int = 30) -> dict[str, dict[RunKey, np.ndarray]]:
    random = np.random.default_rng(seed)
    return {chr(97 + m): runs(random.normal(0.2 * m, 1, (seeds, n)) + random.normal(size=n)) for m in range(models)}


@pytest.mark.parametrize("higher", [True, False])
def test_one_seed_is_the_paired_t_test(higher: bool) -> None:
    models = drawn(seeds=1)
    pair = compare(Observations(models, higher=higher)).pairs[0]
    a, b = models["a"][RunKey(0)], models["b"][RunKey(0)]
    expected = stats.ttest_rel(a, b)
    assert pair.p_value == pytest.approx(expected.pvalue)
    assert (pair.low, pair.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert "nothing is known of other seeds" in pair.scope


def test_values_of_runs_are_the_paired_t_test_over_seeds() -> None:
    a, b = np.array([1.0, 2.5, 3.0, 2.0]), np.array([0.5, 1.0, 2.8, 1.1])
    pair = compare(Observations({"a": runs(a), "b": runs(b)})).pairs[0]
    assert pair.p_value == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert "very test part" in pair.scope


def test_equivalence_is_two_one_sided_tests() -> None:
    random = np.random.default_rng(3)
    a = random.normal(size=50)
    b = a + random.normal(0, 0.1, 50)
    for margin in (0.01, 0.03, 0.1):
        expected = ttost_paired(a, b, -margin, margin)[0]
        found = compare(Observations({"a": runs(a[None]), "b": runs(b[None])}), margin=margin).pairs[0]
        assert (found.verdict == "equivalent") == (expected <= 0.05)
    with pytest.raises(ValueError, match="positive"):
        compare(Observations({"a": runs(a[None])}), margin=0)


def test_splits_use_the_corrected_variance() -> None:
    random = np.random.default_rng(1)
    values = random.normal(0.5, 1, 10)
    a = {RunKey(seed, f"holdout {seed}"): np.asarray(value) for seed, value in enumerate(values)}
    b = {key: np.asarray(0.0) for key in a}
    pair = compare(Observations({"a": a, "b": b}, test_to_train=0.25)).pairs[0]
    t = values.mean() / math.sqrt((1 / 10 + 0.25) * values.var(ddof=1))
    assert pair.p_value == pytest.approx(2 * stats.t.sf(abs(t), 9))
    assert "other training and test parts" in pair.scope


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), seeds=st.integers(1, 5), n=st.integers(2, 40))
def test_verdicts_do_not_depend_on_order(seed: int, seeds: int, n: int) -> None:
    models = drawn(seed, 2, seeds, n)
    one = compare(Observations(models)).pairs[0]
    other = compare(Observations({"b": models["b"], "a": models["a"]})).pairs[0]
    assert one.difference == pytest.approx(-other.difference)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert (one.p_value, one.verdict, one.better) == (pytest.approx(other.p_value), other.verdict, other.better)
    order = np.random.default_rng(seed).permutation(n)
    shuffled = {name: {key: scores[order] for key, scores in found.items()} for name, found in models.items()}
    assert compare(Observations(shuffled)).pairs[0].p_value == pytest.approx(one.p_value)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), seeds=st.integers(1, 5), times=st.integers(2, 5))
def test_more_samples_like_these_never_widen_the_error(seed: int, seeds: int, times: int) -> None:
    models = drawn(seed, 2, seeds, 20)
    scores = np.stack(list(models["a"].values())) - np.stack(list(models["b"].values()))
    assert crossed(np.tile(scores, times)).standard_error <= crossed(scores).standard_error + 1e-9
    # Of few seeds the degrees of freedom fall with it, because what remains is the seeds'; of one they cannot.
    if seeds == 1:
        more = {name: {key: np.tile(row, times) for key, row in found.items()} for name, found in models.items()}
        assert compare(Observations(more)).pairs[0].p_value <= compare(Observations(models)).pairs[0].p_value + 1e-9


def test_identical_repeats_are_one_observation() -> None:
    random = np.random.default_rng(0)
    a, b = (random.random((2, 200)) < np.array([[0.9], [0.8]])).astype(float)
    once = compare(Observations({"a": runs(a[None]), "b": runs(b[None])})).pairs[0]
    often = compare(Observations({"a": runs(np.tile(a, (10, 1))), "b": runs(np.tile(b, (10, 1)))})).pairs[0]
    assert often.p_value == once.p_value
    assert "same for every seed" in often.scope
    values = compare(Observations({"a": runs(np.full(10, 0.9)), "b": runs(np.full(10, 0.8))})).pairs[0]
    assert (values.verdict, values.p_value, values.basis) == ("open", 1.0, "nothing")
    # Float32 in some of the runs is no evidence either.
    noisy = np.full(10, 0.8) + np.float64(np.float32(0.1)) * 1e-7 * np.arange(10)
    assert compare(Observations({"a": runs(np.full(10, 0.9)), "b": runs(noisy)})).pairs[0].p_value == 1.0


def test_two_seeds_count_by_their_samples_only_where_they_are_alike() -> None:
    random = np.random.default_rng(0)
    alike = random.normal(0.3, 1, 400) + random.normal(0, 0.1, (2, 400))
    alike -= alike.mean(1, keepdims=True) - alike.mean()
    assert crossed(alike).degrees == 399
    apart = alike + np.array([[0.0], [0.5]])
    assert crossed(apart).degrees == pytest.approx(1, abs=0.1)
    assert crossed(alike + np.array([[0.0], [0.02]])).degrees < 399


def test_agreement_on_every_sample_is_no_certainty() -> None:
    a = np.ones((5, 30))
    pair = compare(Observations({"a": runs(a), "b": runs(a)}, low=0, high=1)).pairs[0]
    assert pair.low < -0.05 < 0.05 < pair.high
    assert pair.verdict == "open"
    unbounded = compare(Observations({"a": runs(a), "b": runs(a)})).pairs[0]
    assert math.isnan(unbounded.low)
    apart = compare(Observations({"a": runs(a), "b": runs(0 * a)}, low=0, high=1)).pairs[0]
    assert apart.verdict == "different"


def test_failed_runs_only_tell_against_a_model() -> None:
    random = np.random.default_rng(0)
    good, poor = random.normal(3, 1, (5, 50)), random.normal(0, 1, (5, 50))
    half = {key: scores for key, scores in runs(good).items() if key.seed < 3}
    lost = {"a": frozenset({RunKey(3), RunKey(4)})}
    section = compare(Observations({"a": half, "b": runs(poor)}, failed=lost))
    assert section.pairs[0].verdict == "open"
    assert "2 of 5 runs of a failed" in section.pairs[0].note
    assert "3 runs of 5 shared" in section.pairs[0].note
    assert section.standing == {"a": "undecided", "b": "undecided"}
    assert (section.pairs[0].remedy, section.pairs[0].can_runs_decide) == (None, False)
    turned = compare(Observations({"a": half, "b": runs(poor)}, failed=lost, higher=False))
    assert (turned.pairs[0].verdict, turned.pairs[0].better) == ("different", "b")
    assert turned.standing == {"a": "distinguishable", "b": "best"}


def test_more_runs_can_still_tell_against_a_model_with_failed_runs() -> None:
    noise = np.random.default_rng(1).normal(0, 1, (5, 50))
    models, lost = {"a": runs(noise - noise.mean() + 0.01), "b": runs(np.flip(noise) - noise.mean())}, {RunKey(9)}
    pair = compare(Observations(models, failed={"a": frozenset(lost)})).pairs[0]
    assert (pair.verdict, pair.remedy, pair.can_runs_decide) == ("open", None, True)
    both = compare(Observations(models, failed=dict.fromkeys("ab", frozenset(lost)))).pairs[0]
    assert (both.verdict, both.remedy, both.can_runs_decide) == ("open", None, False)


def test_scores_that_are_not_finite_are_failures_and_missing_runs_are_not() -> None:
    values = runs(np.array([1.0, 2.0, np.inf, np.nan]))
    observations = Observations({"a": values, "b": runs(np.array([2.0, 2.5]))})
    assert observations.failures("a") == 2
    assert observations.failures("b") == 0
    pair = compare(observations).pairs[0]
    assert (pair.shared, pair.difference) == (2, -0.75)
    nothing = compare(Observations({"a": {}, "b": values})).pairs[0]
    assert (nothing.verdict, nothing.p_adjusted, nothing.shared) == ("open", 1.0, 0)


def test_tie_groups() -> None:
    random = np.random.default_rng(0)
    shared = random.normal(size=400)

    def model(mean: float, own: float) -> dict[RunKey, np.ndarray]:
        return runs(mean + shared + own * random.normal(size=400) + 0.1 * random.normal(size=(5, 400)))

    section = compare(Observations({"a": model(1, 0.1), "b": model(1, 0.1), "c": model(0, 0.1), "d": model(0.99, 3)}))
    assert section.standing == {"a": "undecided", "b": "undecided", "c": "distinguishable", "d": "undecided"}
    assert section.tie_group == ("a", "b", "d")
    near = compare(Observations({"a": model(1, 0.1), "b": model(1, 0.1), "c": model(0, 0.1)}), margin=0.1)
    assert near.standing == {"a": "best", "b": "best", "c": "distinguishable"}


def test_an_open_pair_says_what_would_decide_it() -> None:
    random = np.random.default_rng(5)
    own = random.normal(0.3, 1, (6, 1)) + 0.1 * random.normal(size=(6, 100))
    pair = compare(Observations({"a": runs(own), "b": runs(np.zeros((6, 100)))})).pairs[0]
    assert pair.remedy is not None
    assert pair.remedy.seeds is not None
    assert pair.remedy.samples is None  # the seeds' own spread stays
    assert "seeds" in str(pair.remedy)
    often = random.normal(pair.difference, 1, (pair.remedy.seeds * 2, 1)) + np.zeros((1, 100))
    assert compare(Observations({"a": runs(often), "b": runs(0 * often)})).pairs[0].verdict == "different"


def test_runs_go_on_while_they_may_decide() -> None:
    random = np.random.default_rng(0)

    def open_pair(scores: np.ndarray, margin: float | None = None) -> bool:
        pair = compare(Observations({"a": runs(scores), "b": runs(0 * scores)}), margin=margin).pairs[0]
        assert pair.verdict == "open"
        return pair.can_runs_decide

    of_samples = random.normal(size=50)
    of_samples -= of_samples.mean()
    assert not open_pair(of_samples + 0.01 * random.normal(size=(5, 50)))  # the test part is what limits
    assert not open_pair(np.tile(of_samples, (5, 1)), margin=0.01)  # repeats itself
    assert open_pair(np.array([-1.0, 0.2, 1.0])[:, None] + 0.01 * random.normal(size=(3, 50)))
    assert open_pair(np.array([0.1, -0.1, 0.3]))
    splits = {RunKey(seed, f"holdout {seed}"): np.asarray(value) for seed, value in enumerate([0.1, -0.1, 0.12, -0.12])}
    few = Observations({"a": splits, "b": {key: np.asarray(0.0) for key in splits}}, test_to_train=0.25)
    assert compare(few).pairs[0].can_runs_decide
    assert compare(few, margin=5.0).pairs[0].verdict == "equivalent"


def test_a_claim_after_looking_again_and_again_needs_more() -> None:
    values = np.random.default_rng(2).normal(1.2, 1, 6)
    observations = Observations({"a": runs(values), "b": runs(0 * values)})
    assert compare(observations).pairs[0].p_value < compare(observations, is_sequential=True).pairs[0].p_value
    assert anytime_p_value(np.ones(5)) == 1.0
    # The Bayes factor of Gönen et al. by its closed form.
    t = stats.ttest_1samp(values, 0).statistic
    factor = 7**-0.5 * ((1 + t**2 / 5) / (1 + t**2 / (5 * 7))) ** 3
    assert anytime_p_value(values) <= 1 / factor + 1e-12


def test_intervals_stay_where_scores_can_lie() -> None:
    perfect = score_interval(Observations({"a": runs(np.ones((5, 30)))}, low=0, high=1), "a")
    assert perfect.high == 1
    assert 0.85 < perfect.low < 0.9
    scores = (np.random.default_rng(0).random((1, 2000)) < 0.97).astype(float)
    found = score_interval(Observations({"a": runs(scores)}, low=0, high=1), "a")
    wilson = proportion_confint(scores.sum(), 2000, method="wilson")
    assert (found.low, found.high) == pytest.approx(wilson, abs=1e-4)
    loss = score_interval(Observations({"a": runs(np.array([0.1, 5.0]))}, low=0), "a")
    assert 0 <= loss.low < loss.score < loss.high
    share = score_interval(Observations({"a": runs(np.array([0.1, 0.9]))}, low=0, high=1), "a")
    assert 0 <= share.low < share.high <= 1
    lone = score_interval(Observations({"a": runs(np.array([0.5]))}, low=0, high=1), "a")
    assert math.isnan(lone.reach)


def test_groups_and_series_count_by_what_is_independent() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 10)
    values = random.normal(size=20)[groups][None] + 0.01 * random.normal(size=(3, 200))
    found = Observations({"a": runs(values), "b": runs(0 * values)}, groups={"official": groups})
    pair = compare(found).pairs[0]
    assert "20 independent test samples" in pair.scope
    t = stats.ttest_1samp(values.mean(0).reshape(20, 10).mean(1), 0)
    assert pair.p_value == pytest.approx(t.pvalue, rel=1e-2)
    walk = np.cumsum(random.normal(size=(1, 500)), axis=1)
    series = compare(Observations({"a": runs(walk), "b": runs(0 * walk)}, is_series=True)).pairs[0]
    assert "4 independent" in series.scope


def test_a_model_without_a_finite_score_stands_nowhere() -> None:
    runs = {RunKey(seed): np.asarray(0.9 + seed / 100) for seed in range(4)}
    never = {RunKey(seed): np.asarray(np.inf) for seed in range(4)}
    found = compare(Observations({"some": runs, "never": never}))
    assert found.standing == {"some": "best"}
    assert found.tie_group == ("some",)
