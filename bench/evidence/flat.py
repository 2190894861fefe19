"""Say whether a learning curve was flat when training ended, or the budget cut a rise short."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.record import RunRecord
from bench.stats.distributions import student_quantile

__all__ = ["FEWEST", "is_flat", "was_flat"]

Array = NDArray[np.float64]

# Evaluations; of fewer, the second half says nothing of a slope.
FEWEST = 10
# A rise counts where it would go on beyond this share of what the curve gained in all, or of its value if that is less.
MATERIAL = 0.01
# One-sided, of the slope; of curves whose noise remembers itself, twice as many pass.
LEVEL = 0.025


def is_flat(values: Sequence[float], *, higher: bool, steps: Sequence[float] | None = None) -> bool | None:
    """Was a score no longer improving at the end of its curve? None where that cannot be judged.

    values: (n,), the score on the validation part at each evaluation, in order. higher: is more better? steps: (n,),
    when they were taken; evenly spaced by default.

    Not flat is a curve of which all of this holds: its best value came in the last quarter of training; over the last
    half its slope is an improvement beyond the noise (one-sided t at 2.5 %, the residuals' autocorrelation counted); at
    that slope a further quarter would gain more than 1 % of what the whole curve gained, or of its value where that is
    less. So a slow rise that is smaller than the noise passes for flat: see tests/test_evidence_flat.py for how
    large one is found. None: fewer than ten finite values, or five in the last half, or times that do not grow.
    """
    y = np.asarray(values, np.float64) * (1 if higher else -1)
    x = np.arange(1.0, len(y) + 1) if steps is None else np.asarray(steps, np.float64)
    if x.shape != y.shape:
        raise ValueError(f"{len(y)} values and {len(x)} steps; give as many steps as values, or none")
    is_finite = np.isfinite(y)
    x, y = x[is_finite], y[is_finite]
    if len(y) < FEWEST or not (np.diff(x) > 0).all() or (x > 0.5 * x[-1]).sum() < FEWEST // 2:
        return None
    end = x[-1]
    is_last = x > 0.75 * end
    if not is_last.any() or is_last.all() or y[is_last].max() <= y[~is_last].max():
        return True
    late = x > 0.5 * end
    slope, error = _slope(x[late], y[late])
    gain = 0.25 * end * slope
    scale = min(float(np.ptp(y)), abs(float(np.median(y[late]))))
    return not (gain > MATERIAL * scale and gain > 0.25 * end * error)


def was_flat(record: RunRecord) -> bool | None:
    """Was a run's learning curve flat when its training ended? None where that cannot be judged.

    The curve is that of the task's objective on the validation part. None besides: a black box, which is fitted as a
    whole; a learning rate that falls to zero over the budget, which flattens every curve; a race to a target, which
    ends where it is reached; a task without a main score; a run that did not end well.
    """
    protocol = record.run.settings.get("protocol", {})
    if not record.is_ok or not record.objective or len(record.curve) < FEWEST:
        return None
    if protocol.get("schedule") == "cosine" or "target" in protocol:
        return None
    watched = record.curve[-1].validation
    # The test part's may name its judge as well (`fd:lenet-digits-v1@…`); training watched its objective first.
    name = record.objective if record.objective in watched else next(iter(watched), "")
    directions = {score.name: score.higher_is_better for score in record.scores}
    higher = directions.get(name, directions.get(record.objective))
    if higher is None:
        return None
    points = [(point.step, point.validation[name]) for point in record.curve if name in point.validation]
    return is_flat([value for _, value in points], higher=higher, steps=[step for step, _ in points])


def _slope(x: Array, y: Array) -> tuple[float, float]:
    """Return the slope of the least-squares line, and the bound that one of noise alone stays below."""
    centred = x - x.mean()
    square = float((centred**2).sum())
    slope = float((centred * y).sum()) / square
    rest = y - y.mean() - slope * centred
    degrees = len(x) - 2
    variance = float((rest**2).sum()) / degrees
    if variance <= 1e-24 * float((y**2).max()):
        return slope, 0.0
    # Neighbouring evaluations of one training resemble each other: there are fewer independent ones than points.
    alike = max(0.0, float((rest[1:] * rest[:-1]).sum() / (rest**2).sum()))
    inflation = (1 + alike) / (1 - alike)
    spread = math.sqrt(variance * inflation / square)
    return slope, student_quantile(max(1.0, degrees / inflation), 1 - LEVEL) * spread
