"""Read the measures of a paired cell that are worth comparing, with failed runs as failures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bench.record import RunRecord, Score
from bench.report.compare.changes import Change, Place, Verdict
from bench.report.compare.pairs import Pair, PairedCell
from bench.report.measures import RESOURCES, has_clock_budget, is_clocked, score_measure
from bench.report.objective import main_score
from bench.report.repetition import Repetition
from bench.report.table import MEMORY_RESOLUTION_MB
from bench.report.tree import Measure
from bench.stats import paired_difference, with_failures

__all__ = ["Reading", "failed_runs", "missed", "readings"]

SHOWN = ("train_seconds", "latency_p50", "peak_memory", "cuda_allocated")
REASON_LIMIT = 200
FAILED_RUNS = Measure("failed_runs", "Failed runs", "", "lower", "score")


@dataclass(frozen=True)
class Reading:
    """One measure of both sides by seed and split; a failed run is infinitely bad.

    reason: why it cannot be compared, if so.
    is_clocked: does it compare only within one environment? left_out: pairs that one side has no number for.
    """

    measure: Measure
    pairs: Mapping[Repetition, Pair]
    a: Mapping[Repetition, float]
    b: Mapping[Repetition, float]
    is_clocked: bool
    left_out: int = 0
    left_out_reason: str = ""
    reason: str = field(default="")

    def only(self, pairs: Mapping[Repetition, Pair]) -> Reading:
        """Return the reading on some of its pairs, the others being of different environments."""
        kept_a, kept_b = ({seed: side[seed] for seed in pairs if seed in side} for side in (self.a, self.b))
        dropped = len(self.pairs) - len(pairs)
        words = self.left_out_reason if not dropped else "measured in other environments"
        return replace(self, pairs=pairs, a=kept_a, b=kept_b, left_out=self.left_out + dropped, left_out_reason=words)


def failed_runs(cell: PairedCell) -> Change | None:
    """Compare the numbers of failed runs; None where none failed.

    A run that ended well in A and fails with the same seed and split in B is no matter of chance between seeds, so
    more failures are worse however few runs there are; the p-value (exact McNemar) says how often chance alone would
    do it.
    """
    records = [record for pair in cell.pairs.values() for record in (pair.b, pair.a)]
    told = "; ".join(sorted({record.reason or record.status for record in records if not record.is_ok}))
    return _counted(cell.place, FAILED_RUNS, cell.pairs, lambda record: not record.is_ok, told[:REASON_LIMIT])


def missed(place: Place, reading: Reading) -> Change | None:
    """Compare the numbers of good runs without a finite value, as those of failed runs; None where all have one.

    A target that is never reached any more has no time to test, and a score that is no number no mean.
    """
    if reading.reason or reading.measure.kind != "score":
        return None
    seeds = reading.a.keys() & reading.b.keys()
    pairs = {seed: pair for seed, pair in reading.pairs.items() if seed in seeds and pair.a.is_ok and pair.b.is_ok}
    if any(has_clock_budget(pair.a) for pair in pairs.values()):
        # A slower machine gets less far in the same seconds.
        pairs = {seed: pair for seed, pair in pairs.items() if pair.is_timed_alike}
    of = reading.measure
    title = "Missed targets" if of.is_target else f"{of.title}: runs without a value"
    measure = Measure(f"{of.name}_missed", title, "", "lower", "score")
    return _counted(place, measure, pairs, lambda record: not math.isfinite(record.score(of.name) or 0.0))


def _counted(
    place: Place,
    measure: Measure,
    pairs: Mapping[Repetition, Pair],
    is_lost: Callable[[RunRecord], bool],
    told: str = "",
) -> Change | None:
    a, b = ({seed: float(is_lost(_side(pair))) for seed, pair in pairs.items()} for _side in (_left, _right))
    if not any((*a.values(), *b.values())):
        return None
    difference = sum(b.values()) - sum(a.values())
    verdict: Verdict = "worse" if difference > 0 else "better" if difference < 0 else "within noise"
    chance = f"by chance alone p = {paired_difference(b, a, method='wilcoxon').p_value:.2g}"
    return Change(
        place,
        measure,
        verdict,
        a_mean=sum(a.values()),
        b_mean=sum(b.values()),
        difference=difference,
        count=len(pairs),
        can_decide=True,
        is_across_environments=not all(pair.has_one_environment for pair in pairs.values()),
        reason="; ".join(filter(None, (told, chance))),
    )


def _left(pair: Pair) -> RunRecord:
    return pair.a


def _right(pair: Pair) -> RunRecord:
    return pair.b


def readings(cell: PairedCell, *, every_score: bool) -> Iterator[Reading]:
    """Yield the main score, scores that are times, and the main costs; every score if asked for."""
    pairs = cell.pairs
    if not any(record.is_ok for pair in pairs.values() for record in (pair.a, pair.b)):
        return
    main = main_score(record for pair in pairs.values() for record in (pair.b, pair.a))
    for score in _scores(pairs, main):
        if score.name == main or every_score or is_clocked(score):
            yield _score(score, pairs)
    for resource in RESOURCES:
        if resource.measure.name in SHOWN:
            reading = _resource(resource.measure, resource.read, pairs)
            if reading.a or reading.b or reading.left_out:
                yield reading


def _scores(pairs: Mapping[Repetition, Pair], main: str) -> list[Score]:
    """Return one score of every name, the main one first, the others in the order they were recorded."""
    records = [record for pair in pairs.values() for record in (pair.a, pair.b)]
    found = {score.name: score for record in reversed(records) for score in record.scores}
    return sorted(found.values(), key=lambda score: score.name != main)


def _score(score: Score, pairs: Mapping[Repetition, Pair]) -> Reading:
    measured = {seed: pair for seed, pair in pairs.items() if _has(pair.a, score.name) and _has(pair.b, score.name)}
    a, b = (
        with_failures({seed: side(pair).score(score.name) for seed, pair in measured.items()}, score.higher_is_better)
        for side in (_left, _right)
    )
    return Reading(
        measure=score_measure(score),
        pairs=pairs,
        a=a,
        b=b,
        is_clocked=is_clocked(score) or any(has_clock_budget(pair.a) for pair in pairs.values()),
        left_out=len(pairs) - len(measured),
        left_out_reason="no such score on one side",
        reason=_other_settings(score.name, pairs),
    )


def _has(record: RunRecord, score: str) -> bool:
    """Has a run this score, or would it have, had it not failed?"""
    return not record.is_ok or record.score(score) is not None


def _other_settings(name: str, pairs: Mapping[Repetition, Pair]) -> str:
    """Say which settings of a metric are one thing in every run of A and another in every run of B."""
    a, b = (_details(name, side, pairs) for side in (_left, _right))
    differing = [key for key in {*a, *b} if a and b and a.get(key) != b.get(key)]
    constant = [key for key in sorted(differing) if len(a.get(key, {None})) == len(b.get(key, {None})) == 1]
    told = [f"{key} {_only(a, key)} → {_only(b, key)}" for key in constant]
    return f"measured with other settings: {', '.join(told)}" if told else ""


def _details(name: str, side: Callable[[Pair], RunRecord], pairs: Mapping[Repetition, Pair]) -> dict[str, set[object]]:
    found: dict[str, set[object]] = {}
    for pair in pairs.values():
        for score in side(pair).scores:
            if score.name == name:
                for key, value in score_measure(score).detail:
                    found.setdefault(key, set()).add(value)
    return found


def _only(details: Mapping[str, set[object]], key: str) -> object:
    return next(iter(details.get(key, {"unset"})))


def _resource(measure: Measure, read: Callable[[RunRecord], float | None], pairs: Mapping[Repetition, Pair]) -> Reading:
    """Read a cost of the pairs that both ended well: a run that failed was not measured to its end."""
    floor = MEMORY_RESOLUTION_MB if measure.kind == "memory" else -math.inf
    ended = {seed: pair for seed, pair in pairs.items() if pair.a.is_ok and pair.b.is_ok}
    numbers = {seed: (read(pair.a), read(pair.b)) for seed, pair in ended.items()}
    both = {seed: (x, y) for seed, (x, y) in numbers.items() if x is not None and y is not None}
    has_any = any(x is not None or y is not None for x, y in numbers.values())
    return Reading(
        measure=measure,
        pairs=ended,
        a={seed: max(x, floor) for seed, (x, _) in both.items()},
        b={seed: max(y, floor) for seed, (_, y) in both.items()},
        is_clocked=True,
        left_out=len(pairs) - len(both) if has_any else 0,
        left_out_reason="not measured on both sides",
    )
