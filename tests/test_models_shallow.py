"""Shallow models where the contract cannot know what is right: against scikit-learn, and against definitions."""

from __future__ import annotations

import numpy as np
import pytest

from bench.model import Problem
from bench.plugins import discover
from bench.spaces import Space
from bench.specs import resolve

pytest.importorskip("sklearn", reason="needs the shallow extra")

from sklearn.naive_bayes import CategoricalNB, GaussianNB, MultinomialNB

from bench_shallow.bags import Bag, on_weighted_bags
from bench_shallow.naive_bayes import ColumnwiseBayes

SPECS = {name: offer.spec for name, offer in discover().models.items()}
RANDOM = np.random.RandomState(5)
LABELS = np.arange(120) % 3


def build(name: str, given: Space, wanted: Space, count: int = 120, **hyperparameters: object) -> object:
    asked = Problem("toy", "toy", count, "predict", given, wanted)
    return resolve(SPECS[name].target)(asked, **{**SPECS[name].defaults(), **hyperparameters})


CLASSES = Space(kind="index", size=3, names=("a", "b", "c"))


def test_naive_bayes_of_numbers_is_that_of_scikit_learn() -> None:
    x = RANDOM.normal(LABELS[:, None], 2, (120, 4))
    found = ColumnwiseBayes(Space("c", (4,)), 3, 1e-12, 1e-9).fit(x, LABELS).predict_proba(x)
    np.testing.assert_allclose(found, GaussianNB().fit(x, LABELS).predict_proba(x), rtol=1e-6)


def test_naive_bayes_of_categories_is_that_of_scikit_learn() -> None:
    x = RANDOM.randint(0, 4, (120, 2)).astype(np.float32)
    found = ColumnwiseBayes(Space("c", (2,), levels=(4, 4)), 3, 1.0, 1e-9).fit(x, LABELS).predict_proba(x)
    expected = CategoricalNB(alpha=1.0, min_categories=4).fit(x, LABELS).predict_proba(x)
    # Equal numbers of each class: the smoothing of priors, which scikit-learn has not, changes nothing.
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_gap_says_nothing() -> None:
    space = Space("c", (2,), levels=(0, 3), missing=True)
    x = np.column_stack([RANDOM.normal(LABELS, 1), LABELS]).astype(np.float32)
    x[::7, 0] = np.nan
    x[::5, 1] = np.nan
    model = ColumnwiseBayes(space, 3, 1.0, 1e-9).fit(x, LABELS)
    np.testing.assert_allclose(model.predict_proba(np.full((1, 2), np.nan)), 1 / 3, rtol=1e-6)
    whole = model.predict_proba(np.array([[0.0, np.nan], [0.0, 2.0], [np.nan, 2.0]]))
    by_hand = whole[0] * whole[2]
    np.testing.assert_allclose(whole[1], by_hand / by_hand.sum(), rtol=1e-6)


def test_a_class_that_training_lacks_is_improbable_and_no_error() -> None:
    x = RANDOM.normal(size=(40, 2))
    answer = ColumnwiseBayes(Space("c", (2,)), 3, 1.0, 1e-9).fit(x, np.arange(40) % 2).predict_proba(x)
    assert answer.shape == (40, 3)
    assert np.isfinite(answer).all()
    assert (answer[:, 2] < 0.2).all()


def test_a_bag_counts_tokens_in_any_order() -> None:
    texts = [np.array([2, 0, 2]), np.array([1]), np.array([], np.int64)]
    expected = [[1, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert Bag(4).transform(texts).toarray().tolist() == expected
    assert Bag(4).transform(np.array([[2, 0, 2], [1, 1, 3]])).toarray().tolist() == [[1, 0, 2, 0], [0, 2, 0, 1]]


def test_naive_bayes_of_words_is_multinomial() -> None:
    words = Space("t", (None,), "index", 6, ragged=True)
    texts = [RANDOM.randint(0, 6, RANDOM.randint(1, 9)) for _ in range(120)]
    model = build("naive-bayes", words, CLASSES).fit(texts, LABELS)
    counts = np.stack([np.bincount(text, minlength=6) for text in texts])
    np.testing.assert_allclose(
        model.predict_proba(texts), MultinomialNB().fit(counts, LABELS).predict_proba(counts), rtol=1e-5
    )


def test_weighted_bags_have_length_one() -> None:
    from sklearn.linear_model import LogisticRegression

    words = Space("t", (None,), "index", 3, ragged=True)
    texts = [np.array(text) for text in ([0, 0, 1], [1, 2], [2, 2], [0])]
    model = on_weighted_bags(words, LogisticRegression()).fit(texts, [0, 1, 1, 0])
    rows = model[:-1].transform(texts).toarray()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    assert model.predict(texts).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("name", ["linear-regression", "ridge", "support-vector-machine", "k-nearest-neighbours"])
def test_regressors_find_a_line(name: str) -> None:
    x = RANDOM.normal(size=(200, 3)).astype(np.float32)
    y = x @ np.array([1.0, -2.0, 0.5]) + 0.3
    settings = {"support-vector-machine": {"kernel": "linear"}, "k-nearest-neighbours": {"n_neighbors": 3}}
    model = build(name, Space("c", (3,)), Space(), 200, **settings.get(name, {})).fit(x, y)
    allowed = {"linear-regression": 1e-5, "ridge": 0.05, "support-vector-machine": 0.15, "k-nearest-neighbours": 1.5}
    assert float(np.abs(model.predict(x) - y).max()) < allowed[name]
    assert float(np.abs(y - y.mean()).max()) > 3


def test_neighbours_are_no_more_than_there_are_samples() -> None:
    model = build("k-nearest-neighbours", Space("c", (2,)), Space(), 3, n_neighbors=50)
    x = RANDOM.normal(size=(3, 2))
    assert model.fit(x, np.array([1.0, 2.0, 6.0])).predict(x) == pytest.approx(3.0)


def test_margins_become_probabilities() -> None:
    x = RANDOM.normal(3 * LABELS[:, None], 1, (120, 2)).astype(np.float32)
    shares = build("support-vector-machine", Space("c", (2,)), CLASSES).fit(x, LABELS).predict_proba(x)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert (shares.argmax(1) == LABELS).mean() > 0.85


def test_lightgbm_splits_categories_into_sets() -> None:
    pytest.importorskip("lightgbm", reason="needs the gbdt extra")
    codes = RANDOM.randint(0, 8, 400)
    # In the order of the codes one threshold says little of odd and even; one set of categories says it all.
    y = codes % 2 + 0.01 * RANDOM.randn(400)
    x = np.column_stack([codes, RANDOM.randn(400)]).astype(np.float32)
    x[::9, 0] = np.nan
    known = ~np.isnan(x[:, 0])

    def error(*levels: int) -> float:
        model = build(
            "lightgbm", Space("c", (2,), levels=levels, missing=True), Space(), 400, num_leaves=2, n_estimators=20
        )
        return float(np.abs(model.fit(x, y).predict(x) - y)[known].mean())

    assert error(8, 0) < 0.5 * error(0, 0)


def test_lightgbm_follows_numpys_seed() -> None:
    pytest.importorskip("lightgbm", reason="needs the gbdt extra")
    x = RANDOM.randn(200, 6)
    drawn = []
    for seed in (0, 0, 1):
        np.random.seed(seed)
        model = build("lightgbm", Space("c", (6,)), Space(), 200, colsample_bytree=0.5, n_estimators=20)
        drawn.append(model.fit(x, x.sum(1)).predict(x))
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
