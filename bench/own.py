"""Build a model from whatever a suite's `target` names: a function, a torch module's class, an estimator's class."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from bench.errors import UsageError
from bench.model import Problem, is_network
from bench.specs import resolve

__all__ = ["BUILDER", "TARGET_KEY", "build", "own_name"]

# What the process of a run calls in place of a plugin's own target.
BUILDER = "bench.own:build"
# The hyperparameter under which the target stands in the record, so that a suite can be made of it again.
TARGET_KEY = "target"

NAME_LENGTH = 64


def own_name(target: str) -> str:
    """Return the name that a target's model has in records: `my:build` is `my-build`."""
    return re.sub(r"[^a-z0-9._-]", "-", target.lower()).lstrip("._-")[:NAME_LENGTH]


def build(problem: Problem, *, target: str, **hyperparameters: Any) -> Any:
    """Return the model of a target, called with its hyperparameters and with `problem` where it has such a parameter.

    An estimator of scikit-learn's kind stands behind `bench.columns.Flat`: it wants rows of numbers. Raises UsageError
    where the target cannot be called so, or gives no model.
    """
    found = _loaded(target)
    if not callable(found) or is_network(found):
        raise UsageError(
            f"target {target} is an object of {type(found).__name__}: name its class, or a function that returns it, "
            "since every run needs a fresh one"
        )
    model = found(**_arguments(target, found, problem, hyperparameters))
    if is_network(model):
        return model
    if not hasattr(model, "fit"):
        raise UsageError(
            f"target {target} gave an object of {type(model).__name__}; a torch.nn.Module or an estimator with fit is "
            "needed"
        )
    return _on_rows(problem, model) if inspect.isclass(found) and hasattr(model, "get_params") else model


def _loaded(target: str) -> Any:
    module, _, name = target.partition(":")
    try:
        return resolve(target)
    except AttributeError as error:
        raise UsageError(f"target {target}: module {module} has no {name!r} ({error})") from error


def _arguments(
    target: str, found: Callable[..., Any], problem: Problem, hyperparameters: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        signature = inspect.signature(found)
    except ValueError:
        # Written in C, it does not say what it takes.
        return dict(hyperparameters)
    given = {**hyperparameters, **({"problem": problem} if "problem" in signature.parameters else {})}
    try:
        signature.bind(**given)
    except TypeError as error:
        known = ", ".join(name for name in signature.parameters if name != "problem") or "nothing"
        raise UsageError(
            f"target {target} cannot be called with its hyperparameters: {error}. It takes: {known}"
        ) from error
    return given


def _on_rows(problem: Problem, estimator: Any) -> Any:
    if problem.input is None or problem.input.ragged:
        return estimator
    from bench.columns import on_flat_rows

    return on_flat_rows(problem.input, estimator)
