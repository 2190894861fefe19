"""What the verdicts say where the answer is known: two models 2 points apart on a large test part, equal coins."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.evidence import Observations, RunKey, across, compare, sample_scores, score_interval
from bench.metrics.classification import accuracy, auroc

SCRIPTS = Path(__file__).parents[1] / "scripts"
# adult.test: rows, and how often two good classifiers of it disagree.
ROWS, DISAGREE = 16_281, 0.08


def right(wins: int, losses: int, both: int, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows each of two models has right: so many only the first, only the second, and both."""
    order = np.random.default_rng(0).permutation(rows)
    first = np.zeros(rows)
    second = np.zeros(rows)
    first[order[: wins + both]] = 1
    second[order[wins : wins + both + losses]] = 1
    return first, second


def deterministic(first: np.ndarray, second: np.ndarray, seeds: int = 5) -> Observations:
    models = {name: {RunKey(seed): scores for seed in range(seeds)} for name, scores in (("a", first), ("b", second))}
    return Observations(models, low=0.0, high=1.0)


def test_two_deterministic_models_two_points_apart_are_distinguishable() -> None:
    apart, disagree = round(0.02 * ROWS), round(DISAGREE * ROWS)
    first, second = right((disagree + apart) // 2, (disagree - apart) // 2, round(0.82 * ROWS))
    for seeds in (1, 5, 20):
        section = compare(deterministic(first, second, seeds))
        assert section.standing == {"a": "best", "b": "distinguishable"}
        pair = section.pairs[0]
        assert pair.p_value < 1e-12
        assert pair.difference == pytest.approx(0.02, abs=1e-4)
        # McNemar's standard error of the same counts: repeats add nothing to it.
        reach = 1.96 * np.sqrt((disagree - apart**2 / ROWS) / ROWS**2)
        assert (pair.low, pair.high) == pytest.approx((0.02 - reach, 0.02 + reach), abs=1e-4)
        assert "16,281 independent test samples" in pair.scope or "16,281 independent ones" in pair.scope


def test_a_tenth_of_a_point_is_open_and_only_more_test_samples_could_decide() -> None:
    apart, disagree = round(0.001 * ROWS), round(DISAGREE * ROWS)
    section = compare(deterministic(*right((disagree + apart) // 2, (disagree - apart) // 2, round(0.82 * ROWS))))
    pair = section.pairs[0]
    assert section.standing == {"a": "undecided", "b": "undecided"}
    assert not pair.can_runs_decide
    assert pair.remedy is not None
    assert pair.remedy.seeds is None
    assert pair.remedy.samples is not None
    assert pair.remedy.samples > ROWS
    # Half a point is a margin within which they are equal.
    assert compare(deterministic(*right(659, 643, 13_350)), margin=0.01).standing == {"a": "best", "b": "best"}


def adult() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training rows and labels, test rows and labels; categories as numbers."""
    root = Path(os.environ.get("BENCH_DATA", "none")) / "adult"
    if not root.is_dir():
        pytest.skip("real data is needed: set BENCH_DATA to a folder that holds adult/adult.data and adult/adult.test")
    parts = [
        pd.read_csv(root / name, header=None, skipinitialspace=True, skiprows=skip)
        for name, skip in (("adult.data", 0), ("adult.test", 1))
    ]
    both = pd.concat(parts)
    labels = both[14].str.rstrip(".").eq(">50K").to_numpy().astype(np.int64)
    columns = both.drop(columns=[14])
    rows = columns.apply(lambda each: each if each.dtype.kind in "if" else pd.factorize(each)[0]).to_numpy(np.float64)
    cut = len(parts[0])
    return rows[:cut], labels[:cut], rows[cut:], labels[cut:]


def test_a_tree_and_a_linear_model_differ_on_adult_by_every_score() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    x, y, test, labels = adult()
    models = {
        "tree": DecisionTreeClassifier(max_leaf_nodes=100, random_state=0).fit(x, y),
        "linear": make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y),
    }
    answers = {name: model.predict_proba(test) for name, model in models.items()}
    for metric in (accuracy, auroc):
        scores = {name: sample_scores(metric.__name__, metric, (given, labels)) for name, given in answers.items()}
        observations = Observations(
            {name: {RunKey(seed): each for seed in range(5)} for name, each in scores.items()}, low=0.0, high=1.0
        )
        assert compare(observations).standing == {"tree": "best", "linear": "distinguishable"}
        interval = score_interval(observations, "tree")
        assert interval.low < metric(answers["tree"], labels) < interval.high
        assert interval.reach < 0.007


def test_coins_of_one_bias_are_rarely_said_to_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin's own coins on 200 data sets of 30 test samples, without a process for each."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    plugin = importlib.import_module("coins_plugin")
    found = {}
    for name in plugin.DATASETS:
        labels = np.random.default_rng(len(found)).integers(0, 2, plugin.SAMPLES)
        rows, problem = labels[:, None].astype(np.float32), plugin.Problem("classification", name, plugin.SAMPLES)
        models: dict[str, dict[RunKey, np.ndarray]] = {"a": {}, "b": {}}
        for seed in range(5):
            for model, coin in (("a", plugin.coin_a(problem)), ("b", plugin.coin_b(problem))):
                np.random.seed(seed)
                coin.fit(rows, labels)
                answer = coin.predict_proba(rows)
                models[model][RunKey(seed)] = (answer.argmax(1) == labels).astype(float)
        found[name] = Observations(models, low=0.0, high=1.0)
    told = sum(pair.verdict != "open" for each in found.values() for pair in compare(each).pairs)
    assert len(found) == 200
    assert told <= 16
    assert abs(np.mean([score_interval(each, "a").score for each in found.values()]) - plugin.BIAS) < 0.01
    over = across(found).pairs[0]
    assert over.verdict == "open"
    assert over.low < 0.5 < over.high
