"""Say what data a section is about: how many samples of what, in which parts and classes, under which licence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model import Problem
from bench.record import RunRecord
from bench.report import text
from bench.report.blocks import Prose
from bench.report.parts.answered import Arrays
from bench.report.section import SectionData
from bench.spaces import Space
from bench.specs import DatasetSpec

__all__ = ["DataFacts", "data_block", "data_facts"]


# Of a truth, what tells the classes of the test part; generators are judged by a choice of it, and keep the shares.
FLAGS = ("normal", "anomaly")
CLASSES = frozenset({"labels", "class_shares"})


@dataclass(frozen=True)
class DataFacts:
    """What is known of the data of a section; 0 and "" where something is not.

    samples: all there are; train, validation, test: in the parts of one run. what: of one sample, and of its target.
    is_series: are these steps of series, and the parts of a run windows of them?
    largest, smallest: the name of the most and the least frequent class of the test part, and their shares of it.
    notes: what was inferred from a user's own data, left out and suspected; sentences.
    """

    name: str
    samples: int = 0
    train: int = 0
    validation: int = 0
    test: int = 0
    what: str = ""
    target: str = ""
    largest: tuple[str, float] | None = None
    smallest: tuple[str, float] | None = None
    licence: str = ""
    source: str = ""
    citation: str = ""
    is_series: bool = False
    notes: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """Return the facts in words."""
        return tuple(filter(None, (self.size, self.parts, self.balance, *self.notes, self.terms)))

    @property
    def size(self) -> str:
        """How many samples there are of what."""
        told = "; target: ".join(filter(None, (self.what, self.target)))
        if not self.samples:
            return f"{self.name}: {told}." if told else ""
        unit = "steps" if self.is_series else "samples"
        return f"{self.name} has {self.samples:,} {unit}{f' ({told})' if told else ''}."

    @property
    def parts(self) -> str:
        """How many samples are in which part."""
        parts = (
            (f"{'windows' if self.is_series else 'samples'} to train on", self.train),
            ("for validation", self.validation),
            ("in the test part", self.test),
        )
        listed = [f"{count:,} {words}" for words, count in parts if count]
        return f"A run has {text.join(listed)}." if listed else ""

    @property
    def balance(self) -> str:
        """How large the largest and the smallest class are."""
        if self.largest is None or self.smallest is None:
            return ""
        if self.largest[1] == self.smallest[1]:
            return f"Each class has {_share(self.largest[1])} of the test part."
        (most, high), (least, low) = self.largest, self.smallest
        return (
            f"Of the test part the most frequent class, {most}, has {_share(high)}, the least frequent, {least}, "
            f"{_share(low)}."
        )

    @property
    def terms(self) -> str:
        """Under which licence the data come, and from where."""
        told = (("Licence", self.licence), ("source", self.source))
        return "; ".join(f"{name}: {value}" for name, value in told if value)


def data_facts(section: SectionData, datasets: Mapping[str, DatasetSpec], arrays: Arrays | None = None) -> DataFacts:
    """Return what is known of a section's data.

    datasets: what installed plugins offer, by name. arrays: returns what a record kept by name; one run is asked for
    the classes of its test part, and none where it is None.
    """
    spec = datasets.get(section.dataset)
    record = next((each for each in section.records if CLASSES & {*each.kept}), next(iter(section.records), None))
    problem = None if record is None else record.problem
    # A plugin that is not installed any more tells nothing; what models met is encoded, but has the same shape.
    inputs, targets = _spaces(spec, problem)
    train, test = problem.training_size if problem else 0, _test_size(record)
    samples = spec.sample_count if spec else 0
    # Windows overlap and look back into the part before: what is left of all steps is no validation part.
    is_series = spec is not None and spec.ordered and problem is not None and _is_cut(spec.inputs, problem.input)
    known = DataFacts(
        section.dataset,
        samples,
        train,
        max(0, samples - train - test) if train and test and not is_series else 0,
        test,
        _series(inputs) if is_series else _words(inputs),
        _words(targets),
        licence=spec.licence if spec else "",
        source=spec.source if spec else "",
        citation=spec.citation if spec else "",
        is_series=is_series,
        notes=spec.notes if spec else (),
    )
    if record is None or arrays is None or not CLASSES & {*record.kept}:
        return known
    # What is scored by how unusual it is has two classes, whichever those of the data are.
    names = FLAGS if "anomaly_scores" in record.kept else () if targets is None else targets.names
    return _balanced(known, arrays(record), names)


def data_block(section: SectionData, datasets: Mapping[str, DatasetSpec], arrays: Arrays | None = None) -> Prose | None:
    """Return the facts as a paragraph; None where nothing is known."""
    sentences = data_facts(section, datasets, arrays).sentences()
    return Prose(sentences, "note", "Data") if sentences else None


def _spaces(spec: DatasetSpec | None, problem: Problem | None) -> tuple[Space | None, Space | None]:
    if spec is not None:
        return spec.inputs, spec.targets
    return (None, None) if problem is None else (problem.input, problem.target)


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _is_cut(steps: Space, given: Space | None) -> bool:
    """Was a model given windows of what the data hold step by step?"""
    return steps.kind == "real" and "t" not in steps.axes and given is not None and "t" in given.axes


def _series(space: Space | None) -> str:
    return "" if space is None else f"{math.prod(space.sizes)} series"


def _words(space: Space | None) -> str:
    return "" if space is None else str(space)


def _test_size(record: RunRecord | None) -> int:
    """Return how many samples the test part has, 0 where no score counted each of them."""
    counts = [] if record is None else [score.detail.get("n") for score in record.scores]
    return max((count for count in counts if isinstance(count, int)), default=0)


def _balanced(known: DataFacts, kept: Mapping[str, NDArray[Any]], names: Sequence[str]) -> DataFacts:
    if "class_shares" in kept:
        shares = np.asarray(kept["class_shares"], np.float64)
    else:
        counts = np.bincount(kept["labels"], minlength=len(names))
        shares = counts / counts.sum()
    if len(shares) < 2:
        return known
    told = [*(names if len(names) == len(shares) else map(str, range(len(shares))))]
    most, least = int(shares.argmax()), int(shares.argmin())
    ends = (told[most], float(shares[most])), (told[least], float(shares[least]))
    return replace(known, largest=ends[0], smallest=ends[1])
