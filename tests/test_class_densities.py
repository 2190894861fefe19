"""A density of each class draws what is asked for and names classes by Bayes' rule, as scikit-learn's own do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from bench.errors import ContractError
from bench.model import Problem
from bench.plugins import discover
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import resolve
from bench.tasks.classification import Classification
from bench.tasks.scoring import validate

IMAGES = Space("chw", (1, 1, 4), bounds=(-1.0, 1.0))
CLASSES = Space(kind="index", size=3, names=("a", "b", "c"))
SIDES = {"predict": (IMAGES, CLASSES), "conditional": (CLASSES, IMAGES), "free": (None, IMAGES)}


def build(name: str, asked: str, **hyperparameters: Any) -> Any:
    spec = discover().models[name].spec
    torch.manual_seed(0)
    problem = Problem("toy", "toy", 96, "predict" if asked == "predict" else "sample", *SIDES[asked])
    return resolve(spec.target)(problem, **{**spec.defaults(), **hyperparameters})


def samples(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images of four pixels of three classes, each of another size, covariance and number."""
    random = np.random.RandomState(seed)
    y = random.choice(3, n, p=[0.5, 0.3, 0.2])
    mixing = np.random.RandomState(9).normal(0, 0.1, (3, 4, 4))
    x = np.einsum("nd,nde->ne", random.normal(size=(n, 4)), mixing[y]) + 0.1 * y[:, None]
    return x.reshape(n, 1, 1, 4).astype(np.float32), y.astype(np.int64)


@pytest.mark.parametrize("name", ["gaussian", "gaussian-mixture"])
def test_bayes_rule_is_that_of_quadratic_discriminant_analysis(name: str) -> None:
    sklearn = pytest.importorskip("sklearn.discriminant_analysis", reason="needs the shallow extra")
    (x, y), (asked, _) = samples(600), samples(200, seed=1)
    settings = {"shrinkage": 0.0} if name == "gaussian" else {"components": 1, "prior_samples": 1e-9}
    model = build(name, "predict", **settings).fit(x, y)
    theirs = sklearn.QuadraticDiscriminantAnalysis(tol=1e-12).fit(x.reshape(-1, 4).astype(np.float64), y)
    expected = theirs.predict_proba(asked.reshape(-1, 4).astype(np.float64))
    # Its covariances are divided by n - 1, ours by n.
    np.testing.assert_allclose(model.predict_proba(asked), expected, atol=0.01)
    assert (model.predict_proba(asked).argmax(1) == expected.argmax(1)).mean() > 0.99


def test_bayes_rule_of_balls_is_that_of_naive_bayes_on_equal_variances() -> None:
    """With all shrinkage each class is a ball, which naive Bayes finds where the pixels vary alike."""
    sklearn = pytest.importorskip("sklearn.naive_bayes", reason="needs the shallow extra")
    random = np.random.RandomState(0)
    # Every pixel takes the same numbers in another order, so that all have one variance.
    column = random.normal(0, 0.2, 300)
    rows = np.stack([np.roll(column.reshape(3, 100), place, 1).ravel() for place in range(4)], 1)
    y = np.repeat(np.arange(3), 100)
    x = (rows + 0.2 * y[:, None]).astype(np.float32).reshape(-1, 1, 1, 4)
    model = build("gaussian", "predict", shrinkage=1.0).fit(x, y)
    expected = sklearn.GaussianNB(var_smoothing=0).fit(x.reshape(-1, 4).astype(np.float64), y)
    asked = x[::7]
    found = expected.predict_proba(asked.reshape(-1, 4).astype(np.float64))
    np.testing.assert_allclose(model.predict_proba(asked), found, atol=1e-5)


@pytest.mark.parametrize("name", ["gaussian", "gaussian-mixture"])
def test_one_density_answers_all_three_questions(name: str) -> None:
    x, y = samples(400)
    told, free, naming = (build(name, asked) for asked in ("conditional", "free", "predict"))
    if name == "gaussian-mixture":
        free = build(name, "free", per_class=True)
    told.fit(y, x)
    torch.manual_seed(0)
    free.fit(x, strata=y)
    torch.manual_seed(0)
    naming.fit(x, y)
    torch.manual_seed(0)
    told.fit(y, x, strata=y)
    for other in (free, naming):
        torch.testing.assert_close(told.means, other.means)
        torch.testing.assert_close(told.factors, other.factors)


def test_the_likelihood_of_a_class_is_that_of_its_normal_distribution() -> None:
    x, y = samples(300)
    model = build("gaussian", "conditional", shrinkage=0.1).fit(y, x)
    found = model.log_likelihood(x, y)
    for label in range(3):
        covariance = model.factors[label] @ model.factors[label].T
        expected = multivariate_normal(model.means[label].numpy(), covariance.numpy()).logpdf(x[y == label, 0, 0])
        np.testing.assert_allclose(found[torch.from_numpy(y == label)].numpy(), expected, rtol=1e-6)
    shares = torch.bincount(torch.from_numpy(y)).double().log() - np.log(300)
    joint = torch.stack([model.log_likelihood(x, torch.full((300,), each)) for each in range(3)], 1) + shares
    torch.testing.assert_close(joint.logsumexp(1), model.log_likelihood(x))
    with pytest.raises(ContractError, match=r"classes \[7\] were not in the training part"):
        model.log_likelihood(x[:1], [7])


def test_classes_that_training_lacks_have_no_column() -> None:
    x, y = samples(200)
    model = build("gaussian", "predict").fit(x[y != 1], y[y != 1])
    assert model.classes_.tolist() == [0, 2]
    assert model.predict_proba(x).shape == (200, 2)
    np.testing.assert_allclose(model.predict_proba(x).sum(1), 1)


def test_a_density_without_classes_is_refused() -> None:
    with pytest.raises(ContractError, match="one density for each class"):
        build("gaussian", "free").fit(samples(20)[0])


def test_the_density_that_draws_digits_names_them_too() -> None:
    pytest.importorskip("sklearn", reason="needs the data extra")
    spec = discover().datasets["digits"].spec
    task = Classification()
    data = task.prepare(resolve(spec.target)(DataSource.of(spec)))
    model = resolve(discover().models["gaussian"].spec.target)(data.problem, shrinkage=0.1)
    task.fit(model, data.train)
    found = validate(task, task.answer(model, data, data.test).arrays, data.truth)
    assert found["accuracy"] > 0.97
