"""How a failed run enters a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

__all__ = ["with_failures"]

Key = TypeVar("Key")


def with_failures(values: Mapping[Key, float | None], higher_is_better: bool) -> dict[Key, float]:
    """Return the values with every failed run (None or NaN) as worse than any that finished.

    values: by seed, or by seed and split. A failure becomes -inf where higher is better and +inf where lower is.
    Ranks, the probability of improvement, performance profiles, medians and interquartile means take it as it is; a
    mean has no value then, and functions that need one raise ValueError.
    """
    failed = -math.inf if higher_is_better else math.inf
    return {key: failed if value is None or math.isnan(value) else value for key, value in values.items()}
