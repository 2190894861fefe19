"""Say whether a learning curve was flat when training ended, or the budget cut a rise short."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import lt, mul
from statistics import median

from bench.record import RunRecord
from bench.stats.distributions import student_quantile

__all__ = ["FEWEST", "is_flat", "was_flat"]

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
    # A curve has tens of points, of which plain numbers are counted faster than arrays are made.
    times = range(1, len(values) + 1) if steps is None else steps
    if len(times) != len(values):
        raise ValueError(f"{len(values)} values and {len(times)} steps; give as many steps as values, or none")
    sign = 1.0 if higher else -1.0
    points = [(float(x), sign * float(y)) for x, y in zip(times, values, strict=True) if math.isfinite(y)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if len(points) < FEWEST or not all(map(lt, xs, xs[1:])):
        return None
    end = xs[-1]
    half, quarter = bisect_right(xs, 0.5 * end), bisect_right(xs, 0.75 * end)
    if len(points) - half < FEWEST // 2:
        return None
    last, before = max(ys[quarter:], default=None), max(ys[:quarter], default=None)
    if last is None or before is None or last <= before:
        return True
    slope, error = _slope(xs[half:], ys[half:])
    gain = 0.25 * end * slope
    scale = min(max(ys) - min(ys), abs(median(ys[half:])))
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


def _slope(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return the slope of the least-squares line, and the bound that one of noise alone stays below."""
    count = len(xs)
    middle, mean = sum(xs) / count, sum(ys) / count
    distances = [x - middle for x in xs]
    square = _product(distances, distances)
    slope = _product(distances, ys) / square
    rest = [y - mean - slope * distance for distance, y in zip(distances, ys, strict=True)]
    total, degrees = _product(rest, rest), count - 2
    variance = total / degrees
    if variance <= 1e-24 * max(y * y for y in ys):
        return slope, 0.0
    # Neighbouring evaluations of one training resemble each other: there are fewer independent ones than points.
    alike = max(0.0, _product(rest, rest[1:]) / total)
    inflation = (1 + alike) / (1 - alike)
    spread = math.sqrt(variance * inflation / square)
    return slope, student_quantile(max(1.0, degrees / inflation), 1 - LEVEL) * spread


def _product(one: Iterable[float], other: Iterable[float]) -> float:
    """Return the sum of products, as far as both go."""
    total: float = sum(map(mul, one, other))
    return total
