"""The outcome of `bench compare` as lines of text."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from bench.compare import OUTCOMES, Change, Differences, Outcome, Place
from bench.report.numbers.conditions import listed
from bench.report.numbers.grouping import flatten
from bench.report.text import plural

__all__ = ["comparison"]

SHOWN: tuple[tuple[Outcome, str, str], ...] = (
    ("worse", "Worse", "red"),
    ("better", "Better", "green"),
    ("equivalent", "Equivalent: the difference is within the margin", ""),
    ("unchanged", "Unchanged: the same in every pair of runs", ""),
    ("open", "Open: not decided", ""),
)
HEADS = ("", "A", "B", "B − A", "95 % interval", "p", "runs", "over")
ABSENT = "–"
# Sentences on what verdicts speak of; more of them differ in their numbers alone, and JSON has each.
SCOPE_LIMIT = 6
LEAST_P_VALUE = 1e-4


def comparison(found: Differences) -> Iterator[Text]:
    """Yield the lines; names of models and errors are never read as markup."""
    places = [*(each.place for each in found.changes), *(each.place for each in found.unpaired)]
    common = _common([place.words for place in places])
    names = _names(places, len(common))
    yield Text(f"{found.a} → {found.b}", "bold")
    if common:
        yield Text(f"All of it: {' · '.join(common)}")
    for outcome, title, style in SHOWN:
        if changes := found.of(outcome):
            yield from _listing(changes, title, style, names)
    yield from _apart(found, names)
    yield Text()
    yield from (Text(f"Environments differ. {sentence}", "yellow") for sentence in found.environments)
    if any(change.is_across_environments and change.evidence for change in found.changes):
        yield Text("Rows marked * compare quality across environments.", "yellow")
    yield from (Text(f"Note: {warning}", "yellow") for warning in found.warnings)
    if found.changed:
        yield Text(f"Changed from A to B: {', '.join(found.changed)}.")
    yield from _rules(found)


def _common(places: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the words that every place begins with, so that they are said once."""
    shared: list[str] = []
    for words in zip(*places, strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    # One word of each place stays, so that no row is left without a name.
    return tuple(shared[: min(map(len, places), default=1) - 1])


def _names(places: Sequence[Place], known: int) -> dict[Place, str]:
    """Return what a place is called: the words behind those that all begin with, and the settings by which it differs
    from others that are alike in all else.
    """
    namesakes: dict[Place, dict[Place, dict[str, str]]] = defaultdict(dict)
    for place in places:
        namesakes[place.loose][place] = flatten(json.loads(place.settings))
    found = {}
    for each in namesakes.values():
        names = sorted({name for settings in each.values() for name in settings})
        differing = [name for name in names if len({settings.get(name) for settings in each.values()}) > 1]
        for place, settings in each.items():
            told = ", ".join(f"{name} {settings.get(name, 'unset')}" for name in differing)
            found[place] = " · ".join(filter(None, (*place.words[known:], told)))
    return found


def _listing(changes: Sequence[Change], title: str, style: str, names: Mapping[Place, str]) -> Iterator[Text]:
    """Yield a line for each cell and under it one for each measure: a name is longer than any column could be."""
    rows = [_row(change) for change in changes]
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    yield Text(f"\n{title}", f"bold {style}".strip())
    yield Text(_aligned(HEADS, widths), "dim")
    before = None
    for change, row in zip(changes, rows, strict=True):
        if change.place != before:
            yield Text(names[change.place], style)
        before = change.place
        told = "; ".join(filter(None, (change.reason, change.remedy and f"needs {change.remedy}")))
        yield Text.assemble(_aligned(row, widths), (f"  {told}" if told else "", "dim"))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest, last = row
    cells = (text.rjust(width) for text, width in zip(rest, widths[1:-1], strict=True))
    return "  ".join(("", first.ljust(widths[0]), *cells, last))


def _row(change: Change) -> tuple[str, ...]:
    unit = f", {change.measure.unit}" if change.measure.unit else ""
    relative = f" ({change.relative:+.0%})" if change.relative is not None and change.measure.kind != "score" else ""
    pair = change.evidence
    has_interval = pair is not None and math.isfinite(pair.high - pair.low)
    return (
        f"{change.measure.title}{unit}{' *' if change.is_across_environments else ''}",
        ABSENT if change.a_mean is None else f"{change.a_mean:,.4g}",
        ABSENT if change.b_mean is None else f"{change.b_mean:,.4g}",
        f"{_signed(change.difference)}{relative}",
        f"{_signed(pair.low)} to {_signed(pair.high)}" if pair and has_interval else ABSENT,
        _p_value(pair.p_adjusted) if pair and has_interval else ABSENT,
        str(change.count),
        _over(change),
    )


def _over(change: Change) -> str:
    """Return what was counted: every run of a cost, whatever its seed and split."""
    if change.evidence is None:
        return "counted"
    is_cost = change.measure.kind != "score" or change.measure.unit == "s"
    basis = change.evidence.basis
    return ABSENT if basis == "nothing" else "runs" if is_cost else basis


def _signed(value: float | None) -> str:
    return ABSENT if value is None else f"{value:+,.3g}"


def _p_value(value: float) -> str:
    return f"{value:.2g}" if value >= LEAST_P_VALUE else "< 0.0001"


def _apart(found: Differences, names: Mapping[Place, str]) -> Iterator[Text]:
    """Say what could not be compared, each reason once and under it every cell by its name."""
    reasons: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for change in found.of("other environment", "not comparable"):
        words = f"other environment: {change.reason}" if change.outcome == "other environment" else change.reason
        reasons[words][names[change.place]].append(change.measure.title)
    for each in found.unpaired:
        which = listed(each.repetitions) if each.repetitions else ""
        reasons[each.reason][names[each.place]].append("" if which in each.reason else which)
    if reasons:
        yield Text("\nCannot be compared", "bold")
    for reason, cells in reasons.items():
        yield Text(f"{reason[:1].upper()}{reason[1:]}:")
        for name, parts in cells.items():
            told = ", ".join(dict.fromkeys(filter(None, parts)))
            yield Text(f"  {name}{f': {told}' if told else ''}")


def _rules(found: Differences) -> Iterator[Text]:
    counted = ", ".join(f"{found.counts[outcome]} {outcome}" for outcome in OUTCOMES if found.counts[outcome])
    cells = sum(not each.repetitions for each in found.unpaired)
    runs = sum(len(each.repetitions) for each in found.unpaired)
    alone = f"; {plural(cells, 'cell')} without a partner" if cells else ""
    lost = f"; {plural(runs, 'run')} left out of cells that are compared" if runs else ""
    yield Text(f"{counted or 'Nothing in common'}{alone}{lost}.", "bold")
    told = dict.fromkeys((_over(change), change.scope) for change in found.changes if change.evidence)
    scopes = [scope if over == ABSENT else f"Over {over}: {scope}" for over, scope in told]
    yield from (Text(sentence, "dim") for sentence in scopes[:SCOPE_LIMIT])
    if len(scopes) > SCOPE_LIMIT:
        yield Text(f"{len(scopes) - SCOPE_LIMIT} more such sentences, with other numbers, are in --json.", "dim")
    if any(change.remedy for change in found.changes):
        yield Text("What an open one needs decides it four times in five, if it is as large as it now seems.", "dim")
    yield Text(
        f"Among all cells and measures together, a false claim in at most {100 * found.level:g} % of comparisons (p "
        f"after Holm); intervals are of one difference alone. Margins: {', '.join(found.margins)}.",
        "dim",
    )
