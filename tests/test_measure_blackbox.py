"""What a black box shows of its size: parameters, depth and operations of models that are no torch modules."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.measure.work import model_size
from bench.record import ModelSize


def size(model: object, *shape: int) -> ModelSize:
    measured, notes = model_size(model, torch.zeros(1, *shape))
    assert notes == ()
    return measured


@pytest.fixture(scope="module")
def iris() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


def test_linear_models_and_pipelines_show_their_coefficients(iris: tuple[np.ndarray, np.ndarray]) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*iris)
    measured = size(model, 4)
    assert (measured.parameter_count, measured.depth, measured.forward_macs) == (15, 1, 12)


def test_a_perceptron_shows_its_layers(iris: tuple[np.ndarray, np.ndarray]) -> None:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier((5, 6), max_iter=300, tol=1e9, n_iter_no_change=1).fit(*iris)
    measured = size(model, 4)
    assert (measured.parameter_count, measured.depth, measured.forward_macs) == (20 + 5 + 30 + 6 + 18 + 3, 3, 68)


def test_trees_show_their_nodes(iris: tuple[np.ndarray, np.ndarray]) -> None:
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier

    for model in (
        RandomForestClassifier(3, max_depth=1, random_state=0),
        GradientBoostingClassifier(n_estimators=1, max_depth=1),
        HistGradientBoostingClassifier(max_iter=1, max_leaf_nodes=2),
    ):
        measured, notes = model_size(model.fit(*iris), torch.zeros(1, 4))
        assert (measured.parameter_count, measured.depth) == (3 * 3, None)
        assert notes == ("parameters are the nodes of 3 trees",)


def test_gaussians_show_their_moments(iris: tuple[np.ndarray, np.ndarray]) -> None:
    from sklearn.naive_bayes import GaussianNB

    assert size(GaussianNB().fit(*iris), 4).parameter_count == 12 + 12 + 3


def test_any_other_box_shows_its_arrays_by_name() -> None:
    class Box:
        def __init__(self) -> None:
            self.means, self.factors = np.zeros((3, 4)), torch.zeros(3, 2)
            self.labels, self.classes_, self._data = np.arange(3), np.zeros(3), np.zeros((100, 4))

    measured, notes = model_size(Box(), torch.zeros(1, 4))
    assert (measured.parameter_count, measured.depth) == (12 + 6, None)
    assert notes == ("parameters are the numbers in means, factors",)


def test_a_box_that_shows_nothing_says_so() -> None:
    measured, notes = model_size(object(), torch.zeros(1, 4))
    assert measured == ModelSize()
    assert "shows no parameters" in notes[0]
