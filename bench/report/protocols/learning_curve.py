"""Learning curves over the size of the training set: the lines, and which of them cross."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from bench.evidence import Observations, Pair, Standing, compare_each
from bench.record import RunRecord
from bench.report import text
from bench.report.figures import Axis, Figure
from bench.report.parts.variants import CAPTION, line_figure
from bench.report.protocols.effects import by_variant, margin_of
from bench.report.protocols.sizes import Sizes
from bench.report.section import ProtocolPart, SectionData, Variable

__all__ = ["part"]

CROSSING_LIMIT = 5
# More models than this are counted rather than named: the table has them.
LIST_LIMIT = 4


class Meeting(NamedTuple):
    """Two models compared at one size; failures: runs of either that failed there."""

    left: str
    right: str
    size: int
    pair: Pair
    failures: int


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    sizes = Sizes(section)
    told = [
        sentence
        for variable in section.mains
        for sentence in (*_crossings(section, variable, sizes), *_leaders(section, variable, sizes))
    ]
    return ProtocolPart((*told, *sizes.findings()), tuple(_figures(section, sizes)))


def _figures(section: SectionData, sizes: Sizes) -> Iterator[Figure]:
    """Draw the main score, then the training time, over the number of training samples."""
    caption = " ".join((CAPTION, *sizes.findings()))
    time = next((each for each in section.variables if each.measure.name == "train_seconds"), None)
    x = Axis("Training samples", low=0.0)
    quality = line_figure(
        section, section.main, key="training-size", title="Quality against training samples",
        x=x, place=sizes.place, caption=caption,
    )  # fmt: skip
    cost = line_figure(
        section, time, key="training-size-cost", title="Training time against training samples",
        x=x, place=sizes.place, y_title="Training time", caption=caption,
    )  # fmt: skip
    yield from (figure for figure in (quality, cost) if figure is not None)


def _crossings(section: SectionData, variable: Variable, sizes: Sizes) -> Iterator[str]:
    """Say which curves cross beyond noise, or that none is shown to."""
    met = _meetings(section, variable, sizes)
    curves: dict[tuple[str, str], list[Meeting]] = defaultdict(list)
    for each in met:
        curves[each.left, each.right].append(each)
    crossed = [sentence for meetings in curves.values() if (sentence := _crossing(meetings))]
    where = f" ({variable.words})" if variable.words else ""
    yield from (f"Curves that cross{where}: {sentence}" for sentence in crossed[:CROSSING_LIMIT])
    if len(crossed) > CROSSING_LIMIT:
        yield f"{len(crossed) - CROSSING_LIMIT} more pairs of curves cross{where}."
    if met and not crossed:
        labels = {label for pair in curves for label in pair}
        yield f"No two of {len(labels)} curves are shown to cross{where} ({_decided(met)})."


def _meetings(section: SectionData, variable: Variable, sizes: Sizes) -> list[Meeting]:
    """Compare every two models at every size that both have, corrected for the number of all these pairs."""
    questions: list[tuple[Observations, str, str]] = []
    asked: list[int] = []
    for size, models in sorted(_by_size(section, variable, sizes).items()):
        records = [record for runs in models.values() for record in runs]
        observed = section.observed(records, variable, lambda record: record.run.label)
        for left, right in combinations(models, 2):
            questions.append((observed, left, right))
            asked.append(size)
    pairs = compare_each(questions, margin=margin_of(section, variable))
    return [
        Meeting(left, right, size, pair, observed.failures(left) + observed.failures(right))
        for (observed, left, right), size, pair in zip(questions, asked, pairs, strict=True)
    ]


def _by_size(section: SectionData, variable: Variable, sizes: Sizes) -> dict[int, dict[str, list[RunRecord]]]:
    runs: dict[int, dict[str, list[RunRecord]]] = defaultdict(dict)
    for label, variants in by_variant(section, variable).items():
        for variant, records in variants:
            if (size := sizes.of(label, variant)) is not None:
                runs[int(size)][label] = records
    return runs


def _leaders(section: SectionData, variable: Variable, sizes: Sizes) -> Iterator[str]:
    """Say which models are best at the smallest and at the largest size."""
    found: dict[float, dict[str, Standing]] = defaultdict(dict)
    for row in section.rows:
        size, summary = sizes.place(row), row.values.get(variable.key)
        if size is not None and summary is not None and summary.standing not in (None, "distinguishable"):
            found[size][row.label] = summary.standing
    if len(found) > 1:
        where = f" ({variable.words})" if variable.words else ""
        smallest, largest = min(found), max(found)
        first, last = _group(found[smallest]), _group(found[largest])
        if first == last:
            yield f"Best{where} with {smallest:,.0f} as with {largest:,.0f} samples: {first}."
        else:
            yield f"Best{where} with {smallest:,.0f} samples: {first}; with {largest:,.0f}: {last}."


def _group(standings: Mapping[str, Standing]) -> str:
    """Return the models that none is shown to be better than, and whether they are equivalent."""
    is_equivalent = set(standings.values()) == {"best"}
    if len(standings) == 1:
        return next(iter(standings))
    labels = sorted(standings)
    if len(labels) > LIST_LIMIT:
        labels = [*labels[:LIST_LIMIT], f"{len(labels) - LIST_LIMIT} more"]
    return f"{text.join(labels)}, which are equivalent" if is_equivalent else f"{text.join(labels, 'or')} (not decided)"


def _crossing(met: Sequence[Meeting]) -> str:
    """Return where one curve is clearly better first and clearly worse later; "" where it is not."""
    clear = [(each.size, each.pair.better) for each in met if each.pair.better]
    for (small, first), (large, later) in pairwise(clear):
        if first != later:
            return f"{first} is better than {later} with {small:,} samples, {later} is better with {large:,}."
    return ""


def _decided(met: Sequence[Meeting]) -> str:
    """Return how many comparisons are decided, and how many are not since runs failed."""
    is_open = [each for each in met if each.pair.verdict == "open"]
    failed = sum(each.failures > 0 for each in is_open)
    told = f"{len(met) - len(is_open)} of {len(met)} comparisons at one size are decided"
    return f"{told}; {failed} cannot be, since runs failed" if failed else told
