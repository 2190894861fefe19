"""Shallow models: none or one hidden layer, or not a network at all."""

from __future__ import annotations

from collections.abc import Iterable

from bench import CLASS, NUMBER, Choice, Integer, ModelSpec, Need, Real, Role, hookimpl
from bench_shallow.clusterers import CLUSTERERS
from bench_shallow.detectors import DETECTORS
from bench_shallow.series import SERIES

# Hyperparameters of scikit-learn's models keep scikit-learn's names.
CLASSES_OR_NUMBERS = Need(axes=("",), kinds=("index", "real"))
ANY_VALUES = Need(levels=True, missing=True)
# Texts arrive as tokens, and are taken as bags of words.
TOKENS = Need(axes=("t",), kinds=("index",), ragged=True)
LINEAR = (Role("predict", ANY_VALUES, CLASS), Role("predict", TOKENS, CLASS))
NUMBERS = (Role("predict", ANY_VALUES, NUMBER),)
TREES = (Role("predict", ANY_VALUES, CLASSES_OR_NUMBERS),)
STEPS = Need(axes=("tc",))
NEXT_STEPS = (Role("predict", STEPS, STEPS),)
# A model for each value.
FEW_STEPS = (Role("predict", STEPS, STEPS, rule="bench_shallow.rules:few_values"),)
# What is not asked of a sample, the loss leaves out.
ANSWERS = Need(kinds=("index", "real"), axes=("", "c", "tc", "chw"), levels=True, missing=True)
NETWORK = (Role("predict", ANY_VALUES, ANSWERS),)
KERNELS = (*TREES, Role("predict", TOKENS, CLASSES_OR_NUMBERS))

MODELS = (
    ModelSpec(
        name="logistic-regression",
        target="bench_shallow.logistic_regression:logistic_regression",
        summary="multinomial logistic regression, fitted by L-BFGS",
        family="shallow",
        roles=LINEAR,
        hyperparameters={"C": Real(1.0, 1e-4, 1e4, log=True), "max_iter": 200},
        paper="D. R. Cox: The regression analysis of binary sequences, 1958",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="linear-regression",
        target="bench_shallow.linear_regression:linear_regression",
        summary="a weighted sum of the columns, by least squares",
        family="shallow",
        roles=(*NUMBERS, *NEXT_STEPS),
        paper="A.-M. Legendre: Nouvelles méthodes pour la détermination des orbites des comètes, 1805",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="ridge",
        target="bench_shallow.ridge:ridge",
        summary="linear regression with a penalty on squared weights",
        family="shallow",
        roles=(*NUMBERS, *NEXT_STEPS),
        hyperparameters={"alpha": Real(1.0, 1e-3, 1e3, log=True)},
        paper="A. Hoerl, R. Kennard: Ridge regression, biased estimation for nonorthogonal problems, 1970",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="naive-bayes",
        target="bench_shallow.naive_bayes:naive_bayes",
        summary="columns, or words of a text, as if independent given the class",
        family="shallow",
        roles=LINEAR,
        hyperparameters={"alpha": Real(1.0, 1e-3, 10.0, log=True), "var_smoothing": Real(1e-9, 1e-12, 1.0, log=True)},
        paper="M. E. Maron: Automatic indexing, an experimental inquiry, 1961",
        devices=("cpu",),
        requires=("sklearn", "scipy"),
        extra="shallow",
    ),
    ModelSpec(
        name="k-nearest-neighbours",
        target="bench_shallow.k_nearest_neighbours:k_nearest_neighbours",
        summary="what the training samples say that look most alike",
        family="shallow",
        roles=(*TREES, *NEXT_STEPS),
        hyperparameters={
            "n_neighbors": Integer(5, 1, 100, log=True),
            "weights": Choice("uniform", ("uniform", "distance")),
        },
        paper="T. Cover, P. Hart: Nearest neighbor pattern classification, 1967",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="support-vector-machine",
        target="bench_shallow.support_vector_machine:support_vector_machine",
        summary="the widest margin in the space of a kernel; slow beyond some ten thousand samples",
        family="shallow",
        roles=KERNELS,
        hyperparameters={
            "kernel": Choice("rbf", ("rbf", "linear")),
            "C": Real(1.0, 1e-2, 1e3, log=True),
            "gamma": Choice("scale", ("scale", "auto", 0.01, 0.1, 1.0)),
        },
        paper="C. Cortes, V. Vapnik: Support-vector networks, 1995",
        devices=("cpu",),
        requires=("sklearn", "scipy"),
        extra="shallow",
    ),
    ModelSpec(
        name="random-forest",
        target="bench_shallow.random_forest:random_forest",
        summary="trees on bootstrap samples, each split among a random few of the columns",
        family="shallow",
        roles=(*TREES, *NEXT_STEPS),
        hyperparameters={
            "n_estimators": Integer(200, 50, 1000, log=True),
            "max_features": Choice("sqrt", ("sqrt", "log2", 0.3)),
            "min_samples_leaf": Integer(1, 1, 20, log=True),
        },
        paper="L. Breiman: Random forests, 2001",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="hist-gradient-boosting",
        target="bench_shallow.hist_gradient_boosting:hist_gradient_boosting",
        summary="trees that correct each other, grown on binned columns",
        family="shallow",
        roles=(*TREES, *FEW_STEPS),
        hyperparameters={
            "max_iter": Integer(100, 20, 500, log=True),
            "learning_rate": Real(0.1, 0.01, 1.0, log=True),
            "max_leaf_nodes": Integer(31, 4, 128, log=True),
            "min_samples_leaf": Integer(20, 1, 100, log=True),
            "l2_regularization": Real(0.0, 0.0, 10.0),
        },
        paper="G. Ke et al.: LightGBM, a highly efficient gradient boosting decision tree, 2017",
        devices=("cpu",),
        requires=("sklearn",),
        extra="shallow",
    ),
    ModelSpec(
        name="lightgbm",
        target="bench_shallow.lightgbm:lightgbm",
        summary="LightGBM's trees that correct each other, grown where the loss falls most",
        family="shallow",
        roles=(*TREES, *FEW_STEPS),
        hyperparameters={
            "n_estimators": Integer(100, 20, 2000, log=True),
            "learning_rate": Real(0.1, 0.01, 1.0, log=True),
            "num_leaves": Integer(31, 4, 128, log=True),
            "min_child_samples": Integer(20, 1, 100, log=True),
            "colsample_bytree": Real(1.0, 0.2, 1.0),
            "reg_lambda": Real(0.0, 0.0, 10.0),
        },
        paper="G. Ke et al.: LightGBM, a highly efficient gradient boosting decision tree, 2017",
        devices=("cpu",),
        requires=("lightgbm", "sklearn"),
        extra="gbdt",
    ),
    ModelSpec(
        name="mlp-1",
        target="bench_shallow.mlp_1:OneHiddenLayer",
        summary="network with one hidden layer",
        family="shallow",
        roles=NETWORK,
        hyperparameters={"width": Integer(256, 8, 2048, log=True)},
        paper="D. Rumelhart et al.: Learning representations by back-propagating errors, 1986",
    ),
    *SERIES,
    *DETECTORS,
    *CLUSTERERS,
)


@hookimpl
def bench_models() -> Iterable[ModelSpec]:
    """Return the shallow models."""
    return MODELS
