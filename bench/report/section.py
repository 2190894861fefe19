"""What one part of a report is made from: the records of one data set, task and protocol, and what they allow to say.

Everything is numbers here; `bench.report.text` makes words of them, and blocks are made of those.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench.evidence import Observations, Pair, SampleScores, Standing, compare_each, observe
from bench.evidence import Section as Compared
from bench.record import RunRecord
from bench.report.blocks import Block
from bench.report.figures import Figure
from bench.report.numbers.conditions import EVERYWHERE, Condition, Repetition, device_name
from bench.specs import Family, Value

__all__ = ["Contrast", "Measure", "ModelRow", "ProtocolPart", "SectionData", "Summary", "Variable"]

Direction = Literal["higher", "lower", ""]
Kind = Literal["score", "time", "memory", "size"]
# What is asked of two sets of runs, paired by seed and split: a name, the runs before, the runs after.
Contrast = tuple[str, Sequence[RunRecord], Sequence[RunRecord]]


@dataclass(frozen=True)
class Measure:
    """Something that was measured: its unit and which way is better ("" where neither is).

    title: for people, e.g. "Fréchet distance (LeNet, digits)"; about: the identifier behind it, where that says more.
    detail: what a reader must know to compare it, e.g. the number of samples behind a distance.
    is_shown: does it belong in the first table, or only among the folded ones?
    is_target: is an infinite value a target that was not reached, rather than a number?
    low, high: the ends between which it can lie.
    """

    name: str
    # What it is called makes no other measure of it: a plugin may find a better heading.
    title: str = field(compare=False)
    unit: str
    better: Direction
    kind: Kind
    is_shown: bool = True
    detail: tuple[tuple[str, Value], ...] = ()
    is_target: bool = False
    low: float = field(default=-math.inf, compare=False)
    high: float = field(default=math.inf, compare=False)
    about: str = field(default="", compare=False)


@dataclass(frozen=True)
class Variable:
    """One measure under one condition: a column of the section. Numbers that are not comparable are in different ones.

    condition: what its numbers were taken under; words: that, as far as it tells columns of the section apart, else "".
    """

    key: str
    measure: Measure
    condition: Condition = EVERYWHERE
    words: str = ""

    @property
    def device(self) -> str:
        """Where the numbers were taken, "" where that does not matter to them."""
        return self.condition.device or ""


@dataclass(frozen=True)
class Summary:
    """The mean over runs of one variable and model, with its 95 % interval; low and high are None where there is none.

    runs: the finite values, by repetition; count: how many. infinite: runs whose value is infinitely bad, as the time
    to a target that was not reached is; where no run has a finite value the mean is infinite.
    tried: runs on record that should have a value here, failed ones included; where count is less, only the successful
    ones are in the mean. failed: of these, the ones that the evidence holds against the model (`bench.evidence.FAILED`,
    and values that are no number), not those that were skipped or ended with their session.
    reference: what real data get against real data, with the ends of its spread (None where that is not known).
    standing: against the best model of the variable under the same variant of the protocol; None: not compared.
    """

    mean: float
    low: float | None
    high: float | None
    runs: Mapping[Repetition, float]
    tried: int
    infinite: int = 0
    reference: tuple[float, float | None, float | None] | None = None
    standing: Standing | None = None
    failed: int = 0

    @property
    def count(self) -> int:
        """Finite values in the mean."""
        return len(self.runs)

    @property
    def is_partial(self) -> bool:
        """Are there runs that should be in the mean, but have no finite value?"""
        return self.count < self.tried


@dataclass(frozen=True)
class ModelRow:
    """One model, under one variant of the protocol: `outcomes` counts its runs by status, on every device.

    values: by variable key. seed_count, split_count: seeds and splits that ended well on at least one device;
    good_count: pairs of them.
    """

    label: str
    family: Family
    variant: Mapping[str, Value]
    hyperparameters: Mapping[str, Value]
    outcomes: Mapping[str, int]
    seed_count: int
    split_count: int
    good_count: int
    values: Mapping[str, Summary]

    @property
    def ok_count(self) -> int:
        """Runs that ended well."""
        return self.outcomes.get("ok", 0)

    @property
    def run_count(self) -> int:
        """Runs on record, those left out to which the model does not apply."""
        return sum(self.outcomes.values()) - self.outcomes.get("not-applicable", 0)


@dataclass(frozen=True)
class SectionData:
    """A section's records, its variables and its rows, with the comparisons of them.

    main_score: the name of the score that models are judged by, "" where there is none.
    records: those that ended well; failed: those that did not. siblings, failed_siblings: those of other sections on
    the same data set and task. rows: by family, the best of the main score first.
    compared: by variable key and variant (as canonical text, "{}" where the protocol varies nothing), the comparison of
    all models. samples: reads scores of test samples from kept answers; None where none are to be read.
    """

    dataset: str
    task: str
    protocol: str
    main_score: str
    records: Sequence[RunRecord]
    variables: Sequence[Variable]
    rows: Sequence[ModelRow]
    compared: Mapping[tuple[str, str], Compared] = field(default_factory=dict)
    failed: Sequence[RunRecord] = ()
    siblings: Sequence[RunRecord] = ()
    failed_siblings: Sequence[RunRecord] = ()
    samples: SampleScores | None = None

    @property
    def main(self) -> Variable | None:
        """The first variable of the main score, None where nothing was scored."""
        return next(iter(self.mains), None)

    @property
    def mains(self) -> list[Variable]:
        """The main score's variables: more than one where it depends on the machine, as a time to a target does."""
        named = [each for each in self.variables if each.measure.name == self.main_score]
        scores = [each for each in named if each.measure.kind == "score"]
        return [each for each in scores if each.measure == scores[0].measure]

    def main_beside(self, variable: Variable) -> Variable | None:
        """Return the main score's variable for the runs of another one, None where nothing was scored there."""
        return next((each for each in self.mains if each.condition.covers(variable.condition)), None)

    @property
    def has_variants(self) -> bool:
        """Did the protocol vary something from run to run?"""
        return any(row.variant for row in self.rows)

    @property
    def devices(self) -> list[str]:
        """The devices of the section's runs."""
        return sorted({record.run.device for record in self.records})

    @property
    def families(self) -> dict[str, Family]:
        """The family of every label, in the order of the table."""
        return {row.label: row.family for row in self.rows}

    def contrasts(self, variable: Variable, pairs: Sequence[Contrast], *, margin: float | None = None) -> list[Pair]:
        """Compare runs before and after a change, paired by seed and split, and corrected for the number of pairs.

        Each pair's `a` is "after" and `b` "before", so that its difference is what the change added. Failed runs among
        them keep the side they are on from being called better.
        """
        found = []
        for _, before, after in pairs:
            sides = {id(record): name for name, each in (("after", after), ("before", before)) for record in each}
            found.append((self.observed([*after, *before], variable, _side(sides)), "after", "before"))
        return list(compare_each(found, margin=margin))

    def observed(
        self, records: Sequence[RunRecord], variable: Variable, row: Callable[[RunRecord], str]
    ) -> Observations:
        """Return the observations of a score of this section; row: what a record counts as."""
        kept = [record for record in records if variable.condition.holds(record)]
        return observe(kept, variable.measure.name, self.samples, row)

    def clocked(self) -> list[tuple[str, Sequence[RunRecord]]]:
        """Return the records by what their times were taken under, in words: no two of these share a mean of times."""
        words = {each.condition: each.words for each in self.variables if each.measure.name == "train_seconds"}
        found: dict[Condition, list[RunRecord]] = defaultdict(list)
        for record in self.records:
            found[Condition.of(record, "machine")].append(record)
        return [(words.get(each, self.device_words(each.device or "")), found[each]) for each in sorted(found)]

    def failed_beside(self, runs: Sequence[RunRecord]) -> int:
        """Count the runs that failed where these runs of one model were made, and are not among them."""
        if not self.failed:
            return 0
        places = {(each.run.label, Condition.of(each, "machine")) for each in runs}
        beside = [each for each in self.failed if (each.run.label, Condition.of(each, "machine")) in places]
        return len({*map(Repetition.of, beside)} - {*map(Repetition.of, runs)})

    def device_words(self, device: str) -> str:
        """Return the device's name where the section has more than one, else nothing."""
        return device_name(device) if len(self.devices) > 1 else ""


def _side(sides: Mapping[int, str]) -> Callable[[RunRecord], str]:
    return lambda record: sides[id(record)]


@dataclass(frozen=True)
class ProtocolPart:
    """What a protocol adds to each of its sections.

    findings: sentences that stand before the general ones. figures: drawn in place of the general ones; None keeps
    those. blocks: whatever else it shows, after the table.
    """

    findings: tuple[str, ...] = ()
    figures: tuple[Figure, ...] | None = None
    blocks: tuple[Block, ...] = ()
