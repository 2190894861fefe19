"""Pair the runs of two sides: same cell, same seed and split, and for clocks the same environment."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.errors import UsageError
from bench.measure.environment import IDENTITY
from bench.record import Environment, RunRecord
from bench.report.compare.changes import Place, Unpaired
from bench.report.compare.sides import Side
from bench.report.grouping import VARYING, canonical, flatten, group, newest
from bench.report.repetition import Repetition, listed, noun

__all__ = ["Pair", "PairedCell", "Runs", "cells", "changed_parts", "environment_words", "pair_cells"]

FACT_LIMIT = 4
REASON_LIMIT = 200
# A skipped run was never begun, a killed one ended with its session, and a model that does not apply cannot fail.
UNTRIED = frozenset({"skipped", "killed", "not-applicable"})


# The runs of one cell on one side, by seed and split, oldest first.
Runs = dict[Repetition, list[RunRecord]]


@dataclass(frozen=True)
class Pair:
    """Two runs of one seed and one split."""

    a: RunRecord
    b: RunRecord

    @property
    def has_one_environment(self) -> bool:
        """Were both made on one described machine, with one software?"""
        return bool(self.a.environment_id) and self.a.environment_id == self.b.environment_id

    @property
    def is_timed_alike(self) -> bool:
        """May their clocks be compared: one environment, and both alone or both in company?"""
        return self.has_one_environment and self.a.is_alone == self.b.is_alone

    @property
    def apart(self) -> str:
        """Say why the runs cannot be compared: one was not tried, or the test data differ; nothing where they can."""
        a, b = self.a.data.get("test", ""), self.b.data.get("test", "")
        if a and b and a != b:
            return "whose test data differ"
        lost = [(name, each) for name, each in (("A", self.a), ("B", self.b)) if each.status in UNTRIED]
        told = {f"{each.status}: {each.reason[:REASON_LIMIT]}" if each.reason else each.status for _, each in lost}
        return f"of {' and '.join(name for name, _ in lost)} {'; '.join(sorted(told))}" if lost else ""


@dataclass(frozen=True)
class PairedCell:
    """A cell that both sides have, with its paired runs; those that one side did not try are left out."""

    place: Place
    pairs: Mapping[Repetition, Pair]


def cells(side: Side, *, by_label: bool) -> dict[Place, Runs]:
    """Return a side's runs by cell, the newest version of each model alone; `by_label` leaves the label out of it."""
    found: dict[Place, Runs] = {}
    for each in map(newest, group(side.records)):
        if by_label and len({record.run.label for record in each.records}) > 1:
            raise UsageError(f"label {side.name!r} stands for different things in several suites: compare the suites")
        for record in each.records:
            place = _place(record, "" if by_label else record.run.label)
            found.setdefault(place, {}).setdefault(Repetition.of(record), []).append(record)
    return found


def _place(record: RunRecord, label: str) -> Place:
    run = record.run
    settings, variant = canonical(run.settings), canonical(run.variant)
    return Place(run.dataset, run.task, run.protocol, settings, run.device, label, variant)


def pair_cells(a: Mapping[Place, Runs], b: Mapping[Place, Runs]) -> tuple[list[PairedCell], list[Unpaired]]:
    """Return the cells that can be compared, and those that cannot with the reason."""
    paired, unpaired = [], list(_alone(a, b))
    for place in a.keys() & b.keys():
        left, right = a[place], b[place]
        pairs = {each: _pair(left[each], right[each]) for each in left.keys() & right.keys()}
        kept = {each: pair for each, pair in sorted(pairs.items()) if not pair.apart}
        if kept:
            paired.append(PairedCell(place, kept))
            unpaired += [Unpaired(place, reason, each) for reason, each in _left_out(left, right, pairs)]
        elif pairs:
            unpaired.append(Unpaired(place, "; ".join(reason for reason, _ in _left_out(left, right, pairs))))
        else:
            reason = f"no {noun([*left, *right])} in common (A has {listed(left)}, B has {listed(right)})"
            unpaired.append(Unpaired(place, reason))
    return sorted(paired, key=lambda cell: cell.place.order), sorted(unpaired, key=lambda each: each.place.order)


def _left_out(
    left: Runs, right: Runs, pairs: Mapping[Repetition, Pair]
) -> Iterator[tuple[str, tuple[Repetition, ...]]]:
    """Yield why runs of a cell cannot be compared, each reason with its seeds and splits."""
    reasons: dict[str, list[Repetition]] = defaultdict(list)
    for each, pair in sorted(pairs.items()):
        if pair.apart:
            reasons[pair.apart].append(each)
    for reason, lost in reasons.items():
        yield f"{len(lost)} run{'s' if len(lost) > 1 else ''} {reason}", tuple(lost)
    for name, alone in (("A", left.keys() - right.keys()), ("B", right.keys() - left.keys())):
        if alone:
            yield f"{listed(alone)} only in {name}", tuple(sorted(alone))


def _pair(left: list[RunRecord], right: list[RunRecord]) -> Pair:
    """Take the newest runs whose clocks can be compared, else the newest."""
    pairs = [Pair(a, b) for a in reversed(left) for b in reversed(right)]
    return next((pair for pair in pairs if pair.is_timed_alike), pairs[0])


def _alone(a: Mapping[Place, Runs], b: Mapping[Place, Runs]) -> Iterator[Unpaired]:
    only_a, only_b = sorted(a.keys() - b.keys()), sorted(b.keys() - a.keys())
    others: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for place in only_b:
        others[place.loose].append(place)
    for place in only_a:
        if others[place.loose]:
            yield Unpaired(place, f"settings differ: {_settings(place, others[place.loose].pop(0))}")
        else:
            yield Unpaired(place, "only in A")
    yield from (Unpaired(place, "only in B") for left in others.values() for place in left)


def _settings(a: Place, b: Place) -> str:
    left, right = (flatten(json.loads(place.settings)) for place in (a, b))
    names = sorted(name for name in {*left, *right} if left.get(name) != right.get(name))
    return ", ".join(f"{name} {left.get(name, 'unset')} → {right.get(name, 'unset')}" for name in names)


def environment_words(pair: Pair, a: Mapping[str, Environment], b: Mapping[str, Environment]) -> str:
    """Say in what the environments of two runs differ."""
    words = []
    if pair.a.is_alone != pair.b.is_alone:
        words.append(f"A ran {_company(pair.a)}, B {_company(pair.b)}")
    if not pair.has_one_environment:
        left, right = a.get(pair.a.environment_id), b.get(pair.b.environment_id)
        words.append("an environment is not described" if left is None or right is None else _facts(left, right))
    return "; ".join(words)


def _company(record: RunRecord) -> str:
    return "alone" if record.is_alone else "in company"


def _facts(a: Environment, b: Environment) -> str:
    left, right = (flatten({name: each.facts.get(name) for name in IDENTITY}) for each in (a, b))
    names = sorted(name for name in {*left, *right} if left.get(name) != right.get(name))
    told = [f"{name} {left.get(name, 'none')} → {right.get(name, 'none')}" for name in names[:FACT_LIMIT]]
    if len(names) > FACT_LIMIT:
        told.append(f"{len(names) - FACT_LIMIT} more")
    return ", ".join(told) or "nothing that is described"


def changed_parts(paired: list[PairedCell]) -> tuple[str, ...]:
    """Return what changed in the runs' identity, each part with the number of cells it changed in."""
    counts: dict[str, int] = defaultdict(int)
    for cell in paired:
        pair = next(iter(cell.pairs.values()))
        left, right = pair.a.run.identity, pair.b.run.identity
        for name in {*left, *right} - VARYING:
            counts[name] += left.get(name) != right.get(name)
    return tuple(f"{name} ({count} of {len(paired)} cells)" for name, count in sorted(counts.items()) if count)
