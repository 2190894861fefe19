"""Test every measure of every paired cell, correct for their number, and give each a verdict."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from bench.errors import UsageError
from bench.record import Environment
from bench.report.compare.changes import Change, Differences, Place, Verdict
from bench.report.compare.pairs import Pair, PairedCell, cells, changed_parts, environment_words, pair_cells
from bench.report.compare.readings import Reading, failed_runs, missed, readings
from bench.report.compare.sides import Side
from bench.report.levels import ALPHA
from bench.report.machines import busy
from bench.report.marks import paired
from bench.report.table import MEMORY_RESOLUTION_MB
from bench.report.tree import Measure
from bench.stats import holm, paired_difference, tost_paired
from bench.stats.distributions import student_quantile

__all__ = ["DEFAULT_MARGINS", "Margin", "compare"]


@dataclass(frozen=True)
class Margin:
    """How large a difference must be to matter: in the measure's unit, or as a share of A's mean and `at_least` so."""

    value: float
    is_relative: bool = False
    at_least: float = 0.0

    def of(self, mean: float | None) -> float:
        """Return the margin in the measure's unit."""
        return max(self.value * abs(mean or 0.0), self.at_least) if self.is_relative else self.value

    def __str__(self) -> str:
        if not self.is_relative:
            return f"{self.value:.4g}"
        return f"{100 * self.value:.4g} %{f' (at least {self.at_least:g})' if self.at_least else ''}"


# Seeds of one session share its clock frequency, caches and neighbours, so that another session differs by more than
# the spread between seeds tells: below these shares a difference of costs is not called one.
DEFAULT_MARGINS: Mapping[str, Margin] = {
    "time": Margin(0.10, is_relative=True),
    "memory": Margin(0.05, is_relative=True, at_least=MEMORY_RESOLUTION_MB),
}


def compare(a: Side, b: Side, *, margins: Mapping[str, Margin] | None = None, every_score: bool = False) -> Differences:
    """Return what changed from A to B, cell by cell and measure by measure.

    margins: by measure name or kind ("score", "time", "memory"), over the defaults: 10 % for times, 5 % and at least
    1 MB for memory.
    Raises UsageError where a label is put beside something that is none.
    """
    by_label = (a.kind, b.kind) == ("label", "label")
    if not by_label and "label" in (a.kind, b.kind):
        raise UsageError(f"a label can be compared with a label only: {a.name} is a {a.kind}, {b.name} a {b.kind}")
    chosen = {**DEFAULT_MARGINS, **(margins or {})}
    paired, unpaired = pair_cells(cells(a, by_label=by_label), cells(b, by_label=by_label))
    judge = _Judge(a, b, chosen)
    found = [change for cell in paired for change in judge.changes(cell, every_score=every_score)]
    return Differences(
        a=a.name,
        b=b.name,
        changes=tuple(_verdicts(found)),
        unpaired=tuple(unpaired),
        environments=tuple(judge.environments),
        changed=() if by_label else changed_parts(paired),
        margins=tuple(f"{name} {margin}" for name, margin in chosen.items()),
        power=tuple(_power(found)),
        warnings=tuple(
            f"{name}: {words}" for name, side in (("A", a), ("B", b)) for words in busy(side.records, side.environments)
        ),
        alpha=ALPHA,
    )


def _power(changes: Sequence[Change]) -> Iterator[str]:
    """Say what so many runs can show at all, for the smallest and the largest number of them."""
    counts = [change.count for change in changes if change.p_value is not None and change.can_decide]
    for count in sorted({min(counts), max(counts)} if counts else ()):
        needed = -student_quantile(count - 1, ALPHA / len(counts) / 2) / math.sqrt(count)
        yield (
            f"{count} paired runs and {len(counts)} tests: the first difference to be told from noise must be "
            f"{needed:.2g} times the spread between seeds"
        )


class _Judge:
    """Tests cells; remembers the pairs of environments it met."""

    def __init__(self, a: Side, b: Side, margins: Mapping[str, Margin]) -> None:
        self._a, self._b = a, b
        self._margins = margins
        self.environments: dict[str, None] = {}

    def changes(self, cell: PairedCell, *, every_score: bool) -> Iterator[Change]:
        failures = failed_runs(cell)
        if failures is not None:
            yield failures
        for reading in readings(cell, every_score=every_score):
            misses = missed(cell.place, reading)
            if misses is not None:
                yield misses
            yield self._change(cell.place, reading)

    def _change(self, place: Place, reading: Reading) -> Change:
        measure, pairs = reading.measure, reading.pairs
        apart = [pair for pair in pairs.values() if not pair.has_one_environment]
        for pair in apart:
            self._meet(pair)
        if reading.reason:
            return Change(place, measure, "not comparable", reason=reading.reason)
        if not measure.better:
            return Change(place, measure, "not comparable", reason="neither more nor less of it is better")
        if reading.is_clocked:
            alike = {seed: pair for seed, pair in pairs.items() if pair.is_timed_alike}
            if not alike:
                reason = self._words(next(iter(pairs.values())))
                return Change(place, measure, "other environment", is_across_environments=True, reason=reason)
            reading, apart = reading.only(alike), []
        return _tested(place, reading, self._margin(measure), is_across=bool(apart))

    def _margin(self, measure: Measure) -> Margin:
        kind = "time" if measure.kind == "score" and measure.unit == "s" else measure.kind
        return self._margins.get(measure.name) or self._margins.get(kind) or Margin(0.0)

    def _words(self, pair: Pair) -> str:
        return environment_words(pair, self._a.environments, self._b.environments)

    def _meet(self, pair: Pair) -> None:
        names = [
            _identity(pair.a.environment_id, self._a.environments),
            _identity(pair.b.environment_id, self._b.environments),
        ]
        self.environments[f"A in {names[0]}, B in {names[1]}: {self._words(pair)}"] = None


def _identity(environment_id: str, known: Mapping[str, Environment]) -> str:
    return f"environment {environment_id[:8]}" if environment_id in known else "an unknown environment"


def _tested(place: Place, reading: Reading, margin: Margin, *, is_across: bool) -> Change:
    """Test B against A on the pairs of one measure; the verdict waits for the correction."""
    left, right = reading.a, reading.b
    has_failures = any(math.isinf(value) for value in (*left.values(), *right.values()))
    is_score = reading.measure.kind == "score" and reading.measure.unit != "s"
    test = paired_difference(right, left, method="wilcoxon") if has_failures else paired(right, left, is_score=is_score)
    means = [
        fmean(finite) if (finite := [v for v in side.values() if math.isfinite(v)]) else None for side in (left, right)
    ]
    return Change(
        place,
        reading.measure,
        "too few runs",
        a_mean=means[0],
        b_mean=means[1],
        difference=test.difference,
        low=test.low,
        high=test.high,
        p_value=test.p_value,
        count=test.count,
        can_decide=test.can_decide,
        margin=margin.of(means[0]),
        is_across_environments=is_across,
        is_identical=bool(left) and left == right,
        reason=_reason(reading, margin.of(means[0]), has_failures=has_failures),
    )


def _reason(reading: Reading, margin: float, *, has_failures: bool) -> str:
    words = []
    if reading.a and reading.a == reading.b:
        words.append("identical")
    elif has_failures:
        lost = [sum(math.isinf(value) for value in side.values()) for side in (reading.a, reading.b)]
        words.append(f"without a value: A {lost[0]}, B {lost[1]} of {len(reading.a)}, counted as worse than any")
    elif margin and len(reading.a) > 1 and tost_paired(reading.b, reading.a, margin, ALPHA).is_equivalent:
        words.append("equivalent")
    if reading.left_out:
        words.append(
            f"{reading.left_out} pair{'s' if reading.left_out > 1 else ''} left out: {reading.left_out_reason}"
        )
    return "; ".join(words)


def _verdicts(changes: Sequence[Change]) -> Iterator[Change]:
    """Correct all p-values together and yield the changes with their verdicts, worst first."""
    tested = [number for number, change in enumerate(changes) if change.p_value is not None and change.can_decide]
    corrected = (
        dict(zip(tested, holm([changes[number].p_value or 0.0 for number in tested]), strict=True)) if tested else {}
    )
    judged = [_judged(change, corrected.get(number)) for number, change in enumerate(changes)]
    order: dict[Verdict, list[Change]] = defaultdict(list)
    for change in judged:
        order[change.verdict].append(change)
    for verdict in ("worse", "better", "within noise", "too few runs", "other environment", "not comparable"):
        yield from order[verdict]


def _judged(change: Change, p_value: float | None) -> Change:
    if change.p_value is None:
        return change
    if change.is_identical:
        return replace(change, verdict="within noise", corrected_p_value=p_value)
    if p_value is None:
        return change
    verdict: Verdict = "within noise"
    if p_value < ALPHA and abs(change.difference) > change.margin:
        is_better = (change.difference > 0) == (change.measure.better == "higher")
        verdict = "better" if is_better else "worse"
    return replace(change, verdict=verdict, corrected_p_value=p_value)
