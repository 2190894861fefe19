"""What a comparison found, as plain values."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

from bench.report.conditions import device_name
from bench.report.grouping import flatten
from bench.report.levels import ALPHA
from bench.report.repetition import Repetition
from bench.report.table import by_size
from bench.report.tree import Measure
from bench.report.wording import variant_text

__all__ = ["Change", "Differences", "Place", "Unpaired", "Verdict", "differing_settings", "plain"]

Verdict = Literal["worse", "better", "within noise", "too few runs", "other environment", "not comparable"]
# These say something about the models; the others say why nothing can be said.
DECIDED: frozenset[Verdict] = frozenset({"worse", "better", "within noise"})


class Place(NamedTuple):
    """What runs of the two sides must share to be paired; settings and variant as canonical text."""

    dataset: str
    task: str
    protocol: str
    settings: str
    device: str
    label: str
    variant: str

    @property
    def words(self) -> tuple[str, ...]:
        """The place in words, without its settings."""
        words = (self.dataset, self.task, self.protocol, device_name(self.device), self.label)
        return tuple(word for word in (*words, variant_text(json.loads(self.variant))) if word)

    @property
    def order(self) -> tuple[object, ...]:
        """Where the place stands in a list: variants by number where they are numbers."""
        return self.dataset, self.task, self.protocol, self.device, self.label, by_size(self.variant), self.settings

    @property
    def loose(self) -> tuple[str, ...]:
        """The place without its settings."""
        return self.dataset, self.task, self.protocol, self.device, self.label, self.variant

    def __str__(self) -> str:
        return " · ".join(self.words)


def differing_settings(places: Sequence[Place]) -> dict[Place, str]:
    """Return, for places that differ in their settings alone, those that tell them apart: `protocol.epochs 20`."""
    namesakes: dict[tuple[str, ...], dict[Place, dict[str, str]]] = defaultdict(dict)
    for place in places:
        namesakes[place.loose][place] = flatten(json.loads(place.settings))
    return {
        place: ", ".join(
            f"{name} {settings.get(name, 'unset')}"
            for name in sorted({name for other in each.values() for name in other})
            if len({other.get(name) for other in each.values()}) > 1
        )
        for each in namesakes.values()
        for place, settings in each.items()
    }


@dataclass(frozen=True)
class Change:
    """One measure of one cell; differences are B minus A, in the measure's unit.

    a_mean, b_mean: of the finite paired values, None where there are none. low, high: the 95 % interval of the
    difference, NaN where the runs give none. p_value: as tested; corrected_p_value: after Holm, over all tests of the
    comparison; None where nothing was tested. count: paired runs; can_decide: could any outcome of so many have
    been significant? margin: differences up to it are not called better or worse, in the measure's unit.
    is_across_environments: were the two sides measured in different ones? is_identical: are all values equal?
    """

    place: Place
    measure: Measure
    verdict: Verdict
    a_mean: float | None = None
    b_mean: float | None = None
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p_value: float | None = None
    corrected_p_value: float | None = None
    count: int = 0
    can_decide: bool = False
    margin: float = 0.0
    is_across_environments: bool = False
    is_identical: bool = False
    reason: str = ""

    @property
    def relative(self) -> float | None:
        """The difference as a share of A's mean, None where that has no meaning."""
        if not self.a_mean or not math.isfinite(self.difference):
            return None
        return self.difference / abs(self.a_mean)


@dataclass(frozen=True)
class Unpaired:
    """A cell that one side lacks, or that the two sides ran by different rules, or did not try.

    repetitions: those that were left out where the rest of the cell is compared; none where all of it is not.
    """

    place: Place
    reason: str
    repetitions: tuple[Repetition, ...] = ()


@dataclass(frozen=True)
class Differences:
    """Everything found between A and B.

    environments: sentences, one for each pair of environments that were met. changed: per cell, the parts of
    the runs' identity that differ. margins: those in force, in words. power: what so many runs can show at all.
    warnings: what disturbed the machines.
    """

    a: str
    b: str
    changes: tuple[Change, ...]
    unpaired: tuple[Unpaired, ...] = ()
    environments: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    margins: tuple[str, ...] = ()
    power: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    alpha: float = ALPHA
    counts: Counter[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(change.verdict for change in self.changes))

    @property
    def is_regression(self) -> bool:
        """Did anything get worse beyond noise?"""
        return self.counts["worse"] > 0

    @property
    def is_decided(self) -> bool:
        """Could anything at all be compared?"""
        return any(change.verdict in DECIDED for change in self.changes)

    def of(self, *verdicts: Verdict) -> list[Change]:
        """Return the changes with one of these verdicts."""
        return [change for change in self.changes if change.verdict in verdicts]


def plain(found: Differences) -> dict[str, Any]:
    """Return the comparison as JSON can hold it: no NaN, no infinity (None, and the word "infinite")."""
    return {
        "a": found.a,
        "b": found.b,
        "alpha": found.alpha,
        "correction": "holm",
        "counts": dict(found.counts),
        "is_regression": found.is_regression,
        "is_decided": found.is_decided,
        "environments": list(found.environments),
        "changed": list(found.changed),
        "margins": list(found.margins),
        "power": list(found.power),
        "warnings": list(found.warnings),
        "changes": [_plain_change(change) for change in found.changes],
        "unpaired": [
            _plain_place(each.place) | {"reason": each.reason} | _plain_repetitions(each.repetitions)
            for each in found.unpaired
        ],
    }


def _plain_repetitions(found: Iterable[Repetition]) -> dict[str, Any]:
    listed = list(found)
    splits = [f"{each.scheme} {each.number}" for each in listed if each.is_resplit]
    return {"seeds": [each.seed for each in listed], "splits": splits}


def _plain_place(place: Place) -> dict[str, Any]:
    return place._asdict() | {
        "settings": flatten(json.loads(place.settings)),
        "variant": json.loads(place.variant),
    }


def _plain_change(change: Change) -> dict[str, Any]:
    own = {each.name: getattr(change, each.name) for each in fields(change) if each.name not in ("place", "measure")}
    measure = {"measure": change.measure.name, "unit": change.measure.unit, "better": change.measure.better}
    numbers = {name: _finite(value) for name, value in (own | {"relative": change.relative}).items()}
    return _plain_place(change.place) | measure | numbers


def _finite(value: Any) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else ("infinite" if value > 0 else "-infinite")
