"""What models share that are a mixture of normal distributions: drawing, and the likelihood."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import ContractError
from bench.model import Problem
from bench_generative.moments import flat_rows

__all__ = ["NormalMixture", "log_normal"]


class NormalMixture:
    """A weighted sum of normal distributions; a subclass writes `fit`, which sets all of these.

    log_weights: (k,) of the components; means: (k, d); factors: (k, d, d) Cholesky factors of the covariances.
    classes_of:  (k,) the class that each component belongs to, empty where components belong to none.
    labels:      the classes there are.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem, self.shape = problem, problem.output_shape
        self.log_weights = self.means = self.factors = torch.empty(0)
        self.classes_of = self.labels = torch.empty(0, dtype=torch.int64)

    @property
    def has_classes(self) -> bool:
        """Does the problem give classes to draw from, or ask for them?"""
        return self.problem.answer == "predict" or self.problem.input is not None

    def told(self, first: Any, second: Any, strata: Any) -> tuple[Tensor, Tensor | None]:
        """Return rows (n, d) and classes (n,) of what `fit` was given, in the order that goes with the problem.

        Images alone or with their classes where nothing is given; classes and images where images are drawn from
        classes; images and classes where these are predicted.
        """
        if self.problem.answer == "sample" and self.problem.input is not None:
            first, second = second, first
        known = strata if second is None else second
        return flat_rows(first), None if known is None else torch.as_tensor(known).cpu()

    def sample(self, n: int, condition: Any = None) -> Tensor:
        """Draw n samples, (n, *shape) float32 in [-1, 1]; `condition` holds n labels where given."""
        which = self._components(n, None if condition is None else torch.as_tensor(condition).cpu())
        drawn = torch.empty(n, self.means.shape[1])
        for component in range(len(self.log_weights)):
            rows = torch.nonzero(which == component).squeeze(1)
            noise = torch.randn(len(rows), self.means.shape[1], dtype=torch.float64)
            drawn[rows] = (self.means[component] + noise @ self.factors[component].T).float()
        return drawn.clamp(-1, 1).reshape(n, *self.shape)

    def log_likelihood(self, x: Any, condition: Any = None) -> Tensor:
        """Return log p(x) under the mixture, nats per sample, (n,), x as in `fit`; no clamping is counted.

        condition: (n,) classes; then it is log p(x | class).
        """
        joint = self._joint(x)
        if condition is None:
            return joint.logsumexp(1)
        asked = torch.as_tensor(condition).cpu()
        self._require(asked)
        is_own = asked[:, None] == self.classes_of
        outside = torch.tensor(-math.inf, dtype=torch.float64)
        shares = torch.where(is_own, self.log_weights, outside).logsumexp(1)
        return torch.where(is_own, joint, outside).logsumexp(1) - shares

    @property
    def classes_(self) -> np.ndarray[Any, Any]:
        """The classes that `predict_proba` has a column for."""
        found: np.ndarray[Any, Any] = self.labels.numpy()
        return found

    def predict_proba(self, x: Any) -> np.ndarray[Any, Any]:
        """Return p(class | x) by Bayes' rule, (n, classes seen in training) float64."""
        joint = self._joint(x)
        of_class = [joint[:, self.classes_of == label].logsumexp(1) for label in self.labels]
        shares: np.ndarray[Any, Any] = torch.stack(of_class, 1).softmax(1).numpy()
        return shares

    def _joint(self, x: Any) -> Tensor:
        """Return log p(x, component), (n, k)."""
        rows = flat_rows(x).double()
        joint = [
            weight + log_normal(rows - mean, factor)
            for weight, mean, factor in zip(self.log_weights, self.means, self.factors, strict=True)
        ]
        return torch.stack(joint, 1)

    def _require(self, condition: Tensor) -> None:
        """Raise ContractError where classes are asked for that were not in the training part."""
        if not len(self.labels):
            raise ContractError(f"{type(self).__name__} was fitted without classes: sample(n) without a condition")
        if not bool(torch.isin(condition, self.labels).all()):
            absent = sorted(set(condition.tolist()) - set(self.labels.tolist()))
            raise ContractError(f"classes {absent} were not in the training part: only {self.labels.tolist()} were")

    def _components(self, n: int, condition: Tensor | None) -> Tensor:
        """Choose the component of each sample, (n,)."""
        if not len(self.log_weights):
            raise ContractError(f"{type(self).__name__} draws nothing before it is fitted: call fit first")
        weights = self.log_weights.exp()
        if condition is None:
            return torch.multinomial(weights, n, replacement=True)
        self._require(condition)
        matches = condition[:, None] == self.classes_of
        return torch.multinomial(matches * weights, 1).squeeze(1)


def log_normal(centred: Tensor, factor: Tensor) -> Tensor:
    """Log density of N(0, L Lᵀ) at rows (n, d), nats, (n,)."""
    whitened: Tensor = torch.linalg.solve_triangular(factor, centred.T, upper=False)
    log_determinant: Tensor = 2 * factor.diagonal().log().sum()
    return -0.5 * ((whitened**2).sum(0) + log_determinant + len(factor) * math.log(2 * math.pi))
