"""Find the test samples that all deep models get right and no shallow one does, and the reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.metrics.pictures import sheet, size
from bench.record import RunRecord
from bench.report.blocks import Block, Cell, Column, Gallery, Picture, Prose, Row, Table
from bench.report.parts.answered import Answered, Arrays, answered, class_names
from bench.report.section import SectionData
from bench.specs import Family

__all__ = ["Inputs", "only_deep_blocks"]

Array = NDArray[Any]
# The inputs of a run's test part as images, (n, 1 or 3, height, width) of uint8; None where there are none at hand.
Inputs = Callable[[RunRecord], Array | None]
MOST_SAMPLES = 6
TITLE = "Samples that only deep, or only shallow models get right"


@dataclass(frozen=True)
class _Side:
    """The models of one family. right: by label, (n,) share of runs that are right; said: (n,), what most runs say."""

    right: Mapping[str, Array]
    said: Mapping[str, Array]

    @property
    def knows(self) -> Array:
        """Of each sample: is the majority of the runs of every model right?"""
        return np.asarray(np.all([share > 0.5 for share in self.right.values()], axis=0))

    @property
    def misses(self) -> Array:
        """Of each sample: is the majority of the runs of no model right?"""
        return np.asarray(np.all([share <= 0.5 for share in self.right.values()], axis=0))

    @property
    def mean(self) -> Array:
        """Share of right runs of each sample, mean over models."""
        return np.asarray(np.mean([*self.right.values()], axis=0))

    def words(self, sample: int, names: Sequence[str]) -> str:
        """Return what the models say of a sample: `3`, or `8 (mlp-1), 3 (2 models)`."""
        models: dict[int, list[str]] = {}
        for label, said in self.said.items():
            models.setdefault(int(said[sample]), []).append(label)
        if len(models) == 1:
            return names[next(iter(models))]
        listed = sorted(models.items(), key=lambda item: -len(item[1]))
        return ", ".join(
            f"{names[each]} ({labels[0] if len(labels) == 1 else f'{len(labels)} models'})" for each, labels in listed
        )


@dataclass(frozen=True)
class _Found:
    """Both sides on one test part. labels: (n,) true classes; only: family → samples, the clearest first."""

    sides: Mapping[Family, _Side]
    labels: Array
    names: Sequence[str]
    only: Mapping[Family, list[int]]


def only_deep_blocks(section: SectionData, arrays: Arrays, key: str, inputs: Inputs | None = None) -> tuple[Block, ...]:
    """Return a table of such samples, and their pictures where the inputs are images; none without both families.

    The answers to one test part are read, of at most five runs of each model: a model gets right what the majority of
    its runs does. arrays, inputs: called with a record; key: what the keys of the blocks begin with.
    """
    chosen = answered(section, ("probabilities", "labels"), is_one_test_part=True)
    families = {} if chosen is None else {label: runs[0].run.family for label, runs in chosen.runs.items()}
    if chosen is None or not {"shallow", "deep"} <= {*families.values()}:
        return ()
    found = _find(chosen, families, arrays)
    caption = _caption(found, chosen)
    if not any(found.only.values()):
        return (Prose((caption,), "note", TITLE),)
    images = None if inputs is None else inputs(chosen.first)
    if images is None or len(images) != len(found.labels):
        return (_table(found, key, TITLE, caption),)
    pictures = Gallery(f"{key}-only-pictures", TITLE, caption, tuple(_pictures(found, images)))
    return pictures, _table(found, key, f"{TITLE}: all answers", "What is answered to the samples above.")


def _table(found: _Found, key: str, title: str, caption: str) -> Table:
    return Table(f"{key}-only", title, caption, COLUMNS, tuple(_rows(found)), is_folded=True, is_sortable=False)


def _find(chosen: Answered, families: Mapping[str, Family], arrays: Arrays) -> _Found:
    first = arrays(chosen.first)
    chosen = chosen.affordable(first["probabilities"].size)
    labels, classes = first["labels"], first["probabilities"].shape[1]
    right: dict[Family, dict[str, Array]] = {"shallow": {}, "deep": {}}
    said: dict[Family, dict[str, Array]] = {"shallow": {}, "deep": {}}
    for label, runs in chosen.runs.items():
        if (family := families[label]) in right:
            predicted = np.stack([arrays(run)["probabilities"].argmax(1) for run in runs])
            right[family][label] = (predicted == labels).mean(0)
            said[family][label] = _most_frequent(predicted, classes)
    sides = {family: _Side(right[family], said[family]) for family in right}
    only: dict[Family, list[int]] = {
        "deep": _clearest(sides["deep"], sides["shallow"]), "shallow": _clearest(sides["shallow"], sides["deep"]),
    }  # fmt: skip
    return _Found(sides, labels, class_names(chosen.first, classes), only)


def _most_frequent(predicted: Array, classes: int) -> Array:
    """Return (n,), the class that most runs say; of several the first. predicted: (runs, n)."""
    if len(predicted) == 1:
        return np.asarray(predicted[0])
    return np.array([np.bincount(each, minlength=classes).argmax() for each in predicted.T])


def _clearest(side: _Side, other: _Side) -> list[int]:
    """Return the samples that all models of one side get right and none of the other, those of most runs first."""
    places = np.flatnonzero(side.knows & other.misses)
    margin = side.mean[places] - other.mean[places]
    return [int(each) for each in places[np.argsort(-margin, kind="stable")]]


def _caption(found: _Found, chosen: Answered) -> str:
    counts = {family: f"{len(side.right)} {family}" for family, side in found.sides.items()}
    deep, shallow = len(found.only["deep"]), len(found.only["shallow"])
    is_once = all(len(each) == 1 for each in chosen.runs.values())
    rule = "" if is_once else "; a model is right where most of its runs are"
    sides = f"{counts['deep']} and {counts['shallow']} models{rule}"
    return (
        f"Every deep model and no shallow one is right on {deep:,} of {len(found.labels):,} test samples, every "
        f"shallow model and no deep one on {shallow:,} ({sides}). Single samples are examples and no evidence; the "
        "more models a family has, the fewer samples are missed by all of them."
    )


COLUMNS = (
    Column("sample", "Sample", "count", about="its place in the test part, from 0"),
    Column("right", "Only right", "text"),
    Column("class", "True class", "text"),
    Column("shallow", "Shallow models say", "text"),
    Column("deep", "Deep models say", "text"),
)


def _samples(found: _Found) -> Iterator[tuple[Family, int]]:
    """Yield the samples that are shown, with the family that is right."""
    for family, samples in found.only.items():
        yield from ((family, sample) for sample in samples[:MOST_SAMPLES])


def _rows(found: _Found) -> Iterator[Row]:
    for family, sample in _samples(found):
        words = {str(each): Cell(side.words(sample, found.names)) for each, side in found.sides.items()}
        known = {
            "sample": Cell(f"{sample:,}", sample),
            "right": Cell(f"{family} models"),
            "class": Cell(found.names[found.labels[sample]]),
        }
        yield Row({**known, **words}, group=f"only {family} models are right")


def _pictures(found: _Found, images: Array) -> Iterator[Picture]:
    others: dict[Family, Family] = {"deep": "shallow", "shallow": "deep"}
    for family, sample in _samples(found):
        other = others[family]
        caption = f"{family} models alone are right; {other}: {found.sides[other].words(sample, found.names)}"
        png = sheet(images[sample : sample + 1], 1)
        title = f"Sample {sample:,}, {found.names[found.labels[sample]]}"
        yield Picture("", title, caption, png, size(png))
