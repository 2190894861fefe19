"""Comparisons of two models over the seeds they share, and what many of them at once are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.stats.distributions import student_quantile, student_share_below
from bench.stats.signs import hodges_lehmann, signed_rank_p_value

if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

__all__ = ["Comparison", "Equivalence", "holm", "paired_difference", "tost_paired"]

Array = NDArray[np.float64]
# What values are paired by: a seed, or a seed and a split.
Key = TypeVar("Key", bound="SupportsRichComparison")
Method = Literal["t", "wilcoxon"]


@dataclass(frozen=True)
class Comparison:
    """A paired difference a − b with its interval and two-sided p-value.

    low, high: NaN where so few pairs give no interval. count: pairs behind it. can_decide: could any outcome
    of that many pairs have been significant? Where not, a large p-value says nothing about the models.
    """

    difference: float
    low: float
    high: float
    p_value: float
    count: int
    can_decide: bool


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided t tests of |a − b| < margin.

    low, high: the interval of 1 − 2α that lies within ± margin exactly when `is_equivalent`.
    """

    difference: float
    low: float
    high: float
    p_value: float
    is_equivalent: bool
    margin: float
    count: int
    can_decide: bool


def paired_difference(
    a: Mapping[Key, float],
    b: Mapping[Key, float],
    confidence: float = 0.95,
    method: Method = "t",
) -> Comparison:
    """Compare two models over the keys (seeds, splits) they share.

    t: the mean difference; differences that are all equal have p-value 0 (or 1 where they are zero) and no width.
    wilcoxon: the Hodges-Lehmann difference, exact signed ranks (ties share ranks, zero differences drop out); it
    alone takes the infinite values of failed runs, and two failures are a tie.
    No shared key gives a difference of NaN and a p-value of 1. Raises ValueError on NaN.
    """
    differences = _differences(a, b, allow_infinite=method == "wilcoxon")
    alpha, count = 1 - confidence, len(differences)
    if count == 0:
        return Comparison(np.nan, np.nan, np.nan, 1.0, 0, can_decide=False)
    difference, low, high, p_value = METHODS[method](differences, alpha)
    return Comparison(difference, low, high, p_value, count, _least_p_value(method, count) <= alpha)


def tost_paired(a: Mapping[Key, float], b: Mapping[Key, float], margin: float, alpha: float = 0.05) -> Equivalence:
    """Test whether two models differ by less than `margin` over the keys they share.

    Raises ValueError unless margin > 0. Source: Schuirmann, A comparison of the two one-sided tests procedure, 1987.
    """
    if not margin > 0:
        raise ValueError(f"an equivalence margin is positive, got {margin}")
    differences = _differences(a, b, allow_infinite=False)
    count = len(differences)
    if count < 2:
        difference = float(differences[0]) if count else np.nan
        return Equivalence(difference, np.nan, np.nan, 1.0, False, margin, count, can_decide=False)
    mean, error = float(differences.mean()), _standard_error(differences)
    p_value = max(_upper_tail(mean + margin, error, count - 1), _upper_tail(margin - mean, error, count - 1))
    reach = student_quantile(count - 1, 1 - alpha) * error
    return Equivalence(mean, mean - reach, mean + reach, p_value, p_value < alpha, margin, count, can_decide=True)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values corrected for their number, in the order given. Source: Holm, 1979."""
    array = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(array, kind="stable")
    raised = np.maximum.accumulate(array[order] * np.arange(len(array), 0, -1))
    corrected = np.empty_like(array)
    corrected[order] = np.minimum(raised, 1.0)
    return tuple(corrected.tolist())


def _differences(a: Mapping[Key, float], b: Mapping[Key, float], *, allow_infinite: bool) -> Array:
    shared = sorted(a.keys() & b.keys())
    left, right = (np.array([values[key] for key in shared], dtype=np.float64) for values in (a, b))
    for key, *pair in zip(shared, left, right, strict=True):
        if np.isnan(pair).any() or (not allow_infinite and np.isinf(pair).any()):
            raise ValueError(
                f"key {key} compares {pair[0]} with {pair[1]}: leave failed runs out, or pass them through "
                "with_failures and compare by method='wilcoxon'"
            )
    both_failed = np.isinf(left) & (left == right)
    return np.where(both_failed, 0.0, left - np.where(both_failed, 0.0, right))


def _t(differences: Array, alpha: float) -> tuple[float, float, float, float]:
    mean, count = float(differences.mean()), len(differences)
    if count == 1:
        return mean, np.nan, np.nan, 1.0
    error = _standard_error(differences)
    reach = student_quantile(count - 1, 1 - alpha / 2) * error
    return mean, mean - reach, mean + reach, min(1.0, 2 * _upper_tail(abs(mean), error, count - 1))


def _wilcoxon(differences: Array, alpha: float) -> tuple[float, float, float, float]:
    return *hodges_lehmann(differences, alpha), signed_rank_p_value(differences)


def _standard_error(differences: Array) -> float:
    if (differences == differences[0]).all():  # rounding in the mean would make a spread of it
        return 0.0
    return float(differences.std(ddof=1) / np.sqrt(len(differences)))


def _upper_tail(value: float, error: float, degrees: int) -> float:
    """Return P(T > value / error), by its limit where the error is zero."""
    if error == 0:
        return 0.5 if value == 0 else float(value < 0)
    return student_share_below(degrees, -value / error)


def _least_p_value(method: Method, count: int) -> float:
    """Return the smallest p-value that any outcome of so many pairs has: one sign pattern and its mirror image."""
    if method == "t":
        return 0.0 if count > 1 else 1.0
    return min(1.0, 2.0 ** (1 - count))


METHODS: dict[Method, Callable[[Array, float], tuple[float, float, float, float]]] = {
    "t": _t,
    "wilcoxon": _wilcoxon,
}
