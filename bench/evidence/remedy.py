"""Say how many seeds, samples, splits or data sets would decide a pair that is open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.evidence.estimate import Estimate
from bench.stats.distributions import normal_quantile

__all__ = ["Remedy", "can_runs_decide", "remedy", "remedy_of_datasets"]

# A remedy decides four times in five, if the difference is as large as it now seems.
POWER = 0.8
# More of anything than this is no advice.
LARGEST = 1_000_000


@dataclass(frozen=True)
class Remedy:
    """How many in all would decide a pair, each with the others as they are; None where no number would.

    seeds: on this test part. samples: independent test samples. splits: of the same data. datasets: like these.
    """

    seeds: int | None = None
    samples: int | None = None
    splits: int | None = None
    datasets: int | None = None

    @property
    def is_empty(self) -> bool:
        """Would no number decide it?"""
        return self.seeds is None and self.samples is None and self.splits is None

    def __str__(self) -> str:
        ways = [
            f"{_rounded(number):,} {what}"
            for number, what in (
                (self.seeds, "seeds"),
                (self.samples, "test samples"),
                (self.splits, "splits"),
                (self.datasets, "data sets"),
            )
            if number is not None
        ]
        return " or ".join(ways) or "more data"


def _rounded(number: int) -> int:
    """Return two digits of a number that is a guess, rounded up."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step


def remedy(found: Estimate, level: float) -> Remedy:
    """Return what would decide a pair, were the observed difference the true one.

    The standard error must come down to |difference| / (z_(1 − level / 2) + z_power). In
    V(S, n) = σ²_seed / S + σ²_sample / n + σ²_both / (S n) one number is solved for, the other kept. Over splits
    V(J) = s² (1 / J + n_test / n_train), which no number of splits brings below its second part.
    level: corrected for the number of pairs.
    """
    wanted = (found.value / _needed(level)) ** 2
    if not wanted > 0:
        return Remedy()
    if found.basis == "splits":
        return Remedy(splits=_solve(found.of_seeds, wanted - found.of_samples, found.splits))
    if found.basis == "seeds" and found.ratio is not None:
        share = (found.errors_to(0.0) / _needed(level)) ** 2
        return Remedy(seeds=_solve(found.seeds, share, found.seeds))
    if found.basis == "seeds":
        return Remedy(seeds=_solve(found.of_seeds, wanted, found.seeds))
    if found.basis == "samples":
        return Remedy(samples=_solve(found.of_samples, wanted, found.samples))
    if found.basis == "seeds and samples":
        seeds, samples = found.seeds, found.samples
        return Remedy(
            seeds=_solve(found.of_seeds + found.of_both / samples, wanted - found.of_samples / samples, seeds),
            samples=_solve(found.of_samples + found.of_both / seeds, wanted - found.of_seeds / seeds, samples),
        )
    return Remedy()


@lru_cache
def _needed(level: float) -> float:
    """Return how many standard errors a difference must be; all pairs of a section ask the same."""
    return float(normal_quantile(1 - level / 2) + normal_quantile(POWER))


def remedy_of_datasets(leads: NDArray[np.float64], level: float) -> Remedy:
    """Return how many data sets would decide a pair by signs that could be flipped, were others like these.

    leads: (data sets,), of mean μ and variance σ²: (z_(1 − level / 2) √(μ² + σ²) + z_power σ)² / μ², and no fewer than
    give p ≤ level where all leads have one sign, 2^(1 − N). level: corrected for the number of pairs.
    """
    mean, spread = float(leads.mean()), float(leads.std(ddof=1))
    fewest = math.ceil(1 - math.log2(level))
    reach = float(normal_quantile(1 - level / 2)) * math.hypot(mean, spread) + float(normal_quantile(POWER)) * spread
    if not abs(mean) * math.sqrt(LARGEST) > reach:
        return Remedy()
    return Remedy(datasets=max(len(leads) + 1, fewest, math.ceil((reach / mean) ** 2)))


def can_runs_decide(found: Estimate, level: float, margin: float | None) -> bool:
    """Could more seeds (or splits, where there are several) still decide an open pair?

    No number of them could where the difference, were it larger by two standard errors of its seeds, would still be
    within what the test part alone leaves uncertain, and the margin too. A remedy's number, made from the observed
    difference alone, would end many searches too early.
    """
    if found.is_repeated:
        return False
    if found.basis not in {"seeds and samples", "splits"}:
        return True
    if found.basis == "splits":
        of_runs, rest = found.of_seeds / found.splits, found.of_samples
    else:
        of_runs = (found.of_seeds + found.of_both / found.samples) / found.seeds
        rest = found.of_samples / found.samples
    reach, doubt = float(normal_quantile(1 - level / 2)) * math.sqrt(rest), 2 * math.sqrt(of_runs)
    is_within = margin is not None and max(0.0, abs(found.value) - doubt) + reach < margin
    return abs(found.value) + doubt > reach or is_within


def _solve(variance: float, wanted: float, at_present: int) -> int | None:
    """Return the number that divides a variance down to what is wanted, more than there are now."""
    if not wanted > 0 or not variance > 0 or variance / wanted > LARGEST:
        return None
    return max(at_present + 1, math.ceil(variance / wanted))
