"""Ridge regression: the linear control of every regressor."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import Ridge

from bench.columns import on_flat_rows
from bench.model import Problem
from bench_shallow.many_values import as_rows

__all__ = ["ridge"]


def ridge(problem: Problem, *, alpha: float) -> Any:
    """Return scikit-learn's model behind flat rows: categories become one column each, gaps a zero and a flag."""
    return as_rows(problem.wanted, on_flat_rows(problem.given, Ridge(alpha=alpha)))
