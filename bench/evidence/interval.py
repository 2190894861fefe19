"""Give one model's score its interval: over seeds and test samples, or splits, and inside what the score can be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bench.evidence.differences import estimated_scores
from bench.evidence.estimate import LEVEL, Basis, Estimate
from bench.evidence.observations import Observations
from bench.evidence.ratio import LARGEST_EXPONENT, Side, side
from bench.evidence.wilson import wilson
from bench.evidence.wording import scope
from bench.stats.distributions import student_quantile

__all__ = ["ScoreInterval", "score_interval", "score_intervals"]

# So many samples with a rare score are taken to be as variable as independent answers are.
FEW = 5


@dataclass(frozen=True)
class ScoreInterval:
    """A model's score with the ends of its interval of 1 − level, NaN where its runs give none.

    runs, failed: runs behind it, and those left out because they failed.
    """

    score: float
    low: float
    high: float
    basis: Basis
    scope: str
    runs: int
    failed: int

    @property
    def reach(self) -> float:
        """Half the interval's width: what stands after ± where there is room for one number."""
        return (self.high - self.low) / 2


def score_interval(observations: Observations, model: str, *, level: float = LEVEL) -> ScoreInterval:
    """Return the interval of a model's mean score, over the same variation as its comparisons.

    Scores with two ends (shares, areas): Wilson's interval (1927) on the number of independent samples that has the
    estimated variance, so that 30 right answers of 30 are not certainty. With one end (losses, errors; R²): symmetric
    in the logarithm of the distance from that end, wider where single values of runs are skewed. Otherwise symmetric.
    """
    return score_intervals(observations, [model], level=level)[model]


def score_intervals(
    observations: Observations, models: Iterable[str] | None = None, *, level: float = LEVEL
) -> dict[str, ScoreInterval]:
    """Return the interval of every model's mean score, of all models by default; see `score_interval`."""
    found = estimated_scores(observations, observations.models if models is None else models)
    return {model: _interval(observations, model, each, level) for model, each in found.items()}


def _interval(observations: Observations, model: str, found: Estimate, level: float) -> ScoreInterval:
    of_runs = side(observations, model, observations.finite(model)) if found.basis == "seeds" else None
    low, high = _ends(found, observations.low, observations.high, level, of_runs)
    return ScoreInterval(
        found.value,
        low,
        high,
        found.basis,
        scope(found, is_cost=observations.is_cost),
        len(observations.finite(model)),
        observations.failures(model),
    )


def _ends(found: Estimate, low: float, high: float, level: float, of_runs: Side | None) -> tuple[float, float]:
    if math.isfinite(low) and math.isfinite(high):
        return _inside(found, low, high, level)
    if not found.is_testable:
        return math.nan, math.nan
    if of_runs is not None:
        near, far = of_runs.ends(student_quantile(found.degrees, 1 - level / 2))
        return (low + near, low + far) if math.isfinite(low) else (high - far, high - near)
    reach = found.reach(level)
    if math.isfinite(low) and found.value > low:
        grown = math.exp(min(LARGEST_EXPONENT, reach / (found.value - low)))
        return low + (found.value - low) / grown, low + (found.value - low) * grown
    if math.isfinite(high) and found.value < high:
        grown = math.exp(min(LARGEST_EXPONENT, reach / (high - found.value)))
        return high - (high - found.value) * grown, high - (high - found.value) / grown
    return found.value - reach, found.value + reach


def _inside(found: Estimate, low: float, high: float, level: float) -> tuple[float, float]:
    """Return Wilson's interval, with Student's quantile, for m = p (1 − p) / V independent samples.

    Where the scores do not vary at all m is the number n of samples. Between, where few samples are scored unlike the
    rest, their number says little of V, and the design effect n / m is drawn towards 1 by as many more of them.
    """
    width = high - low
    # A pseudo-value may lie beyond the ends, and with it a mean of few.
    share = min(1.0, max(0.0, (found.value - low) / width))
    chance = share * (1 - share)
    if found.is_testable and chance > 0:
        quantile, m = student_quantile(found.degrees, 1 - level / 2), chance * (width / found.standard_error) ** 2
        if found.samples:
            # Of n answers that are right or wrong p (1 − p) is the variance with n below it, not n − 1.
            m *= found.samples / (found.samples - 1)
            rare = found.samples * min(share, 1 - share)
            design = found.samples / m
            m = found.samples / max(design, (rare * design + FEW) / (rare + FEW))
    elif found.samples > 1:
        quantile, m = student_quantile(found.samples - 1, 1 - level / 2), float(found.samples)
    else:
        return math.nan, math.nan
    below, above = wilson(share, m, quantile)
    return low + width * below, low + width * above
