"""Turn a score into one value per test sample whose mean is the score.

A score that is a mean over samples is its samples' own. Every other enters through jackknife pseudo-values: with θ the
score of all n samples and θ₋ᵢ that without sample i,

    y_i = θ + (n − 1) (mean(θ₋) − θ₋ᵢ),

normalised so that their mean is θ itself. Sources: Dorfman, Berbaum and Metz, Receiver operating characteristic rating
analysis, 1992; Hillis, Obuchowski, Schartz and Berbaum, 2005 (normalised pseudo-values).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import NotEnoughSamples
from bench.metrics.classification import BIN_EDGES, SMALLEST_PROBABILITY

__all__ = ["jackknife", "sample_scores"]

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Metric = Callable[..., float]
# A metric of n samples may be computed this often to get its pseudo-values.
EVALUATIONS = 500


def sample_scores(name: str, score: Metric, arrays: Sequence[NDArray[np.generic]]) -> Array:
    """Return one value per test sample whose mean is `score(*arrays)`.

    name: the metric's; where a fast way is known under it and its mean is the score, that is taken, (n,). Otherwise
    the general jackknife. arrays: as the metric's function takes them, the samples along the first axis of each; one of
    length 1 among longer ones holds for all samples.
    Where no sample can be left out (a single sample, the only one of two classes) the score alone comes back, ().
    """
    value = float(score(*arrays))
    if not np.isfinite(value) or max(map(len, arrays)) < 2:
        return np.asarray(value)
    if (name in FAST and len(arrays) == 2) or name in MEANS:
        if name in MEANS:
            found = _alone(score, arrays)
        else:
            found = FAST[name](np.asarray(arrays[0], dtype=np.float64), np.asarray(arrays[1]))
        # Another's metric may have the name and mean something else.
        if not abs(found.mean() - value) <= 1e-6 * max(1.0, abs(value)):
            found = jackknife(score, arrays)
    else:
        found = jackknife(score, arrays)
    return found if np.isfinite(found).all() else np.asarray(value)


def jackknife(score: Metric, arrays: Sequence[NDArray[np.generic]], evaluations: int = EVALUATIONS) -> Array:
    """Return the normalised pseudo-values of any metric, (min(n, evaluations),).

    With more samples than `evaluations`, groups of samples are left out instead of single ones (every k-th sample
    belongs to the k-th group), which bounds the cost; groups are the same for all models of a test part.
    Raises NotEnoughSamples for fewer than two samples.
    """
    count = max(map(len, arrays))
    if count < 2:
        raise NotEnoughSamples(f"pseudo-values need at least 2 samples, got {count}")
    groups = np.arange(count) % min(count, evaluations)

    def kept(array: NDArray[np.generic], group: int) -> NDArray[np.generic]:
        return array if len(array) == 1 else array[groups != group]

    without = [score(*(kept(array, group) for array in arrays)) for group in range(int(groups.max()) + 1)]
    return _normalised(float(score(*arrays)), np.array(without, dtype=np.float64))


def _normalised(value: float, without: Array) -> Array:
    return np.asarray(value + (len(without) - 1) * (without.mean() - without))


def _alone(score: Metric, arrays: Sequence[NDArray[np.generic]]) -> Array:
    """Return the score of each sample by itself, which is what a mean over samples is made of."""
    count = max(map(len, arrays))
    each = ([array if len(array) == 1 else array[at : at + 1] for array in arrays] for at in range(count))
    return np.array([score(*sample) for sample in each], dtype=np.float64)


def _accuracy(probabilities: Array, labels: Labels) -> Array:
    return np.asarray(probabilities.argmax(1) == labels, dtype=np.float64)


def _log_loss(probabilities: Array, labels: Labels) -> Array:
    true = probabilities[np.arange(len(labels)), labels]
    return np.asarray(-np.log(true.clip(SMALLEST_PROBABILITY, 1.0)))


def _squared_errors(predictions: Array, targets: Array) -> Array:
    return np.asarray(((predictions - targets) ** 2).reshape(len(targets), -1).mean(1))


def _absolute_errors(predictions: Array, targets: Array) -> Array:
    return np.asarray(np.abs(predictions - targets).reshape(len(targets), -1).mean(1))


def _rmse(predictions: Array, targets: Array) -> Array:
    squares = _squared_errors(predictions, targets)
    without = np.sqrt((squares.sum() - squares).clip(0.0) / (len(squares) - 1))
    return _normalised(float(np.sqrt(squares.mean())), without)


def _r2(predictions: Array, targets: Array) -> Array:
    """Pseudo-values of the explained share: without sample i, squares about the mean lose n / (n − 1) (yᵢ − ȳ)²."""
    count = len(targets)
    errors = _squared_errors(predictions, targets)
    spread = ((targets - targets.mean(0, dtype=np.float64)) ** 2).reshape(count, -1).mean(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        without = 1 - (errors.sum() - errors) / (spread.sum() - spread * count / (count - 1))
    return _normalised(float(1 - errors.sum() / spread.sum()), without)


def _auroc(probabilities: Array, labels: Labels) -> Array:
    """Pseudo-values of the mean area over classes, in O(k n log n): ranks say what each sample adds to the statistic.

    The area of a class is U / (m q) over m samples inside and q outside. Without one inside, U loses the number of
    outside samples below it (half of those equal), and m one; without one outside, likewise.
    """
    present = np.unique(labels)
    count = len(labels)
    areas, kept = np.zeros(count), np.full(count, len(present))
    total = 0.0
    for label in present:
        inside = labels == label
        column = probabilities[:, label]
        adds = np.empty(count)
        adds[inside] = _wins(column[inside], np.sort(column[~inside]))
        adds[~inside] = _wins(-column[~inside], np.sort(-column[inside]))
        statistic, m, q = float(adds[inside].sum()), int(inside.sum()), int((~inside).sum())
        total += statistic / (m * q) if q else np.nan
        pairs = np.where(inside, (m - 1) * q, m * (q - 1))
        # Without the only sample of a class, the mean is taken over the others.
        kept -= inside & (m == 1)
        areas += np.divide(statistic - adds, pairs, out=np.zeros(count), where=pairs > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _normalised(total / len(present), areas / np.where(kept > 1, kept, np.nan))


def _anomaly_auroc(scores: Array, labels: Labels) -> Array:
    """Pseudo-values of one area, of anomalies (1) against normal samples (0): what each adds to U / (m q)."""
    inside = labels == 1
    adds = np.empty(len(labels))
    adds[inside] = _wins(scores[inside], np.sort(scores[~inside]))
    adds[~inside] = _wins(-scores[~inside], np.sort(-scores[inside]))
    statistic, m, q = float(adds[inside].sum()), int(inside.sum()), int((~inside).sum())
    # Without the only sample of its kind there is no area.
    with np.errstate(invalid="ignore", divide="ignore"):
        return _normalised(statistic / (m * q), (statistic - adds) / np.where(inside, (m - 1) * q, m * (q - 1)))


def _wins(values: Array, against: Array) -> Array:
    """Return for each value how many of `against`, ascending, lie below it, half of the equal ones among them."""
    below = np.searchsorted(against, values, "left") + np.searchsorted(against, values, "right")
    return np.asarray(below / 2)


def _of_counts(share: Callable[[Array, Array, Array], Array]) -> Callable[[Array, Labels], Array]:
    """Return the pseudo-values of a mean over classes of a share of (hits, predicted, true), in O(n + k).

    Leaving a sample out changes the counts of two classes at most: its own and the one predicted.
    """

    def values(probabilities: Array, labels: Labels) -> Array:
        predicted, classes = probabilities.argmax(1), probabilities.shape[1]
        right = predicted == labels
        hits = np.bincount(predicted[right], minlength=classes).astype(np.float64)
        named = np.bincount(predicted, minlength=classes).astype(np.float64)
        true = np.bincount(labels, minlength=classes).astype(np.float64)
        scores, present = share(hits, named, true), (named + true > 0).astype(np.float64)

        def change(at: Labels, hit: Array, guess: Array, own: Array) -> tuple[Array, Array]:
            h, g, t = hits[at] - hit, named[at] - guess, true[at] - own
            return share(h, g, t) - scores[at], (g + t > 0) - present[at]

        one, none, wrong = np.ones(len(labels)), np.zeros(len(labels)), (~right).astype(np.float64)
        own_score, own_class = change(labels, 1 - wrong, 1 - wrong, one)
        other_score, other_class = change(predicted, none, one, none)
        sums = scores.sum() + own_score + wrong * other_score
        return _normalised(
            float(scores.sum() / present.sum()), sums / (present.sum() + own_class + wrong * other_class)
        )

    return values


def _share(parts: Array, wholes: Array) -> Array:
    return np.asarray(np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0))


def _calibration_error(probabilities: Array, labels: Labels) -> Array:
    """Pseudo-values of the expected calibration error: a sample left out changes the gap of its own bin alone."""
    predicted, count = probabilities.argmax(1), len(labels)
    confidence = probabilities[np.arange(count), predicted].clip(0.0, 1.0)
    bins = np.searchsorted(BIN_EDGES, confidence.astype(np.float32), "right")
    excess = (predicted == labels) - confidence
    gaps = np.bincount(bins, excess)
    total = float(np.abs(gaps).sum())
    without = (total - np.abs(gaps[bins]) + np.abs(gaps[bins] - excess)) / max(count - 1, 1)
    return _normalised(total / count, without)


FAST: Mapping[str, Callable[[Array, NDArray[Any]], Array]] = {
    "accuracy": _accuracy,
    "anomaly_auroc": _anomaly_auroc,
    "auroc": _auroc,
    "calibration_error": _calibration_error,
    "f1": _of_counts(lambda hits, named, true: _share(2 * hits, named + true)),
    "log_loss": _log_loss,
    "mae": _absolute_errors,
    "mse": _squared_errors,
    "r2": _r2,
    "rmse": _rmse,
    "precision": _of_counts(lambda hits, named, true: _share(hits, named)),
    "recall": _of_counts(lambda hits, named, true: _share(hits, true)),
}
# Means over samples that take more than predictions and targets: each sample is scored by itself.
MEANS = frozenset({"mase", "smape", "standardised_mae", "standardised_mse"})
