"""Compare two sides cell by cell and measure by measure: what is asked is chosen here, decided by `bench.evidence`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from bench import evidence
from bench.compare.changes import OUTCOMES, Change, Differences
from bench.compare.pairs import PairedCell, Side, changed_parts, conditions, pair_cells
from bench.compare.readings import Reading, SampleReader, lost_runs, readings
from bench.errors import UsageError
from bench.evidence import Observations, compare_each
from bench.report.numbers.conditions import split_count
from bench.report.numbers.judged import MEMORY_RESOLUTION_MB
from bench.report.parts.machines import busy

__all__ = ["DEFAULT_MARGINS", "Margin", "compare"]


@dataclass(frozen=True)
class Margin:
    """How large a difference must be to matter: in the measure's unit, or a share of A's mean and `at_least` MB."""

    value: float
    is_relative: bool = False
    at_least: float = 0.0

    def of(self, mean: float | None) -> float:
        """Return the margin in the measure's unit."""
        return max(self.value * abs(mean or 0.0), self.at_least) if self.is_relative else self.value

    def __str__(self) -> str:
        if not self.is_relative:
            return f"{self.value:.4g}"
        return f"{100 * self.value:.4g} %{f' (at least {self.at_least:g} MB)' if self.at_least else ''}"


# Seeds of one session share its clock frequency, caches and neighbours, so that another session differs by more than
# the spread between seeds tells: below these shares a difference of costs is not called one.
DEFAULT_MARGINS: Mapping[str, Margin] = {
    "time": Margin(0.10, is_relative=True),
    "memory": Margin(0.05, is_relative=True, at_least=MEMORY_RESOLUTION_MB),
}
# A change, and what is still to be asked of it, if anything.
Asked = tuple[Change, Observations | None]


def compare(
    a: Side,
    b: Side,
    *,
    margins: Mapping[str, Margin] | None = None,
    every_score: bool = False,
    samples: SampleReader | None = None,
) -> Differences:
    """Return what changed from A to B, cell by cell and measure by measure, all of it corrected together.

    margins: by measure name or kind ("score", "time", "memory"), over the defaults: 10 % for times, 5 % and at least
    1 MB for memory. samples: makes what reads the scores of test samples from kept answers; without it every run is
    one value.
    Raises UsageError where a label is put beside something that is none.
    """
    by_label = (a.kind, b.kind) == ("label", "label")
    if not by_label and "label" in (a.kind, b.kind):
        raise UsageError(f"a label can be compared with a label only: {a.name} is a {a.kind}, {b.name} a {b.kind}")
    chosen = {**DEFAULT_MARGINS, **(margins or {})}
    paired, unpaired = pair_cells(a, b, by_label=by_label)
    asking = _Asking(a, b, chosen, samples)
    asked = [each for cell in paired for each in asking.of(cell, every_score=every_score)]
    return Differences(
        a=a.name,
        b=b.name,
        changes=tuple(sorted(_decided(asked), key=lambda change: OUTCOMES.index(change.outcome))),
        unpaired=tuple(unpaired),
        environments=tuple(dict.fromkeys(_met(paired, a, b))),
        changed=() if by_label else changed_parts(paired),
        margins=tuple(f"{name} {margin}" for name, margin in chosen.items()),
        warnings=tuple(
            f"{name}: {words}" for name, side in (("A", a), ("B", b)) for words in busy(side.records, side.environments)
        ),
    )


def _met(paired: list[PairedCell], a: Side, b: Side) -> Iterator[str]:
    """Yield a sentence for every pair of runs that were made in two environments."""
    for pair in (pair for cell in paired for pair in cell.pairs.values() if not pair.has_one_environment):
        names = [
            f"environment {name[:8]}" if name in side.environments else "an unknown environment"
            for name, side in ((pair.a.environment_id, a), (pair.b.environment_id, b))
        ]
        yield f"A in {names[0]}, B in {names[1]}: {conditions(pair, a, b)}"


@dataclass(frozen=True)
class _Asking:
    """Says of every cell what is asked of it; what needs no test is answered at once."""

    a: Side
    b: Side
    margins: Mapping[str, Margin]
    samples: SampleReader | None

    def of(self, cell: PairedCell, *, every_score: bool) -> Iterator[Asked]:
        found = list(readings(cell, every_score=every_score))
        yield from ((change, None) for change in lost_runs(cell, found))
        yield from (self._of_reading(cell, reading) for reading in found)

    def _of_reading(self, cell: PairedCell, of: Reading) -> Asked:
        change = Change(cell.place, of.measure, "not comparable")
        if of.refused or not of.measure.better:
            return replace(change, reason=of.refused or "neither more nor less of it is better"), None
        if not of.pairs:
            reason = conditions(next(iter(cell.pairs.values())), self.a, self.b)
            return replace(change, outcome="other environment", is_across_environments=True, reason=reason), None
        means = _means(of)
        change = replace(
            change,
            outcome="unchanged" if of.a and of.a == of.b else "open",
            a_mean=means[0],
            b_mean=means[1],
            margin=self._margin(of).of(means[0]),
            is_across_environments=not all(pair.has_one_environment for pair in of.pairs.values()),
            scope=_scope(of),
            reason=of.left_out,
        )
        return change, of.observations(self.a, self.b, self.samples)

    def _margin(self, of: Reading) -> Margin:
        kind = "time" if of.is_cost and of.measure.kind == "score" else of.measure.kind
        return self.margins.get(of.measure.name) or self.margins.get(kind) or Margin(0.0)


def _means(reading: Reading) -> tuple[float | None, float | None]:
    """Return the means over the runs where both have a finite value; where there is none, each side's own."""
    a, b = reading.a, reading.b
    both = [each for each in a if math.isfinite(a[each]) and math.isfinite(b[each])]
    found = [[side[each] for each in both or side if math.isfinite(side[each])] for side in (a, b)]
    left, right = (fmean(values) if values else None for values in found)
    return left, right


def _scope(reading: Reading) -> str:
    """Say what a verdict over runs speaks of; where test samples or splits count, the evidence says it."""
    if reading.is_cost:
        return "Holds for more runs in this environment."
    if reading.has_samples:
        return ""
    parts = "test part" if split_count(reading.pairs) == 1 else "test parts"
    return f"The same code on the same {parts}: did it change? Other seeds count, test samples do not."


def _decided(asked: list[Asked]) -> Iterator[Change]:
    """Compare all that can be, corrected together."""
    tests = [(change, found) for change, found in asked if found is not None]
    pairs = iter(
        compare_each([(found, "B", "A") for _, found in tests], margins=[change.margin or None for change, _ in tests])
    )
    yield from (change if found is None else _judged(change, next(pairs)) for change, found in asked)


def _judged(change: Change, pair: evidence.Pair) -> Change:
    told = [change.reason, pair.note]
    outcome = change.outcome
    if outcome == "open" and pair.verdict == "equivalent":
        outcome = "equivalent"
    elif outcome == "open" and pair.verdict == "different":
        if abs(pair.difference) > change.margin:
            outcome = "better" if pair.better == "B" else "worse"
        else:
            told.append("different, but not by more than the margin")
    return replace(
        change,
        outcome=outcome,
        evidence=pair,
        count=pair.shared,
        scope=change.scope if change.scope and pair.basis == "seeds" else pair.scope,
        remedy=_remedy(change, pair) if outcome == "open" else "",
        reason="; ".join(filter(None, told)),
    )


def _remedy(change: Change, pair: evidence.Pair) -> str:
    """Say what would decide an open pair, were the difference what it seems; nothing where that is not known."""
    if pair.remedy is None:
        return ""
    if pair.basis == "nothing":
        return "" if pair.shared > 1 or pair.note else "at least 2 runs of each"
    if pair.basis == "seeds" and change.scope:
        return "" if pair.remedy.seeds is None else f"{pair.remedy.seeds:,} runs"
    return str(pair.remedy)
