"""Pair the runs of two sides: same cell, same seed and split; and say of the others why they have no partner."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bench.errors import UsageError
from bench.measure.environment import IDENTITY
from bench.record import Environment, RunRecord
from bench.report.numbers.conditions import Repetition, device_name, listed, noun
from bench.report.numbers.grouping import VARYING, canonical, flatten, group, newest
from bench.store import Store

__all__ = ["Kind", "Pair", "PairedCell", "Place", "Side", "Unpaired", "changed_parts", "conditions", "pair_cells"]

Kind = Literal["results file", "suite", "label"]
FACT_LIMIT = 4
REASON_LIMIT = 200
# A skipped run was never begun, a killed one ended with its session, and a model that does not apply cannot fail.
UNTRIED = frozenset({"skipped", "killed", "not-applicable"})
# Parts of a run's identity that are neither its code nor its data: what it met on this machine and this day.
SURROUNDINGS = VARYING | {"libraries", "is deterministic"}
# The runs of one cell on one side, by seed and split, oldest first.
Runs = dict[Repetition, list[RunRecord]]


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its name, what kind of thing it is, its newest records, and their environments.

    store: holds the answers that its runs kept, and is open until the side is closed; None where there are none.
    """

    name: str
    kind: Kind
    records: tuple[RunRecord, ...]
    environments: Mapping[str, Environment] = field(default_factory=dict)
    store: Store | None = None

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        if self.store is not None:
            self.store.close()


class Place(NamedTuple):
    """What runs of the two sides must share to be paired; settings and variant as canonical text."""

    dataset: str
    task: str
    protocol: str
    settings: str
    device: str
    label: str
    variant: str

    @classmethod
    def of(cls, record: RunRecord, label: str) -> Place:
        """Return the place of a run under a label."""
        run = record.run
        settings, variant = canonical(run.settings), canonical(run.variant)
        return cls(run.dataset, run.task, run.protocol, settings, run.device, label, variant)

    @property
    def words(self) -> tuple[str, ...]:
        """The place in words, without its settings."""
        varied = ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in json.loads(self.variant).items())
        words = (self.dataset, self.task, self.protocol, device_name(self.device), self.label, varied)
        return tuple(word for word in words if word)

    @property
    def loose(self) -> Place:
        """The place without its settings."""
        return self._replace(settings="")


@dataclass(frozen=True)
class Unpaired:
    """A cell that one side lacks, or that the two sides ran by different rules, or did not try.

    repetitions: those that were left out where the rest of the cell is compared; none where all of it is not.
    """

    place: Place
    reason: str
    repetitions: tuple[Repetition, ...] = ()


class Pair(NamedTuple):
    """Two runs of one seed and one split."""

    a: RunRecord
    b: RunRecord

    @property
    def has_one_environment(self) -> bool:
        """Were both made on one described machine, with one software?"""
        return bool(self.a.environment_id) and self.a.environment_id == self.b.environment_id

    @property
    def is_timed_alike(self) -> bool:
        """May their clocks be compared: one environment, and both alone or both concurrent with other runs?"""
        return self.has_one_environment and self.a.is_alone == self.b.is_alone

    @property
    def has_one_code(self) -> bool:
        """Are all parts of their identity the same that are code or data? What has no identity says nothing of it."""
        left, right = (
            {name: part for name, part in record.run.identity.items() if name not in SURROUNDINGS} for record in self
        )
        return bool(left) and left == right

    @property
    def apart(self) -> str:
        """Say why the runs cannot be compared: one was not tried, or the test data differ; nothing where they can."""
        a, b = self.a.data.get("test", ""), self.b.data.get("test", "")
        if a and b and a != b:
            return "whose test data differ"
        lost = [(name, each) for name, each in zip("AB", self, strict=True) if each.status in UNTRIED]
        told = {f"{each.status}: {each.reason[:REASON_LIMIT]}" if each.reason else each.status for _, each in lost}
        return f"of {' and '.join(name for name, _ in lost)} {'; '.join(sorted(told))}" if lost else ""


@dataclass(frozen=True)
class PairedCell:
    """A cell that both sides have, with its paired runs; those that one side did not try are left out."""

    place: Place
    pairs: Mapping[Repetition, Pair]


def pair_cells(a: Side, b: Side, *, by_label: bool) -> tuple[list[PairedCell], list[Unpaired]]:
    """Return the cells that can be compared, and those that cannot with the reason, in the order of their records.

    The newest version of each model counts; `by_label` leaves the label out of what must agree.
    """
    left, right = _cells(a, by_label=by_label), _cells(b, by_label=by_label)
    paired, unpaired = [], list(_alone(left, right))
    for place in (place for place in left if place in right):
        pairs, reasons = _paired(left[place], right[place])
        if pairs:
            paired.append(PairedCell(place, pairs))
            unpaired += [Unpaired(place, reason, each) for reason, each in reasons]
        else:
            unpaired.append(Unpaired(place, "; ".join(reason for reason, _ in reasons)))
    return paired, unpaired


def _cells(side: Side, *, by_label: bool) -> dict[Place, Runs]:
    found: dict[Place, Runs] = {}
    for each in map(newest, group(side.records)):
        if by_label and len({record.run.label for record in each.records}) > 1:
            raise UsageError(f"label {side.name!r} stands for different things in several suites: compare the suites")
        for record in each.records:
            place = Place.of(record, "" if by_label else record.run.label)
            found.setdefault(place, {}).setdefault(Repetition.of(record), []).append(record)
    return found


def _paired(left: Runs, right: Runs) -> tuple[dict[Repetition, Pair], list[tuple[str, tuple[Repetition, ...]]]]:
    """Return the pairs of a cell that can be compared, and why the other runs cannot: each reason with its seeds."""
    pairs = {each: _pair(left[each], right[each]) for each in sorted(left.keys() & right.keys())}
    if not pairs:
        return {}, [(f"no {noun([*left, *right])} in common (A has {listed(left)}, B has {listed(right)})", ())]
    apart: dict[str, list[Repetition]] = defaultdict(list)
    for each, pair in pairs.items():
        apart[pair.apart].append(each)
    kept = {each: pairs[each] for each in apart.pop("", [])}
    reasons = [(f"{len(lost)} run{'s' if len(lost) > 1 else ''} {why}", tuple(lost)) for why, lost in apart.items()]
    for name, alone in (("A", left.keys() - right.keys()), ("B", right.keys() - left.keys())):
        reasons += [(f"{listed(alone)} only in {name}", tuple(sorted(alone)))] if alone else []
    return kept, reasons


def _pair(left: list[RunRecord], right: list[RunRecord]) -> Pair:
    """Take the newest runs whose clocks can be compared, else the newest."""
    pairs = [Pair(a, b) for a in reversed(left) for b in reversed(right)]
    return next((pair for pair in pairs if pair.is_timed_alike), pairs[0])


def _alone(a: Mapping[Place, Runs], b: Mapping[Place, Runs]) -> Iterator[Unpaired]:
    only_a, only_b = [place for place in a if place not in b], [place for place in b if place not in a]
    others: dict[Place, list[Place]] = defaultdict(list)
    for place in only_b:
        others[place.loose].append(place)
    for place in only_a:
        if others[place.loose]:
            told = _changes(json.loads(place.settings), json.loads(others[place.loose].pop(0).settings), "unset")
            yield Unpaired(place, f"settings differ: {', '.join(told)}")
        else:
            yield Unpaired(place, "only in A")
    yield from (Unpaired(place, "only in B") for rest in others.values() for place in rest)


def _changes(a: Mapping[str, object], b: Mapping[str, object], absent: str) -> list[str]:
    left, right = flatten(a), flatten(b)
    names = sorted(name for name in {*left, *right} if left.get(name) != right.get(name))
    return [f"{name} {left.get(name, absent)} → {right.get(name, absent)}" for name in names]


def conditions(pair: Pair, a: Side, b: Side) -> str:
    """Say in what the conditions of two runs' clocks differ."""
    words = []
    if pair.a.is_alone != pair.b.is_alone:
        told = ["alone" if each.is_alone else "concurrent with others" for each in pair]
        words.append(f"A ran {told[0]}, B {told[1]}")
    if not pair.has_one_environment:
        left, right = a.environments.get(pair.a.environment_id), b.environments.get(pair.b.environment_id)
        words.append("an environment is not described" if left is None or right is None else _facts(left, right))
    return "; ".join(words)


def _facts(a: Environment, b: Environment) -> str:
    left, right = ({name: each.facts.get(name) for name in IDENTITY} for each in (a, b))
    told = _changes(left, right, "none")
    more = [f"{len(told) - FACT_LIMIT} more"] if len(told) > FACT_LIMIT else []
    return ", ".join([*told[:FACT_LIMIT], *more]) or "nothing that is described"


def changed_parts(paired: Sequence[PairedCell]) -> tuple[str, ...]:
    """Return what changed in the runs' identity, each part with the number of cells it changed in."""
    counts: dict[str, int] = defaultdict(int)
    for cell in paired:
        pair = next(iter(cell.pairs.values()))
        left, right = pair.a.run.identity, pair.b.run.identity
        for name in {*left, *right} - VARYING:
            counts[name] += left.get(name) != right.get(name)
    return tuple(f"{name} ({count} of {len(paired)} cells)" for name, count in sorted(counts.items()) if count)
