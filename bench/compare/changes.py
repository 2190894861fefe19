"""What a comparison found, as plain values."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from bench import evidence
from bench.compare.pairs import Place, Unpaired
from bench.evidence import LEVEL
from bench.report.numbers.grouping import flatten
from bench.report.section import Measure

__all__ = ["OUTCOMES", "Change", "Differences", "Outcome", "plain"]

Outcome = Literal["worse", "better", "equivalent", "unchanged", "open", "other environment", "not comparable"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
IN_JSON = ("outcome", "a_mean", "b_mean", "difference", "relative", "count", "margin", "is_across_environments")
IN_JSON_TOO = ("verdict", "low", "high", "p_value", "p_adjusted", "basis", "can_runs_decide")


@dataclass(frozen=True)
class Change:
    """One measure of one cell; differences are B minus A, in the measure's unit.

    outcome: better or worse: different, and by more than the margin; unchanged: the same value in every pair of runs,
    or as many lost runs; open: not decided.
    a_mean, b_mean: of the paired runs with a finite value, None where there are none; of lost runs, their number.
    evidence: the comparison of "B" with "A", corrected over all cells and measures; None where nothing was tested.
    count: paired runs. margin: differences up to it do not matter. scope: what the verdict speaks of; remedy: what
    would decide an open one, "" where that is not known.
    is_across_environments: were the two sides measured in different ones?
    """

    place: Place
    measure: Measure
    outcome: Outcome
    a_mean: float | None = None
    b_mean: float | None = None
    evidence: evidence.Pair | None = None
    count: int = 0
    margin: float = 0.0
    is_across_environments: bool = False
    reason: str = ""
    scope: str = ""
    remedy: str = ""

    @property
    def difference(self) -> float | None:
        """B minus A, None where one of them has no value."""
        if self.a_mean is None or self.b_mean is None:
            return None
        # Scores are float32 now and then, and their means other than what is tested.
        found = self.b_mean - self.a_mean if self.evidence is None else self.evidence.difference
        return found if math.isfinite(found) else None

    @property
    def relative(self) -> float | None:
        """The difference as a share of A's mean, None where that has no meaning."""
        return None if not self.a_mean or self.difference is None else self.difference / abs(self.a_mean)


@dataclass(frozen=True)
class Differences:
    """Everything found between A and B.

    environments: sentences, one for each pair of environments that were met. changed: per cell, the parts of
    the runs' identity that differ. margins: those in force, in words. warnings: what disturbed the machines.
    level: the rate of wrong claims over all cells and measures together.
    """

    a: str
    b: str
    changes: tuple[Change, ...]
    unpaired: tuple[Unpaired, ...] = ()
    environments: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    margins: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    level: float = LEVEL

    @property
    def counts(self) -> Counter[Outcome]:
        """How many changes have which outcome."""
        return Counter(change.outcome for change in self.changes)

    @property
    def is_regression(self) -> bool:
        """Did anything get worse beyond noise?"""
        return self.counts["worse"] > 0

    @property
    def is_compared(self) -> bool:
        """Could anything at all be compared?"""
        tested = any(change.evidence and change.evidence.basis != "nothing" for change in self.changes)
        return tested or any(self.counts[outcome] for outcome in ("worse", "better", "unchanged"))

    def of(self, *outcomes: Outcome) -> list[Change]:
        """Return the changes with one of these outcomes."""
        return [change for change in self.changes if change.outcome in outcomes]


def plain(found: Differences) -> dict[str, Any]:
    """Return the comparison as JSON can hold it: None for a number that is NaN or infinite."""
    facts = ("a", "b", "level", "is_regression", "is_compared", "environments", "changed", "margins", "warnings")
    return {
        **{name: getattr(found, name) for name in facts},
        "correction": "holm",
        "counts": dict(found.counts),
        "changes": [_plain_change(change) for change in found.changes],
        "unpaired": [
            _plain_place(each.place)
            | {"reason": each.reason, "seeds": [one.seed for one in each.repetitions]}
            | {"splits": [f"{one.scheme} {one.number}" for one in each.repetitions if one.is_resplit]}
            for each in found.unpaired
        ],
    }


def _plain_place(place: Place) -> dict[str, Any]:
    return place._asdict() | {"settings": flatten(json.loads(place.settings)), "variant": json.loads(place.variant)}


def _plain_change(change: Change) -> dict[str, Any]:
    measure, pair = change.measure, change.evidence
    tested = {name: None if pair is None else _finite(getattr(pair, name)) for name in IN_JSON_TOO}
    return {
        **_plain_place(change.place),
        **{"measure": measure.name, "unit": measure.unit, "better": measure.better},
        **{name: getattr(change, name) for name in IN_JSON},
        **tested,
        "remedy": asdict(pair.remedy) if pair and pair.remedy and change.remedy else None,
        "scope": change.scope,
        "reason": change.reason,
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
