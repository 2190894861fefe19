"""Small data sets in memory, drawn from what a spec declares: something to try models and tasks on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.data import Array, Dataset, Split
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DatasetSpec

__all__ = ["SAMPLES", "load", "tiny_dataset", "tiny_datasets"]

# 96 to train on, 24 to validate, 30 to test.
SAMPLES = 150
SEED = 7
# What input and target have in common: so many numbers for each sample.
CAUSES = 4
NOISE = 0.1
GAPS = 0.1
# What a series in the order of time rises by at each step.
TREND = 0.1
SHORTEST, LONGEST = 4, 9
WORDS = ("rain", "sun", "wind", "snow", "fog", "hail", "storm", "dew", "ice", "heat")


def tiny_dataset(spec: DatasetSpec, count: int = SAMPLES) -> Dataset:
    """Return a data set in memory that holds what a spec declares, in 64, 16 and 20 % of `count` samples.

    Drawn, the same every time; the target can be learnt from the input. Nothing is read, and `spec.target` not called.
    """
    random = np.random.RandomState(SEED)
    drawn = _drawn(spec.inputs, spec.targets, count, random)
    if spec.ordered and spec.inputs.kind == "real" and spec.inputs.axes == "c" and not any(spec.inputs.levels):
        drawn = replace(drawn, x=_in_time(spec.inputs, drawn.x))
    return Dataset.cut(replace(spec, sample_count=count), drawn)


def load(source: DataSource) -> Dataset:
    """Return the tiny data set of a source's spec: the target of every spec in `tiny_datasets`."""
    return tiny_dataset(source.spec, source.spec.sample_count)


def tiny_datasets(classes: int = 3) -> tuple[Dataset, ...]:
    """Return small data sets of many shapes: with classes, numbers or no target for tables, images, series and texts.

    One of them, `tiny-steps`, is a single pair of series in the order of time.

    Samples come as float32, float64 or uint8, which must make no difference.
    """
    names = tuple("abcdefghijklmnop"[:classes])
    label = Space(kind="index", size=classes, names=names)
    number = Space()
    table = Space("c", (5,))
    mixed = Space("c", (6,), levels=(0, 0, 4, 0, 3, 0), missing=True)
    grey = Space("chw", (1, 8, 8), bounds=(0.0, 1.0))
    series = Space("tc", (LONGEST, 3))
    declared = {
        "tiny-table": (table, label),
        "tiny-gaps": (mixed, label),
        "tiny-grey": (grey, label),
        "tiny-colour": (Space("chw", (3, 8, 12), bounds=(0.0, 1.0)), label),
        "tiny-series": (series, label),
        "tiny-ragged": (Space("tc", (LONGEST, 2), ragged=True), label),
        "tiny-tokens": (Space("t", (LONGEST,), "index", 7), label),
        "tiny-texts": (Space(kind="text"), label),
        "tiny-table-number": (table, number),
        "tiny-gaps-number": (mixed, number),
        "tiny-series-number": (series, number),
        "tiny-table-columns": (table, Space("c", (2,))),
        "tiny-table-alone": (table, None),
        "tiny-images-alone": (grey, None),
    }
    found = [tiny_dataset(_spec(name, *spaces)) for name, spaces in declared.items()]
    found.append(tiny_dataset(replace(_spec("tiny-steps", Space("c", (2,), period=4), None), ordered=True)))
    return tuple(_as_it_may_come(dataset) for dataset in found)


def _spec(name: str, inputs: Space, targets: Space | None) -> DatasetSpec:
    return DatasetSpec(
        name=name,
        target="bench.testing.tiny:load",
        inputs=inputs,
        targets=targets,
        sample_count=SAMPLES,
        licence="CC0",
        source="drawn by bench.testing.tiny",
    )


def _as_it_may_come(dataset: Dataset) -> Dataset:
    """Give tables float64, grey images uint8: authors bring all three."""
    inputs = dataset.spec.inputs
    if inputs.axes not in ("c", "chw") or inputs.shape[0] == 3:
        return dataset

    def changed(x: Array) -> Array:
        return np.round(255 * x).astype(np.uint8) if inputs.axes == "chw" else x.astype(np.float64)

    def part(split: Split) -> Split:
        return replace(split, x=changed(split.x))

    whole = None if dataset.whole is None else part(dataset.whole)
    return Dataset(dataset.spec, part(dataset.train), part(dataset.validation), part(dataset.test), whole)


def _drawn(inputs: Space, targets: Space | None, count: int, random: np.random.RandomState) -> Split:
    cause = random.randn(count, CAUSES)
    if targets is not None and targets.kind == "index" and not targets.axes and targets.size:
        y: Array | None = np.arange(count) % targets.size
        cause = 2 * random.randn(targets.size, CAUSES)[y] + 0.3 * cause
    else:
        y = None if targets is None else _values(targets, cause, random)
    lengths = random.randint(SHORTEST, LONGEST + 1, count) if inputs.ragged and inputs.kind != "text" else None
    x = _values(inputs, cause, random)
    if lengths is not None:
        lengths[0] = LONGEST
        x[np.arange(x.shape[1]) >= lengths[:, None]] = 0
    return Split(x, y, lengths=lengths)


def _values(space: Space, cause: Array, random: np.random.RandomState) -> Array:
    """Return (n, *shape) values of a space that follow from their cause, (n, CAUSES)."""
    shape = tuple(LONGEST if size is None else size for size in space.shape)
    if space.kind == "text":
        chosen = _chosen(cause, (SHORTEST,), len(WORDS), random)
        return np.array([" ".join(WORDS[word] for word in row) for row in chosen])
    if space.kind == "index":
        tokens = _chosen(cause, shape, space.size or len(WORDS), random)
        return np.where(random.rand(*tokens.shape) < GAPS, -1, tokens) if space.missing else tokens
    weights = random.randn(CAUSES, int(np.prod(shape)))
    values = cause @ weights + NOISE * random.randn(len(cause), weights.shape[1])
    for column, level in enumerate(space.levels):
        if level:
            # By rank, so that every category occurs, each as often as any other.
            values[:, column] = level * values[:, column].argsort().argsort() // len(values)
    if space.bounds is not None:
        low, high = space.bounds
        values = low + (high - low) / (1 + np.exp(-values))
    if space.missing:
        values[random.rand(*values.shape) < GAPS] = np.nan
    return values.reshape(len(cause), *shape).astype(np.float32)


def _in_time(space: Space, noise: Array) -> Array:
    """Return (n, columns) that rise from step to step, with a season of the space's period and some noise."""
    steps = np.arange(len(noise))[:, None]
    columns = 1 + np.arange(noise.shape[1])
    season = np.sin(2 * np.pi * steps / max(2, space.period) + columns)
    return np.asarray(TREND * steps * columns + season + NOISE * noise, np.float32)


def _chosen(cause: Array, shape: tuple[int, ...], size: int, random: np.random.RandomState) -> Array:
    weights = random.randn(CAUSES, int(np.prod(shape)) * size)
    scores = (cause @ weights).reshape(len(cause), *shape, size)
    tokens: Array = (scores + random.randn(*scores.shape)).argmax(-1)
    return tokens
