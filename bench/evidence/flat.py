"""Say whether a learning curve was flat when training ended, or the budget cut a rise short."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from bench.record import RunRecord
from bench.stats.distributions import student_quantile

__all__ = ["FEWEST", "is_flat", "was_flat"]

# When and what, x and y. A curve has tens of points, of which plain numbers are counted faster than arrays are made.
Point = tuple[float, float]

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
    times = range(1, len(values) + 1) if steps is None else steps
    if len(times) != len(values):
        raise ValueError(f"{len(values)} values and {len(times)} steps; give as many steps as values, or none")
    sign = 1.0 if higher else -1.0
    points = [(float(x), sign * float(y)) for x, y in zip(times, values, strict=True) if math.isfinite(y)]
    if len(points) < FEWEST or any(not later > earlier for (earlier, _), (later, _) in pairwise(points)):
        return None
    end = points[-1][0]
    late = [point for point in points if point[0] > 0.5 * end]
    if len(late) < FEWEST // 2:
        return None
    last, before = _best(points, lambda x: x > 0.75 * end), _best(points, lambda x: x <= 0.75 * end)
    if last is None or before is None or last <= before:
        return True
    slope, error = _slope(late)
    gain = 0.25 * end * slope
    heights = [y for _, y in points]
    scale = min(max(heights) - min(heights), abs(median(y for _, y in late)))
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


def _best(points: Sequence[Point], is_meant: Callable[[float], bool]) -> float | None:
    return max((y for x, y in points if is_meant(x)), default=None)


def _slope(points: Sequence[Point]) -> tuple[float, float]:
    """Return the slope of the least-squares line, and the bound that one of noise alone stays below."""
    count = len(points)
    middle, mean = (sum(each) / count for each in zip(*points, strict=True))
    square = sum((x - middle) * (x - middle) for x, _ in points)
    slope = sum((x - middle) * y for x, y in points) / square
    rest = [y - mean - slope * (x - middle) for x, y in points]
    total, degrees = sum(each * each for each in rest), count - 2
    variance = total / degrees
    if variance <= 1e-24 * max(y * y for _, y in points):
        return slope, 0.0
    # Neighbouring evaluations of one training resemble each other: there are fewer independent ones than points.
    alike = max(0.0, sum(one * other for one, other in pairwise(rest)) / total)
    inflation = (1 + alike) / (1 - alike)
    spread = math.sqrt(variance * inflation / square)
    return slope, student_quantile(max(1.0, degrees / inflation), 1 - LEVEL) * spread
