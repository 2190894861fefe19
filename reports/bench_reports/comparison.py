"""The outcome of `bench compare` as a terminal shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.report.compare import Change, Differences, Place, Verdict, differing_settings
from bench.report.repetition import listed
from bench_reports.words import ABSENT, plural

__all__ = ["comparison"]

SHOWN: tuple[tuple[Verdict, str, str], ...] = (
    ("worse", "Worse", "red"),
    ("better", "Better", "green"),
    ("within noise", "Within noise", ""),
    ("too few runs", "Too few runs to decide", ""),
)
APART: tuple[Verdict, ...] = ("other environment", "not comparable")
HEADS = ("", "A", "B", "B − A", "95 % interval", "p", "runs")
# More cells than this are counted rather than named.
LIST_LIMIT = 3
LEAST_P_VALUE = 1e-4


def comparison(found: Differences) -> RenderableType:
    """Return what a terminal shows; names of models and errors are never read as markup."""
    places = [change.place.words for change in found.changes]
    common = _common([*places, *(each.place.words for each in found.unpaired)])
    names = _names([change.place for change in found.changes] + [each.place for each in found.unpaired], len(common))
    parts: list[RenderableType] = [Text(f"{found.a} → {found.b}", "bold")]
    parts += [Text(f"All of it: {' · '.join(common)}")] if common else []
    for verdict, title, style in SHOWN:
        changes = found.of(verdict)
        parts += _listing(changes, title, style, names) if changes else ()
    parts += [*_apart(found, names), Text()]
    parts += [Text(f"Environments differ. {sentence}", "yellow") for sentence in found.environments]
    if any(change.is_across_environments and change.p_value is not None for change in found.changes):
        parts.append(Text("Rows marked * compare quality across environments.", "yellow"))
    parts += [Text(f"Note: {warning}", "yellow") for warning in found.warnings]
    if found.changed:
        parts.append(Text(f"Changed from A to B: {', '.join(found.changed)}."))
    return Group(*parts, *_rules(found))


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
    """Return what a place is called: the words behind those that all begin with, and its settings where it has
    namesakes that differ in nothing else.
    """
    settings = differing_settings(places)
    return {place: " · ".join(filter(None, (*place.words[known:], settings[place]))) for place in settings}


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
        yield Text.assemble(_aligned(row, widths), (f"  {change.reason}" if change.reason else "", "dim"))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = row
    cells = (text.rjust(width) for text, width in zip(rest, widths[1:], strict=True))
    return "  ".join(("", first.ljust(widths[0]), *cells))


def _row(change: Change) -> tuple[str, ...]:
    unit = f", {change.measure.unit}" if change.measure.unit else ""
    relative = f" ({change.relative:+.0%})" if change.relative is not None and change.measure.kind != "score" else ""
    return (
        f"{change.measure.title}{unit}{' *' if change.is_across_environments else ''}",
        ABSENT if change.a_mean is None else f"{change.a_mean:,.4g}",
        ABSENT if change.b_mean is None else f"{change.b_mean:,.4g}",
        f"{_signed(change.difference)}{relative}",
        ABSENT if math.isnan(change.low) else f"{_signed(change.low)} to {_signed(change.high)}",
        _p_value(change.corrected_p_value),
        str(change.count),
    )


def _signed(value: float) -> str:
    return f"{value:+,.3g}" if math.isfinite(value) else ABSENT


def _p_value(value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"{value:.2g}" if value >= LEAST_P_VALUE else "< 0.0001"


def _apart(found: Differences, names: Mapping[Place, str]) -> Iterator[Table]:
    """Say what could not be compared, each reason once."""
    reasons: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for change in found.of(*APART):
        told = (change.measure.title, names[change.place])
        reasons.setdefault((change.verdict, change.reason), []).append(told)
    for each in found.unpaired:
        what = listed(each.repetitions) if each.repetitions else "everything"
        reasons.setdefault(("not comparable", each.reason), []).append((what, names[each.place]))
    if not reasons:
        return
    table = Table(title=Text("\nCannot be compared", "bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("Why", "Measure", "What"):
        table.add_column(name, overflow="fold")
    for (verdict, reason), places in reasons.items():
        words = f"{verdict}: {reason}" if verdict == "other environment" else reason
        table.add_row(
            Text(words), Text(_listed(title for title, _ in places)), Text(_cells(name for _, name in places))
        )
    yield table


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _cells(names: Iterable[str]) -> str:
    different = list(dict.fromkeys(names))
    return "\n".join(different) if len(different) <= LIST_LIMIT else plural(len(different), "cell")


def _rules(found: Differences) -> Iterator[Text]:
    order = [*(verdict for verdict, _, _ in SHOWN), *APART]
    counted = ", ".join(f"{found.counts[verdict]} {verdict}" for verdict in order if found.counts[verdict])
    cells = sum(not each.repetitions for each in found.unpaired)
    runs = sum(len(each.repetitions) for each in found.unpaired)
    alone = f"; {plural(cells, 'cell')} without a partner" if cells else ""
    lost = f"; {plural(runs, 'run')} left out of cells that are compared" if runs else ""
    yield Text(f"{counted or 'Nothing in common'}{alone}{lost}.", "bold")
    yield Text(
        f"t tests paired by seed and split (Wilcoxon where runs failed), Holm-corrected, {found.alpha:.0%} level; "
        f"intervals are not corrected. Margins: {', '.join(found.margins)}; equivalent: within them by two "
        "one-sided tests.",
        "dim",
    )
    yield from (Text(f"{sentence}.", "dim") for sentence in found.power)
