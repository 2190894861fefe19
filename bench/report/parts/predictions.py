"""Draw what models answered: confusions, calibration and ROC curves; predicted against true values; forecasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.metrics.classification import BIN_EDGES
from bench.metrics.curves import Bins, calibration_bins, confusion, mean_roc_curve
from bench.record import RunRecord
from bench.report.blocks import Block, Choice
from bench.report.figures import Axis, Line, LineFigure, MatrixFigure
from bench.report.parts.answered import Answered, Arrays, answered, class_names
from bench.report.parts.forecasts import forecast_choice
from bench.report.section import SectionData

__all__ = ["prediction_blocks"]

Array = NDArray[Any]
MOST_CLASSES = 20
# Answers in a bin below which a share says next to nothing.
FEWEST_ANSWERS = 10
# Squared, so that they lie close where good models' curves bend.
RATES = np.linspace(0.0, 1.0, 81) ** 2
# Up to this false positive rate goes the second figure, the first where all curves have reached so much there.
FEW_ALARMS, CORNER = 0.1, 0.95
DECIMALS = 4
TENTHS = 10


@dataclass(frozen=True)
class _Read:
    """What the answers of one model's runs come to. counts: (classes, classes); rates: (points,)."""

    counts: Array
    bins: Bins
    rates: Array


def prediction_blocks(section: SectionData, arrays: Arrays, key: str) -> tuple[Block, ...]:
    """Return the figures of the answers that a section's runs kept; none where they kept nothing that is drawn.

    arrays: returns the arrays of a record's answer and truth by name. It is called for the runs that are drawn alone:
    at most five of at most eight models. key: what the keys of the blocks begin with.
    """
    if (chosen := answered(section, ("probabilities", "labels"))) is not None:
        return _of_classes(chosen, arrays, key)
    if (forecasts := forecast_choice(section, arrays, f"{key}-forecasts")) is not None:
        return (forecasts,)
    if (chosen := answered(section, ("predictions", "targets"))) is not None:
        return tuple(_of_values(chosen, arrays, key))
    return ()


def _of_classes(chosen: Answered, arrays: Arrays, key: str) -> tuple[Block, ...]:
    chosen = chosen.affordable(arrays(chosen.first)["probabilities"].size)
    read = {label: _read(runs, arrays) for label, runs in chosen.runs.items()}
    names = class_names(chosen.first, len(next(iter(read.values())).counts))
    lines = _reliability(chosen, read, f"{key}-reliability"), _roc(chosen, read, names, f"{key}-roc")
    return (_confusions(chosen, read, names, f"{key}-confusion"), *(each for each in lines if each is not None))


def _read(runs: Sequence[RunRecord], arrays: Arrays) -> _Read:
    found = []
    for run in runs:
        both = arrays(run)
        p, y = both["probabilities"], both["labels"]
        found.append(_Read(confusion(p, y), calibration_bins(p, y), mean_roc_curve(p, y, RATES)))
    bins = found[0].bins
    for each in found[1:]:
        bins = bins.plus(each.bins)
    counts, rates = np.sum([each.counts for each in found], axis=0), np.mean([each.rates for each in found], axis=0)
    return _Read(counts, bins, rates)


def _confusions(chosen: Answered, read: Mapping[str, _Read], names: Sequence[str], key: str) -> Choice:
    shown = _most_confused([each.counts for each in read.values()])
    options = {
        label: _matrix(f"{key}-{number}", label, len(chosen.runs[label]), each.counts, shown, names)
        for number, (label, each) in enumerate(read.items(), start=1)
    }
    return Choice(key, "Confusion matrix", options)


def _most_confused(counts: Sequence[Array]) -> Array:
    """Return the classes, in their order, that most errors of all models are about; all of them where they are few."""
    total = np.sum(counts, axis=0)
    errors = total.sum(0) + total.sum(1) - 2 * total.diagonal()
    return np.sort(np.argsort(-errors, kind="stable")[:MOST_CLASSES])


def _matrix(key: str, label: str, runs: int, counts: Array, shown: Array, names: Sequence[str]) -> MatrixFigure:
    totals = counts.sum(1)
    shares = np.divide(counts, totals[:, None], out=np.full(counts.shape, np.nan), where=totals[:, None] > 0)
    inside = np.ix_(shown, shown)
    titles = tuple(names[each] for each in shown)
    summed = f", summed over {runs} runs" if runs > 1 else ""
    caption = (
        f"What {label} predicts for the test samples of each class{summed}: counts, coloured by their share of the "
        "true class."
    )
    if len(shown) < len(names):
        caption += f" The {len(shown)} of {len(names)} classes that the models confuse most; shares are of all answers."
    return MatrixFigure(
        key=key,
        title=f"Confusion matrix of {label}",
        x_title="Predicted class",
        y_title="True class",
        columns=titles,
        rows=titles,
        values=tuple(tuple(round(float(value), DECIMALS) for value in row) for row in shares[inside]),
        texts=tuple(tuple(f"{value:,}" if value else "" for value in row) for row in counts[inside].tolist()),
        caption=caption,
    )


def _reliability(chosen: Answered, read: Mapping[str, _Read], key: str) -> LineFigure | None:
    lines = [line for label, each in read.items() if (line := _calibration_line(label, each.bins)).x]
    if not lines:
        return None
    caption = (
        "Share of right answers against the confidence in them, the probability of the predicted class, in "
        f"{len(BIN_EDGES) - 1} bins of equal width; {chosen.about_runs}, their answers taken together. Below the "
        f"diagonal a model is too sure of itself. Bins of fewer than {FEWEST_ANSWERS} answers are not drawn."
    )
    return LineFigure(
        key=key,
        title="Reliability",
        x=Axis("Mean confidence", low=0.0, high=1.0, is_share=True),
        y=Axis("Right answers", low=0.0, high=1.0, is_share=True),
        lines=(*lines, _diagonal("perfectly calibrated")),
        caption=_captioned(caption, chosen),
    )


def _calibration_line(label: str, bins: Bins) -> Line:
    drawn = bins.counts >= FEWEST_ANSWERS
    counts = bins.counts[drawn]
    shares = [
        f"{low:.2f}–{high:.2f}: {100 * share:.1f} %" if low < high else f"1: {100 * share:.1f} %"
        for low, high, share in zip(BIN_EDGES, [*BIN_EDGES[1:], 1.0], bins.counts / bins.counts.sum(), strict=True)
        if share
    ]
    return Line(
        label,
        _rounded(bins.confidence[drawn] / counts),
        _rounded(bins.right[drawn] / counts),
        note=f"Answers by confidence: {', '.join(shares)}",
    )


def _roc(chosen: Answered, read: Mapping[str, _Read], names: Sequence[str], key: str) -> Choice | None:
    rates = {label: each.rates for label, each in read.items() if np.isfinite(each.rates).all()}
    if not rates:
        return None
    is_binary = len(names) == 2
    what = f"Class {names[1]} against {names[0]}" if is_binary else "Each class against the rest, mean over classes"
    caption = _captioned(
        f"{what}: samples found (true positive rate) against false alarms (false positive rate) as the threshold "
        f"falls; mean of the curves of {chosen.about_runs}, at equal false positive rates.",
        chosen,
    )
    # Every curve begins at (0, 0), though some rise at once.
    whole = [Line(label, (0.0, *_rounded(RATES)), (0.0, *_rounded(each))) for label, each in rates.items()]
    few = RATES <= FEW_ALARMS
    begin = [Line(label, _rounded(RATES[few]), _rounded(each[few])) for label, each in rates.items()]
    words = f"up to {100 * FEW_ALARMS:g} % false positives"
    options = {
        "whole": _roc_figure(key, "ROC curve", 1.0, (*whole, _diagonal("chance")), caption),
        words: _roc_figure(f"{key}-begin", f"ROC curve {words}", FEW_ALARMS, begin, caption),
    }
    # Where all curves lie in the corner, only their beginning shows how they differ.
    is_cornered = all(each[few][-1] >= CORNER for each in rates.values())
    order = (words, "whole") if is_cornered else ("whole", words)
    return Choice(key, "ROC curve", {name: options[name] for name in order})


def _roc_figure(key: str, title: str, end: float, lines: Sequence[Line], caption: str) -> LineFigure:
    x = Axis("False positive rate", low=0.0, high=end, is_share=True)
    return LineFigure(
        key, title, x, Axis("True positive rate", low=0.0, high=1.0, is_share=True), tuple(lines), caption
    )


def _of_values(chosen: Answered, arrays: Arrays, key: str) -> Iterator[LineFigure]:
    """Yield mean true against mean predicted values, where there is one of each per sample."""
    lines = []
    for label, runs in chosen.runs.items():
        pairs = [(both["predictions"], both["targets"]) for both in map(arrays, runs)]
        if all(p.ndim == y.ndim == 1 and p.shape == y.shape for p, y in pairs):
            lines.append(_tenths(label, *map(np.concatenate, zip(*pairs, strict=True))))
    drawn = [line for line in lines if line.x]
    if not drawn:
        return
    ends = [value for line in drawn for value in (*line.x, *line.y)]
    low, high = min(ends), max(ends)
    caption = (
        f"Mean true value against mean prediction, for each tenth of a model's predictions by size; "
        f"{chosen.about_runs}, their answers taken together. On the diagonal predictions are right on average."
    )
    yield LineFigure(
        key=f"{key}-predicted",
        title="Predicted and true",
        x=Axis("Mean prediction"),
        y=Axis("Mean true value"),
        lines=(*drawn, _diagonal("equal", low, high)),
        caption=_captioned(caption, chosen),
    )


def _tenths(label: str, predictions: Array, targets: Array) -> Line:
    known = np.isfinite(predictions) & np.isfinite(targets)
    order = np.argsort(predictions[known], kind="stable")
    parts = [part for part in np.array_split(order, TENTHS) if len(part)]
    x, y = (
        tuple(float(f"{values[known][part].mean():.6g}") for part in parts)
        for values in (predictions.astype(np.float64), targets.astype(np.float64))
    )
    return Line(label, x, y)


def _diagonal(name: str, low: float = 0.0, high: float = 1.0) -> Line:
    return Line("", (low, high), (low, high), name=name, is_reference=True)


def _captioned(caption: str, chosen: Answered) -> str:
    return " ".join(filter(None, (caption, chosen.about_models)))


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(round(float(value), DECIMALS) for value in values)
