"""Read what is worth comparing of a paired cell: its scores and main costs, and how many runs gave none."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from bench.evidence import Observations, SampleScores, observe, repeated
from bench.record import RunRecord, Score
from bench.report.analysis import MEMORY_RESOLUTION_MB
from bench.report.compare.changes import Change, Outcome
from bench.report.compare.pairs import Pair, PairedCell, Place
from bench.report.compare.sides import Side
from bench.report.measures import RESOURCES, has_clock_budget, is_clocked, score_measure
from bench.report.objective import main_score
from bench.report.repetition import Repetition
from bench.report.section import Measure
from bench.store import Store

__all__ = ["Reading", "SampleReader", "lost_runs", "readings"]

SHOWN = ("train_seconds", "latency_p50", "peak_memory", "cuda_allocated")
REASON_LIMIT = 200
FAILED_RUNS = Measure("failed_runs", "Failed runs", "", "lower", "score")
# Makes what reads the scores of test samples, given where answers and truths are found (see `SampleScores`).
SampleReader = Callable[[Callable[[RunRecord], bytes | None], Callable[[str], bytes]], SampleScores]
UNSET = frozenset({"unset"})


@dataclass(frozen=True)
class Reading:
    """One measure of both sides by seed and split, NaN where a run failed.

    is_clocked: does it compare only within one environment? has_samples: do test samples count beside the seeds?
    left_out: pairs that one side has no number for, and why; refused: why nothing can be compared.
    """

    measure: Measure
    pairs: Mapping[Repetition, Pair]
    a: Mapping[Repetition, float]
    b: Mapping[Repetition, float]
    is_clocked: bool
    has_samples: bool = False
    left_out: int = 0
    left_out_reason: str = ""
    refused: str = ""

    @property
    def is_cost(self) -> bool:
        """Is it a time or memory, of which every run on the machine is a repetition, whatever its split?"""
        return self.measure.kind != "score" or self.measure.unit == "s"

    def timed_alike(self) -> Reading:
        """Return the reading on the pairs whose clocks can be compared."""
        pairs = {each: pair for each, pair in self.pairs.items() if pair.is_timed_alike}
        a, b = ({each: value for each, value in side.items() if each in pairs} for side in (self.a, self.b))
        lost = len(self.a) - len(a)
        why = "measured in other environments" if lost else self.left_out_reason
        return replace(self, pairs=pairs, a=a, b=b, left_out=self.left_out + lost, left_out_reason=why)

    def observations(self, a: Side, b: Side, reader: SampleReader | None) -> Observations:
        """Return what is known of "A" and "B": one value a run, or of each test sample where those count."""
        if not self.has_samples:
            sides = {"B": list(self.b.values()), "A": list(self.a.values())}
            return repeated(sides, higher=self.measure.better == "higher", low=self.measure.low)
        # The same run may stand in both stores, with another answer: a record is looked up where it came from.
        pairs = [self.pairs[each] for each in self.a]
        found = {id(pair.b): (pair.b, "B", b.store) for pair in pairs} | {id(p.a): (p.a, "A", a.store) for p in pairs}
        truths = {record.truth: store for record, _, store in found.values() if store is not None}
        samples = None
        if reader and a.store and b.store:
            samples = reader(lambda each: _answer(each, found[id(each)][2]), lambda key: truths[key].truth(key))
        return observe(
            [each for each, _, _ in found.values()], self.measure.name, samples, lambda each: found[id(each)][1]
        )


def _answer(record: RunRecord, store: Store | None) -> bytes | None:
    return None if store is None else store.answer(record)


def lost_runs(cell: PairedCell, found: list[Reading]) -> Iterator[Change]:
    """Yield how many runs failed, and how many good ones have a score that is not finite; nothing where none did.

    A run that ended well in A and fails with the same seed and split in B is no matter of chance between seeds, so
    more of them are worse however few runs there are.
    """
    records = [record for pair in cell.pairs.values() for record in (pair.b, pair.a)]
    told = "; ".join(sorted({record.reason or record.status for record in records if not record.is_ok}))
    yield from _counted(cell.place, FAILED_RUNS, cell.pairs.values(), lambda record: not record.is_ok, told)
    for of, reading in ((each.measure, each) for each in found if each.measure.kind == "score" and not each.refused):
        pairs = [reading.pairs[each] for each in reading.a]
        # A slower machine gets less far in the same seconds.
        has_budget = any(has_clock_budget(pair.a) for pair in pairs)
        alike = [pair for pair in pairs if pair.a.is_ok and pair.b.is_ok and (pair.is_timed_alike or not has_budget)]
        title = "Missed targets" if of.is_target else f"{of.title}: runs without a value"
        lost = Measure(f"{of.name}_missed", title, "", "lower", "score")
        yield from _counted(cell.place, lost, alike, partial(_has_none, name=of.name))


def _has_none(record: RunRecord, name: str) -> bool:
    return not math.isfinite(record.score(name) or 0.0)


def _counted(
    place: Place, measure: Measure, pairs: Collection[Pair], is_lost: Callable[[RunRecord], bool], told: str = ""
) -> Iterator[Change]:
    a, b = sum(is_lost(pair.a) for pair in pairs), sum(is_lost(pair.b) for pair in pairs)
    if a or b:
        is_across = not all(pair.has_one_environment for pair in pairs)
        outcome: Outcome = "worse" if b > a else "better" if b < a else "unchanged"
        yield Change(
            place, measure, outcome, a, b, count=len(pairs), is_across_environments=is_across,
            reason=told[:REASON_LIMIT], scope="Counted over the runs that both sides made, not tested.",
        )  # fmt: skip


def readings(cell: PairedCell, *, every_score: bool) -> Iterator[Reading]:
    """Yield the main score, scores that are times, and the main costs; every score if asked for."""
    records = [record for pair in cell.pairs.values() for record in (pair.b, pair.a)]
    if not any(record.is_ok for record in records):
        return
    main = main_score(records)
    scores = {score.name: score for record in records[::-1] for score in record.scores}
    for score in sorted(scores.values(), key=lambda score: score.name != main):
        if score.name == main or every_score or is_clocked(score):
            yield _score(score, cell.pairs)
    for resource in RESOURCES:
        if resource.measure.name in SHOWN:
            reading = _resource(resource.measure, resource.read, cell.pairs)
            if reading.left_out or any(math.isfinite(x + reading.b[each]) for each, x in reading.a.items()):
                yield reading


def _score(score: Score, pairs: Mapping[Repetition, Pair]) -> Reading:
    def value(record: RunRecord) -> float | None:
        return record.score(score.name) if record.is_ok else math.nan

    return replace(
        _read(score_measure(score), value, pairs, "no such score on one side"),
        is_clocked=is_clocked(score) or any(has_clock_budget(pair.a) for pair in pairs.values()),
        # Whether this very thing changed is asked of the same code; which of two is better, of other test data as well.
        has_samples=not is_clocked(score) and not all(pair.has_one_code for pair in pairs.values()),
        refused=_other_settings(score.name, pairs),
    )


def _resource(measure: Measure, read: Callable[[RunRecord], float | None], pairs: Mapping[Repetition, Pair]) -> Reading:
    """Read a cost; a run that failed was not measured to its end."""
    floor = MEMORY_RESOLUTION_MB if measure.kind == "memory" else -math.inf

    def value(record: RunRecord) -> float | None:
        found = read(record) if record.is_ok else math.nan
        return found if found is None or math.isnan(found) else max(found, floor)

    found = _read(measure, value, pairs, "not measured on both sides")
    has_any = any(record.is_ok and read(record) is not None for pair in pairs.values() for record in (pair.a, pair.b))
    return found if has_any else replace(found, left_out=0)


def _read(
    measure: Measure, value: Callable[[RunRecord], float | None], pairs: Mapping[Repetition, Pair], missing: str
) -> Reading:
    both = {each: (value(pair.a), value(pair.b)) for each, pair in pairs.items()}
    a = {each: x for each, (x, y) in both.items() if x is not None and y is not None}
    b = {each: y for each, (x, y) in both.items() if x is not None and y is not None}
    return Reading(measure, pairs, a, b, is_clocked=True, left_out=len(pairs) - len(a), left_out_reason=missing)


def _other_settings(name: str, pairs: Mapping[Repetition, Pair]) -> str:
    """Say which settings of a metric are one thing in every run of A and another in every run of B."""
    a, b = _details(name, [pair.a for pair in pairs.values()]), _details(name, [pair.b for pair in pairs.values()])
    both = {key: (a.get(key, UNSET), b.get(key, UNSET)) for key in sorted({*a, *b}) if a and b}
    told = [f"{key} {min(x)} → {min(y)}" for key, (x, y) in both.items() if x != y and len(x) == len(y) == 1]
    return f"measured with other settings: {', '.join(told)}" if told else ""


def _details(name: str, records: list[RunRecord]) -> dict[str, frozenset[str]]:
    """Return every value of each setting of a score, as text."""
    details = [dict(score_measure(s).detail) for record in records for s in record.scores if s.name == name]
    names = {key for detail in details for key in detail}
    return {key: frozenset(str(detail.get(key, "unset")) for detail in details) for key in names}
