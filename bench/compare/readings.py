"""Read what is worth comparing of a paired cell: its scores and main costs, and how many runs gave none."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from bench.compare.changes import Change, Outcome
from bench.compare.pairs import Pair, PairedCell, Place, Side
from bench.evidence import Observations, SampleScores, observe, repeated
from bench.evidence.objective import is_clocked, main_score
from bench.record import RunRecord, Score
from bench.report.numbers.conditions import Repetition
from bench.report.numbers.judged import MEMORY_RESOLUTION_MB
from bench.report.numbers.measures import RESOURCES, Resource, has_clock_budget, score_measure
from bench.report.section import Measure
from bench.report.text import plural
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

    pairs: those whose numbers can be compared; where only clocks of one environment can, the others are not among them.
    has_samples: do test samples count beside the seeds? left_out: which pairs have no number, and why; refused: why
    nothing can be compared.
    """

    measure: Measure
    pairs: Mapping[Repetition, Pair]
    a: Mapping[Repetition, float]
    b: Mapping[Repetition, float]
    has_samples: bool = False
    left_out: str = ""
    refused: str = ""

    @property
    def is_cost(self) -> bool:
        """Is it a time or memory, of which every run on the machine is a repetition, whatever its split?"""
        return self.measure.kind != "score" or self.measure.unit == "s"

    def observations(self, a: Side, b: Side, reader: SampleReader | None) -> Observations:
        """Return what is known of "A" and "B": one value a run, or of each test sample where those count."""
        if not self.has_samples:
            sides = {"B": list(self.b.values()), "A": list(self.a.values())}
            of = self.measure
            return repeated(sides, higher=of.better == "higher", low=of.low, high=of.high)
        # The same run may stand in both stores, with another answer: a record is looked up where it came from.
        pairs = (zip(self.pairs[each], "AB", (a, b), strict=True) for each in self.a)
        copies = [(record.model_copy(), name, side.store) for pair in pairs for record, name, side in pair]
        origins = {id(record): (name, store) for record, name, store in copies}
        truths = {record.truth: store for record, _, store in copies if store is not None}
        samples = None
        if reader and a.store and b.store:
            samples = reader(lambda each: _answer(each, origins[id(each)][1]), lambda key: truths[key].truth(key))
        records = [record for record, _, _ in copies]
        return observe(records, self.measure.name, samples, lambda each: origins[id(each)][0])


def _answer(record: RunRecord, store: Store | None) -> bytes | None:
    return None if store is None else store.answer(record)


def lost_runs(cell: PairedCell, found: list[Reading]) -> Iterator[Change]:
    """Yield how many runs failed, and how many good ones have a score that is not finite; nothing where none did.

    A run that ended well in A and fails with the same seed and split in B is no matter of chance between seeds, so
    more of them are worse however few runs there are.
    """
    told = "; ".join(
        sorted({each.reason or each.status for pair in cell.pairs.values() for each in pair if not each.is_ok})
    )
    yield from _counted(cell.place, FAILED_RUNS, cell.pairs.values(), lambda record: not record.is_ok, told)
    # A slower machine gets less far in the same seconds.
    good = [
        pair for pair in cell.pairs.values()
        if pair.a.is_ok and pair.b.is_ok and (pair.is_timed_alike or not has_clock_budget(pair.a))
    ]  # fmt: skip
    for of in (each.measure for each in found if each.measure.kind == "score" and not each.refused):
        pairs = [pair for pair in good if None not in (pair.a.score(of.name), pair.b.score(of.name))]
        title = "Missed targets" if of.is_target else f"{of.title}: runs without a value"
        lost = Measure(f"{of.name}_missed", title, "", "lower", "score")
        yield from _counted(cell.place, lost, pairs, partial(_is_without, name=of.name))


def _is_without(record: RunRecord, name: str) -> bool:
    return not math.isfinite(record.score(name) or 0.0)


def _counted(
    place: Place, measure: Measure, pairs: Collection[Pair], is_lost: Callable[[RunRecord], bool], told: str = ""
) -> Iterator[Change]:
    a, b = (sum(map(is_lost, records)) for records in zip(*pairs, strict=True)) if pairs else (0, 0)
    if a or b:
        is_across = not all(pair.has_one_environment for pair in pairs)
        outcome: Outcome = "worse" if b > a else "better" if b < a else "unchanged"
        yield Change(
            place, measure, outcome, a, b, count=len(pairs), is_across_environments=is_across,
            reason=told[:REASON_LIMIT], scope="Counted over the runs that both sides made, not tested.",
        )  # fmt: skip


def readings(cell: PairedCell, *, every_score: bool) -> Iterator[Reading]:
    """Yield the main score, scores that are times, and the main costs; every score if asked for."""
    records = [record for pair in cell.pairs.values() for record in pair]
    if not any(record.is_ok for record in records):
        return
    main = main_score(records)
    scores = {score.name: score for record in records[::-1] for score in record.scores}
    for score in sorted(scores.values(), key=lambda score: score.name != main):
        if score.name == main or every_score or is_clocked(score):
            yield _score(score, cell.pairs)
    for resource in RESOURCES:
        ended = [record for pair in cell.pairs.values() if pair.a.is_ok and pair.b.is_ok for record in pair]
        if resource.measure.name in SHOWN and any(resource.read(record) is not None for record in ended):
            yield _resource(resource, cell.pairs)


def _score(score: Score, pairs: Mapping[Repetition, Pair]) -> Reading:
    is_machine_bound = is_clocked(score) or any(has_clock_budget(pair.a) for pair in pairs.values())
    found = _read(
        score_measure(score), lambda record: record.score(score.name), pairs, "no such score on one side",
        is_machine_bound=is_machine_bound,
    )  # fmt: skip
    # Whether this very thing changed is asked of the same code; which of two is better, of other test data as well.
    has_samples = not found.is_cost and not all(pair.has_one_code for pair in pairs.values())
    return replace(found, has_samples=has_samples, refused=_other_settings(score.name, pairs))


def _resource(resource: Resource, pairs: Mapping[Repetition, Pair]) -> Reading:
    floor = MEMORY_RESOLUTION_MB if resource.measure.kind == "memory" else -math.inf

    def value(record: RunRecord) -> float | None:
        found = resource.read(record)
        return None if found is None else max(found, floor)

    return _read(resource.measure, value, pairs, "not measured on both sides", is_machine_bound=True)


def _read(
    measure: Measure,
    value: Callable[[RunRecord], float | None],
    pairs: Mapping[Repetition, Pair],
    missing: str,
    *,
    is_machine_bound: bool,
) -> Reading:
    """Read a number of every pair that has it; a run that failed has NaN, whatever was measured until then."""
    alike = {each: pair for each, pair in pairs.items() if pair.is_timed_alike or not is_machine_bound}
    numbers = {each: [value(run) if run.is_ok else math.nan for run in pair] for each, pair in alike.items()}
    both = {each: (x, y) for each, (x, y) in numbers.items() if x is not None and y is not None}
    left_out = ((len(alike) - len(both), missing), (len(pairs) - len(alike), "measured in other environments"))
    return Reading(
        measure,
        alike,
        {each: x for each, (x, _) in both.items()},
        {each: y for each, (_, y) in both.items()},
        left_out="; ".join(f"{plural(count, 'pair')} left out: {why}" for count, why in left_out if count),
    )


def _other_settings(name: str, pairs: Mapping[Repetition, Pair]) -> str:
    """Say which settings of a metric are one thing in every run of A and another in every run of B."""
    a, b = (_details(name, records) for records in zip(*pairs.values(), strict=True))
    both = {key: (a.get(key, UNSET), b.get(key, UNSET)) for key in sorted({*a, *b}) if a and b}
    told = [f"{key} {min(x)} → {min(y)}" for key, (x, y) in both.items() if x != y and len(x) == len(y) == 1]
    return f"measured with other settings: {', '.join(told)}" if told else ""


def _details(name: str, records: Iterable[RunRecord]) -> dict[str, frozenset[str]]:
    """Return every value of each setting of a score, as text."""
    details = [dict(score_measure(s).detail) for record in records for s in record.scores if s.name == name]
    names = {key for detail in details for key in detail}
    return {key: frozenset(str(detail.get(key, "unset")) for detail in details) for key in names}
