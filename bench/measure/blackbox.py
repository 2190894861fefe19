"""What a model that is no torch module shows of its size, read by duck typing and never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from bench.record import ModelSize

__all__ = ["black_box_size", "inner_module"]

Notes = tuple[str, ...]


def inner_module(model: Any) -> nn.Module | None:
    """Return the torch module a model is, or wraps as `torch.compile` and skorch do; None where there is none."""
    model = getattr(unwrapped(model), "module_", model)
    model = getattr(model, "_orig_mod", model)
    return model if isinstance(model, nn.Module) else None


def unwrapped(model: Any) -> Any:
    """Return what does the work: the last step of a pipeline, the best estimator of a search."""
    while True:
        if isinstance(steps := getattr(model, "steps", None), list) and steps:
            model = steps[-1][1]
        elif (best := getattr(model, "best_estimator_", None)) is not None:
            model = best
        else:
            return model


def black_box_size(model: Any) -> tuple[ModelSize, Notes]:
    """Return what a fitted black box shows, and a note on what was taken for its parameters.

    Linear models and perceptrons show their coefficients, trees their nodes, Gaussians their moments; of any other
    model the numbers in its public arrays are counted, and the note names these.
    """
    model = unwrapped(model)
    for read in (_perceptron, _trees, _linear, _moments, _arrays):
        if (size := read(model)) is not None:
            return size
    return ModelSize(), (f"{type(model).__name__} shows no parameters, so its size is unknown",)


def _perceptron(model: Any) -> tuple[ModelSize, Notes] | None:
    """Scikit-learn's MLPClassifier: one matrix and one vector per layer."""
    matrices, vectors = getattr(model, "coefs_", None), getattr(model, "intercepts_", None)
    if matrices is None or vectors is None:
        return None
    macs = sum(matrix.size for matrix in matrices)
    # The first matrix needs no gradient towards the data.
    size = _size(macs + sum(v.size for v in vectors), len(matrices), macs, 3 * macs - matrices[0].size)
    return size, ()


def _linear(model: Any) -> tuple[ModelSize, Notes] | None:
    """A matrix and an intercept; how it was fitted is the solver's secret, so training counts no operations."""
    coefficients = getattr(model, "coef_", None)
    if not isinstance(coefficients, np.ndarray):
        return None
    intercept = np.size(getattr(model, "intercept_", ()))
    return _size(coefficients.size + intercept, 1, coefficients.size, None), ()


def _trees(model: Any) -> tuple[ModelSize, Notes] | None:
    nodes = list(_node_counts(model))
    if not nodes:
        return None
    # A split holds one threshold, a leaf one answer; layers with weights it has none.
    return _size(sum(nodes), None, None, None), (f"parameters are the nodes of {len(nodes)} trees",)


def _node_counts(model: Any) -> Iterator[int]:
    if (tree := getattr(model, "tree_", None)) is not None:
        yield int(tree.node_count)
    elif (rounds := getattr(model, "_predictors", None)) is not None:  # histogram gradient boosting
        yield from (len(tree.nodes) for trees in rounds for tree in trees)
    else:
        for member in np.ravel(getattr(model, "estimators_", ())):
            yield from _node_counts(member)


def _moments(model: Any) -> tuple[ModelSize, Notes] | None:
    """Gaussian naive Bayes and mixtures: means, variances, weights."""
    for names in (("theta_", "var_", "class_prior_"), ("means_", "covariances_", "weights_")):
        if all(hasattr(model, name) for name in names):
            return _size(sum(np.size(getattr(model, name)) for name in names), None, None, None), ()
    return None


def _arrays(model: Any) -> tuple[ModelSize, Notes] | None:
    held = {name: value for name, value in getattr(model, "__dict__", {}).items() if _is_fitted(name, value)}
    if not held:
        return None
    count = sum(math.prod(value.shape) for value in held.values())
    return _size(count, None, None, None), (f"parameters are the numbers in {', '.join(held)}",)


def _is_fitted(name: str, value: Any) -> bool:
    """Tell floating numbers that a model keeps from labels, indices and private notes."""
    if name.startswith(("_", "class")):
        return False
    if isinstance(value, np.ndarray):
        return bool(np.issubdtype(value.dtype, np.floating)) and value.size > 0
    return isinstance(value, Tensor) and value.is_floating_point() and value.numel() > 0


def _size(parameters: int, depth: int | None, forward: int | None, training: int | None) -> ModelSize:
    return ModelSize(
        parameter_count=int(parameters),
        trainable_parameter_count=int(parameters),
        depth=depth,
        forward_macs=None if forward is None else int(forward),
        training_macs=None if training is None else int(training),
    )
