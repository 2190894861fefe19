"""What a protocol's change did to each model, paired by seed and split: a table, and one sentence."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.evidence import FAILED, Pair, default_margin
from bench.record import RunRecord
from bench.report import text
from bench.report.blocks import Cell, Column, Row, Table
from bench.report.numbers.grouping import canonical
from bench.report.section import SectionData, Variable
from bench.specs import Family, Value

__all__ = ["WALL_TIME", "Change", "Told", "by_variant", "margin_of", "numbered", "told"]

# What comes before the final training has no clock that stops for its evaluations, as a training has.
WALL_TIME = "wall time, set-up and evaluation on the validation part included"
# More models than this are counted rather than named: the table has them.
LIST_LIMIT = 5


class Change(NamedTuple):
    """The runs of one model before and after a change, failed ones included; detail: under which circumstances."""

    label: str
    detail: str
    before: Sequence[RunRecord]
    after: Sequence[RunRecord]


@dataclass(frozen=True)
class Effect:
    """What a change did: after − before. lost: runs of either side that failed or have no finite value."""

    label: str
    family: Family
    detail: str
    pair: Pair
    lost: int

    @property
    def name(self) -> str:
        """The model, and the circumstances where there are several."""
        return f"{self.label}, {self.detail}" if self.detail else self.label

    @property
    def is_open(self) -> bool:
        """Is it neither a difference nor an equivalence?"""
        return self.pair.verdict == "open"

    @property
    def sign(self) -> int:
        """1 or -1 where the score rises or falls by more than noise, else 0."""
        return int(math.copysign(1, self.pair.difference)) if self.pair.verdict == "different" else 0


class Told(NamedTuple):
    """What is said of one change: a sentence, and the table with every number."""

    sentence: str
    table: Table


def told(
    section: SectionData, variable: Variable, key: str, title: str, change: str, changes: Sequence[Change]
) -> Iterator[Told]:
    """Judge each model's change, corrected for their number; nothing where no model had it.

    change: from what to what, in words, such as `from 0% to 40% wrong labels`.
    """
    if not changes:
        return
    contrasts, margin = [(each.label, each.before, each.after) for each in changes], margin_of(section, variable)
    pairs = section.contrasts(variable, contrasts, margin=margin)
    found = [_effect(each, pair, variable) for each, pair in zip(changes, pairs, strict=True)]
    within = f"within ±{text.significant(margin, 2)}" if margin is not None else ""
    table = _table(numbered(key, section, variable), title, change, variable, within, found)
    yield Told(_sentence(change, variable, within, found), table)


def _effect(change: Change, pair: Pair, variable: Variable) -> Effect:
    runs = (*change.before, *change.after)
    lost = sum(_is_lost(run, variable) for run in runs)
    return Effect(change.label, runs[0].run.family, change.detail, pair, lost)


def numbered(key: str, section: SectionData, variable: Variable) -> str:
    """Return the key of a block about one of the main score's variables, which are several where machines differ."""
    number = section.mains.index(variable)
    return f"{key}-{number + 1}" if number else key


def by_variant(
    section: SectionData, variable: Variable, records: Iterable[RunRecord] | None = None
) -> dict[str, list[tuple[Mapping[str, Value], list[RunRecord]]]]:
    """Return the runs under a variable's condition: label → variants with their runs, in the table's order.

    A variant all of whose runs failed is there, too. records: what to read in place of the section's own.
    """
    found: dict[str, dict[str, list[RunRecord]]] = {label: defaultdict(list) for label in section.families}
    for record in (*section.records, *section.failed) if records is None else records:
        if variable.condition.holds(record) and (_is_lost(record, variable) or _has(record, variable)):
            variants = found.setdefault(record.run.label, defaultdict(list))
            variants[canonical(record.run.variant)].append(record)
    return {
        label: [(json.loads(variant), runs) for variant, runs in variants.items()]
        for label, variants in found.items()
        if variants
    }


def _has(record: RunRecord, variable: Variable) -> bool:
    return record.is_ok and record.score(variable.measure.name) is not None


def _is_lost(record: RunRecord, variable: Variable) -> bool:
    """Was this run tried and gave no number, by the rule of `bench.evidence`?"""
    if not record.is_ok:
        return record.status in FAILED
    return _has(record, variable) and not math.isfinite(record.score(variable.measure.name) or 0.0)


def margin_of(section: SectionData, variable: Variable) -> float | None:
    """Return the margin of equivalence that the variable's models are compared with."""
    compared = (each.margin for (key, _), each in section.compared.items() if key == variable.key)
    return next(compared, default_margin(variable.measure.low, variable.measure.high))


def _sentence(change: str, variable: Variable, within: str, found: Sequence[Effect]) -> str:
    """Return `Accuracy from … to …: rises for a (+0.1), falls for b (-0.02); not decided for c.`"""
    where = f" ({variable.words})" if variable.words else ""
    groups = (
        ("rises for", [each for each in found if each.sign > 0]),
        ("falls for", [each for each in found if each.sign < 0]),
        (f"the same {within} for", [each for each in found if each.pair.verdict == "equivalent"]),
        ("not decided for", [each for each in found if each.is_open and not each.lost]),
        ("not to be judged, since runs failed, for", [each for each in found if each.is_open and each.lost]),
    )
    told = "; ".join(f"{words} {_listed(members, len(found))}" for words, members in groups if members)
    return f"{variable.measure.title}{where} {change}: {told}."


def _listed(members: Sequence[Effect], total: int) -> str:
    if len(members) > LIST_LIMIT:
        differences = [each.pair.difference for each in members if math.isfinite(each.pair.difference)]
        span = f" ({text.signed(min(differences))} to {text.signed(max(differences))})" if differences else ""
        return f"{len(members)} of {total}{span}"
    return text.join(
        f"{each.name} ({text.signed(each.pair.difference)})" if each.sign else each.name for each in members
    )


def _table(key: str, title: str, change: str, variable: Variable, within: str, found: Sequence[Effect]) -> Table:
    """Return every difference with its interval, its verdict and what would decide it; change: from what to what."""
    measure = variable.measure
    details = any(each.detail for each in found)
    columns = (
        Column("model", "Model", "model"),
        *((Column("detail", "With"),) if details else ()),
        Column("difference", f"Change of {measure.title}", "score", measure.unit, measure.better, variable.words),
        Column("verdict", "Verdict"),
        Column("runs", "Pairs", "count"),
        Column("remedy", "Would decide it"),
    )
    scopes = dict.fromkeys(each.pair.scope for each in found)
    judged = f"verdicts are corrected for {text.plural(len(found), 'comparison')}"
    if within:
        judged += f", and equivalent means {within}"
    caption = (
        f"{measure.title} {change}: the mean difference with its 95 % interval, over runs paired by seed and split; "
        f"{judged}. {' '.join(scopes)}"
    )
    return Table(key, title, caption, columns, tuple(_row(each) for each in found))


def _row(effect: Effect) -> Row:
    pair = effect.pair
    lost = f"{text.plural(effect.lost, 'run')} without a value" if effect.lost else ""
    cells = {
        "model": Cell(effect.label),
        "difference": _difference(pair),
        "verdict": Cell(_verdict(pair), note=lost),
        "runs": Cell(f"{pair.shared}", float(pair.shared)),
    }
    if effect.detail:
        cells["detail"] = Cell(effect.detail)
    if pair.remedy is not None and not effect.lost:
        cells["remedy"] = Cell(str(pair.remedy))
    return Row(cells, effect.label, effect.family)


def _difference(pair: Pair) -> Cell:
    if not math.isfinite(pair.difference):
        return Cell()
    ends = (pair.low, pair.high) if math.isfinite(pair.low) else (None, None)
    words = text.interval(pair.low, pair.high, 3)
    return Cell(text.signed(pair.difference, 3), pair.difference, low=ends[0], high=ends[1], interval=words)


def _verdict(pair: Pair) -> str:
    if pair.verdict == "different":
        return "better" if pair.better == "after" else "worse"
    return "equivalent" if pair.verdict == "equivalent" else "not decided"
