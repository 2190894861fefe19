"""Turn the numbers of a report into text, once for all formats: the same digits everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from statistics import median

from bench.report.blocks import ABSENT, Cell
from bench.report.numbers.conditions import Repetition
from bench.report.numbers.judged import MEMORY_RESOLUTION_MB
from bench.report.section import Measure, Summary
from bench.specs import Value

__all__ = [
    "amount",
    "cells",
    "interval",
    "join",
    "least",
    "moment",
    "outcomes",
    "p_value",
    "plural",
    "ratio",
    "signed",
    "significant",
    "variant",
]  # fmt: skip

COUNTS = frozenset({"parameters", "trainable_parameters", "forward_macs", "training_macs", "depth"})
# Means that span more than this are written with three digits each, since shared decimals would hide the small ones.
SPAN_LIMIT = 50.0
DECIMAL_LIMIT = 6
# Columns of smaller numbers have more decimals, so many at most.
FINEST = 12
# From here on a number is written with an exponent: all its digits would be wider than a table.
LARGEST = 1e12
# Half an interval larger than this share of a mean that has one end is told by its ends instead.
LARGEST_HALF = 0.5
# What a clock measures below this, in seconds, are its own ticks.
SHORTEST = 1e-3
# Of so many runs at most a cell keeps the values.
RUN_LIMIT = 30


def cells(measure: Measure, summaries: Sequence[Summary | None], good: Sequence[int]) -> list[Cell]:
    """Return the cells of one column, with shared decimals where they can be.

    good: runs that ended well, of each row; a cell that has another number says so.
    """
    present = [each for each in summaries if each is not None]
    decimals = _shared_decimals(measure, present)
    return [
        Cell() if each is None else _cell(measure, each, decimals, count)
        for each, count in zip(summaries, good, strict=True)
    ]


def _shared_decimals(measure: Measure, found: Sequence[Summary]) -> int | None:
    if measure.name in COUNTS:
        return 0
    sizes = [abs(each.mean) for each in found if each.mean and math.isfinite(each.mean)]
    if not sizes or (max(sizes) / min(sizes) > SPAN_LIMIT and measure.kind != "score"):
        return None
    halves = [(each.high - each.low) / 2 for each in found if each.low is not None and each.high is not None]
    halves = [half for half in halves if half > 0]
    # A column of numbers too small for the usual decimals has as many as show two digits of them.
    limit = max(DECIMAL_LIMIT, _decimals(median(sizes), digits=2, limit=FINEST))
    places = _decimals(median(halves) if halves else median(sizes) / 10, digits=2, limit=limit)
    return _at_most(places, measure)


def _at_most(places: int, measure: Measure) -> int:
    """However little runs differ, memory is known to a megabyte."""
    return min(places, 1) if measure.kind == "memory" else places


def _decimals(size: float, *, digits: int, limit: int = DECIMAL_LIMIT) -> int:
    if not size:
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(size))), 0), limit)


def _plain(value: float, places: int) -> str:
    """Return a number with so many decimals, never minus nothing."""
    if abs(value) >= LARGEST:
        return f"{value:.2e}"
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if _is_nothing(text) else text


def _is_nothing(text: str) -> bool:
    return not text.strip("+-0.,")


def _cell(measure: Measure, found: Summary, decimals: int | None, good: int) -> Cell:
    notes = _notes(measure, found, good)
    has_runs = measure.is_shown and len(found.runs) > 1
    runs = {_run_name(each): value for each, value in sorted(found.runs.items())[:RUN_LIMIT]} if has_runs else {}
    if not math.isfinite(found.mean):
        text = "missed" if measure.is_target else "∞" if found.mean > 0 else "−∞"
        return Cell(text, found.mean, note=", ".join(notes), standing=found.standing)
    places = _at_most(_decimals(found.mean, digits=3), measure) if decimals is None else decimals
    smallest = least(measure)
    is_small = found.mean < smallest
    finer = places if is_small else _finer(found, places, measure)
    text = f"< {smallest:g}" if is_small else _plain(found.mean, places)
    # A mean that would read as nothing has the decimals of its interval.
    text = _plain(found.mean, finer) if _is_nothing(text) else text
    spread, ends = ("", "") if is_small else _spread(found, finer, measure)
    return Cell(text, found.mean, spread, found.low, found.high, ends, found.standing, note=", ".join(notes), runs=runs)


@lru_cache(maxsize=1024)
def _run_name(repetition: Repetition) -> str:
    """The same few name the values of every cell."""
    return str(repetition)


def least(measure: Measure) -> float:
    """Return the value below which nothing is known but that it is small."""
    if measure.kind == "memory":
        return MEMORY_RESOLUTION_MB
    return SHORTEST if measure.kind == "time" and measure.unit == "s" else -math.inf


def _notes(measure: Measure, found: Summary, good: int) -> list[str]:
    notes = []
    if found.reference is not None:
        mean, low, high = found.reference
        ends = f" ({significant(low, 2)} to {significant(high, 2)})" if low is not None and high is not None else ""
        notes.append(f"reference {significant(mean)}{ends}")
    if found.infinite:
        count = found.count + found.infinite
        notes.append(
            f"{found.count} of {count} reached" if measure.is_target else f"{found.infinite} of {count} infinite"
        )
    elif found.count != good and measure.kind != "size":
        # Where none failed the others were made elsewhere, or scored by another judge.
        notes.append(f"{found.count} of {found.tried} runs" if found.is_partial else plural(found.count, "run"))
    return notes


def _finer(found: Summary, places: int, measure: Measure) -> int:
    """Return the decimals of an interval: those of its mean, and more where half of it would read as nothing."""
    if found.low is None or found.high is None:
        return places
    half = (found.high - found.low) / 2
    finer = _at_most(_decimals(half, digits=1, limit=max(places, DECIMAL_LIMIT)), measure)
    return finer if round(half, places) == 0 and round(half, finer) else places


def _spread(found: Summary, places: int, measure: Measure) -> tuple[str, str]:
    """Return half the interval and its ends, with so many decimals."""
    if found.low is None or found.high is None:
        return "", ""
    half = (found.high - found.low) / 2
    ends = f"{_plain(found.low, places)} to {_plain(found.high, places)}"
    # Where the ends are far from even, as those of a cost that cannot be negative, or of an R² that is at most 1, ±
    # would promise what cannot be.
    has_one_end = math.isfinite(measure.low) != math.isfinite(measure.high)
    is_even = not has_one_end or half <= LARGEST_HALF * abs(found.mean)
    # Less than the last digit shows is rounded up: there is doubt, however little.
    shown = half if round(half, places) or not half else 10.0**-places
    return _plain(shown, places) if is_even else "", ends


def interval(low: float, high: float, digits: int = 2) -> str:
    """Return the ends of an interval of a difference, "" where it has none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    places = min(_decimals(max(abs(low), abs(high)), digits=digits), DECIMAL_LIMIT)
    return f"{_with_sign(low, places)} to {_with_sign(high, places)}"


def signed(value: float, digits: int = 2) -> str:
    """Return a difference with its sign and so many digits."""
    if not math.isfinite(value):
        return ABSENT
    return _with_sign(value, _decimals(value, digits=digits))


def _with_sign(value: float, places: int) -> str:
    text = f"{value:+.2e}" if abs(value) >= LARGEST else f"{value:+,.{places}f}"
    return text.lstrip("+-") if _is_nothing(text) else text.replace("-", "−")


def significant(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, and no exponent where that stays short."""
    if not math.isfinite(value):
        return str(value)
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{_decimals(value, digits=digits)}f}"


def p_value(value: float) -> str:
    """Return a p-value with three decimals, `< 0.001` where they would say nothing."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def amount(value: float, unit: str) -> str:
    """Return a time or a size as people say it: `0.4 s`, `3 min`, `120 MB`."""
    if unit == "s" and value >= 120:
        return f"{value / 60:,.0f} min" if value < 7200 else f"{value / 3600:,.1f} h"
    if unit == "s" and 0 < value < 0.1:
        return f"{significant(1000 * value, 2)} ms"
    return f"{significant(value, 2)} {unit}".strip()


def ratio(value: float) -> str:
    """Return how many times as much something is: `12 ×`, `1.4 ×`."""
    return f"{value:,.0f} ×" if value >= 9.5 else f"{value:.1f} ×"


def variant(found: Mapping[str, Value]) -> str:
    """Return a variant as `training size = 100, noise = 0.2`."""
    return ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in found.items())


def join(words: Iterable[str], last: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} {last} {listed[-1]}" if listed else ""


def outcomes(found: Mapping[str, int]) -> str:
    """Return runs by status, e.g. `33 ok, 1 timeout`."""
    order = sorted(found, key=lambda status: (status != "ok", status))
    return ", ".join(f"{found[status]:,} {status}" for status in order)


def plural(count: int, noun: str) -> str:
    """Return `1 run`, `2 runs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def moment(text: str) -> str:
    """Return an ISO moment as people write it, with its time zone; anything else as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{when:%Y-%m-%d %H:%M} {when.tzname() or 'no time zone'}"
