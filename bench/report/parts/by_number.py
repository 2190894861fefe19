"""Draw the main score over a number that data sets differ in, such as the lag of a problem of memory."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.report.figures import Axis, Line, LineFigure
from bench.report.parts.variants import axis_of, ends_of, is_logarithmic
from bench.report.section import SectionData

__all__ = ["by_number"]

# Names such as adding-50 and adding-100. Two of them may end in a number by chance, as digits-0-4 and digits-5-9 do.
NUMBERED = re.compile(r"(.+)-(\d+)")
FEWEST = 3
SHARES = "Share of all runs, failed ones included, that reached the target on validation data."
MEANS = "Means with 95 % intervals; a point that is missing was not run or failed."


class _Place(NamedTuple):
    """The value of a model at one number, with the ends of its interval, None where it has none."""

    number: float
    value: float
    ends: tuple[float, float] | None = None


def by_number(sections: Sequence[tuple[str, SectionData]]) -> Iterator[LineFigure]:
    """Yield a figure for every task and protocol under which three data sets share a name up to the number at its end.

    sections: with what tells each from the others of its data set, "" where there is only one. Drawn is the share of
    runs that reached the target where there is one, else the main score. Sections of a protocol that varies something
    have figures of their own.
    """
    found: dict[tuple[str, str, str, str], dict[float, SectionData]] = defaultdict(dict)
    for title, section in sections:
        named = NUMBERED.fullmatch(section.dataset)
        if named and section.main is not None and not section.has_variants:
            found[named[1], title, section.task, section.protocol][float(named[2])] = section
    for number, ((name, title, task, protocol), each) in enumerate(found.items(), start=1):
        measures = {section.main.measure for section in each.values() if section.main is not None}
        if len(each) < FEWEST or len(measures) > 1:
            continue
        (measure,) = measures
        what = "runs that reached the target" if measure.is_target else measure.title
        if not (lines := tuple(_lines(each))):
            continue
        share = Axis("Share of runs", low=0.0, high=1.0, better="higher", is_share=True)
        yield LineFigure(
            key=f"by-number-{number}",
            title=f"{name}-…: {' · '.join(filter(None, (task, protocol, title)))}, {what}",
            x=Axis(f"Number in the name of {name}-…", is_log=is_logarithmic([*each])),
            y=share if measure.is_target else axis_of(measure),
            lines=lines,
            caption=SHARES if measure.is_target else MEANS,
        )


def _lines(sections: dict[float, SectionData]) -> Iterator[Line]:
    """Yield a line per model, where it has two points or more."""
    places: dict[str, list[_Place]] = defaultdict(list)
    for number, section in sorted(sections.items()):
        for label, place in _places(number, section):
            places[label].append(place)
    for label, found in places.items():
        if len(found) < 2:
            continue
        ends = [each.ends or (each.value, each.value) for each in found]
        yield Line(
            label,
            x=tuple(each.number for each in found),
            y=tuple(each.value for each in found),
            low=tuple(low for low, _ in ends),
            high=tuple(high for _, high in ends),
        )


def _places(number: float, section: SectionData) -> Iterator[tuple[str, _Place]]:
    for row in section.rows:
        summaries = [row.values[each.key] for each in section.mains if each.key in row.values]
        tried = sum(summary.tried for summary in summaries)
        if not tried:
            continue
        if section.mains[0].measure.is_target:
            yield row.label, _Place(number, sum(summary.count for summary in summaries) / tried)
        elif math.isfinite(summaries[0].mean):
            yield row.label, _Place(number, summaries[0].mean, ends_of(summaries[0]))
