"""Analyse scores of seeds × test samples, both drawn at random, crossed with each other.

x[s, i] is the score of seed s on test sample i, or the difference of two models' scores. With the mean squares of a
two-way layout of S seeds and n samples,

    V = max(MS_seed + MS_sample − MS_rest, MS_sample, MS_seed) / (n S)

is the variance of the mean, on Satterthwaite's degrees of freedom of the mean squares in it, where that of the seeds is
counted twice for caution, and of two seeds 25 times. One seed: V = MS_sample / n, which knows nothing of seeds.
Sources: Dorfman, Berbaum and Metz, 1992; Hillis, A comparison of denominator degrees of freedom methods for multiple
observer ROC analysis, 2007; Satterthwaite, 1946.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bench.evidence.dependence import block_means, group_means
from bench.evidence.estimate import Estimate

__all__ = ["crossed", "with_pseudo_samples"]

Array = NDArray[np.float64]

# Of the seeds' mean square in Satterthwaite's formula; with 1, three seeds that differ as a whole give 7.4 % false
# claims at the 5 % level, with 2 they give 5.
CAUTION = 2.0
# Of two seeds. Their mean square has one degree of freedom and is often far too small by chance. Only where it is below
# this share of the rest's, as of seeds that are alike, are there as many degrees as samples; from there they fall.
# By simulation, where 32 % of the samples' mean square is the rest's: 2.3 % false claims where seeds are alike and
# at most 5.9 % where they are not, with CAUTION alone 3.5 and 10.2 %. With a smaller caution the first grows less than
# the second; with a larger one, or without the share, intervals of seeds that are alike hold the truth in over 98 %.
CAUTION_OF_TWO, SHARE_OF_TWO = 25.0, 0.3


def crossed(scores: Array, groups: NDArray[np.int64] | None = None, *, is_series: bool = False) -> Estimate:
    """Return the mean of scores, (seeds, n), with its standard error over seeds and samples.

    groups, (n,), and is_series say which samples depend on each other; they are counted by group or block.
    Seeds whose scores are all the same are one observation.
    """
    # Runs that differ do so in the second already, nearly always.
    is_repeated = len(scores) > 1 and np.array_equal(scores[1], scores[0]) and bool((scores == scores[0]).all())
    rows, factor = (scores[:1] if is_repeated else scores), 1.0
    if groups is not None:
        rows = group_means(rows, groups)
    elif is_series:
        rows, factor = block_means(rows)
    seeds, count = rows.shape
    value = float(scores.mean())
    if count < 2:
        return Estimate(value, math.nan, 0, "nothing", seeds, count, is_repeated=is_repeated)
    means, size = rows.mean(0), max(float(rows.max()), -float(rows.min()))
    if seeds == 1:
        variance = _variance(means, size) * factor
        return Estimate(
            value, math.sqrt(variance / count), count - 1, "samples", 1, count,
            is_repeated=is_repeated, of_samples=variance,
        )  # fmt: skip
    of_runs = rows.mean(1)
    of_seed = count * _variance(of_runs, size)
    of_sample = seeds * _variance(means, size) * factor
    rest = rows - means  # changed in place from here: of many samples, a copy takes longer than the sum
    rest -= of_runs[:, None]
    rest += rows.mean()
    of_rest = float(np.square(rest, out=rest).sum() / ((seeds - 1) * (count - 1)))
    total, degrees = _total(of_seed, of_sample, of_rest, seeds, count)
    return Estimate(
        value, math.sqrt(total / (count * seeds)), degrees, "seeds and samples", seeds, count,
        of_seeds=max(0.0, of_seed - of_rest) / count, of_samples=max(0.0, of_sample - of_rest) / seeds, of_both=of_rest,
    )  # fmt: skip


def with_pseudo_samples(value: float, samples: int, width: float) -> float:
    """Return the standard error of a difference that is the same on every sample, with two samples added.

    width: between the ends of the score. One pseudo-sample is won by each model, by the whole width, so that agreement
    on 30 samples is not taken for agreement on all. Source: Bonett and Price, Adjusted Wald confidence interval for a
    difference of binomial proportions based on paired data, 2012.
    """
    count = samples + 2
    mean = samples * value / count
    return math.sqrt(((samples * value**2 + 2 * width**2) / count - mean**2) / count)


def _variance(means: Array, size: float) -> float:
    """Return the variance of means, exactly 0 where they differ by rounding alone; size: of the largest value."""
    if np.ptp(means) <= 1e-12 * size:
        return 0.0
    return float(means.var(ddof=1))


def _total(of_seed: float, of_sample: float, of_rest: float, seeds: int, count: int) -> tuple[float, float]:
    """Return the largest of the three sums of mean squares, and Satterthwaite's degrees of freedom of it."""
    both = of_seed + of_sample - of_rest
    if seeds == 2:
        return max(both, of_sample, of_seed), _degrees_of_two(of_seed, of_sample, of_rest, count)
    if of_sample >= max(both, of_seed):
        return of_sample, count - 1
    if of_seed >= both:
        return of_seed, seeds - 1
    # Of a few seeds the mean square is often too small by chance, and would then leave too many degrees of freedom.
    counted = CAUTION * of_seed
    squares = counted**2 / (seeds - 1) + of_sample**2 / (count - 1) + of_rest**2 / ((seeds - 1) * (count - 1))
    return both, max(seeds - 1.0, (counted + of_sample - of_rest) ** 2 / squares)


def _degrees_of_two(of_seed: float, of_sample: float, of_rest: float, count: int) -> float:
    """Return the degrees of freedom of two seeds, from 1, that of the seeds alone, to those of the samples alone."""
    counted = CAUTION_OF_TWO * max(0.0, of_seed - SHARE_OF_TWO * of_rest)
    squares = counted**2 + of_sample**2 / (count - 1)
    return max(1.0, (counted + of_sample) ** 2 / squares) if squares > 0 else 1.0
