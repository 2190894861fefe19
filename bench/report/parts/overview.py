"""Put models and data sets side by side: one table per measure, for every task and protocol."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from bench.report.blocks import Cell, Choice, Column, Row, Table
from bench.report.parts.table import filled, notes
from bench.report.section import SectionData, Variable

__all__ = ["overview"]

COSTS = ("train_seconds", "latency_p50", "peak_memory", "cuda_allocated", "parameters", "energy")
Titled = tuple[str, SectionData]


def overview(sections: Sequence[Titled]) -> list[Choice]:
    """Return for every task and protocol the models by data sets, the main score first.

    sections: with what tells each from the others of its data set, "" where there is only one. Sections of a protocol
    that varies something have tables of their own.
    """
    places: dict[tuple[str, str], list[Titled]] = defaultdict(list)
    for title, section in sections:
        if section.main is not None and not section.has_variants:
            places[section.task, section.protocol].append((title, section))
    protocols = {protocol for _, protocol in places}
    found = []
    for number, ((task, protocol), each) in enumerate(places.items(), start=1):
        name = f"{task} · {protocol}" if len(protocols) > 1 else task
        tables = _tables(each, f"overview-{number}", name)
        found.append(Choice(f"overview-{number}", name, tables))
    return found


def _tables(sections: Sequence[Titled], key: str, name: str) -> dict[str, Table]:
    labels = _ordered(sections)
    mains = [(title, section, section.mains) for title, section in sections]
    title = _common_title([variables[0] for _, _, variables in mains])
    found = {title: _table(mains, labels, f"{key}-main", f"{name}: {title}", is_main=True)}
    for cost in COSTS:
        columns = [
            (each, section, [variable for variable in section.variables if variable.measure.name == cost])
            for each, section in sections
        ]
        first = next((variables[0] for _, _, variables in columns if variables), None)
        if first is not None:
            found[first.measure.title] = _table(columns, labels, f"{key}-{cost}", f"{name}: {first.measure.title}")
    return found


def _common_title(variables: Sequence[Variable]) -> str:
    titles = {variable.measure.title for variable in variables}
    return titles.pop() if len(titles) == 1 else "Main score"


def _ordered(sections: Sequence[Titled]) -> list[str]:
    """Return the models by their mean place over the data sets that they were run on."""
    places: dict[str, list[float]] = defaultdict(list)
    families: dict[str, None] = {}
    for _, section in sections:
        scored = [row for row in section.rows if section.main is not None and section.main.key in row.values]
        families |= dict.fromkeys(row.label for row in section.rows)
        for number, row in enumerate(scored):
            places[row.label].append((number + 1) / len(scored))
    return sorted(families, key=lambda label: fmean(places[label]) if places[label] else math.inf)


def _table(
    columns: Sequence[tuple[str, SectionData, Sequence[Variable]]],
    labels: Sequence[str],
    key: str,
    title: str,
    *,
    is_main: bool = False,
) -> Table:
    heads = [Column("model", "Model", "model")]
    found: dict[str, Mapping[str, Cell]] = {}
    families = {label: family for _, section, _ in columns for label, family in section.families.items()}
    is_one = len({variable.measure.title for _, _, variables in columns for variable in variables}) == 1
    for number, (what, section, variables) in enumerate(columns):
        for variable in variables:
            measure = variable.measure
            under = ", ".join(filter(None, (what, variable.words, "" if is_one else measure.title)))
            head = Column(
                f"{number}.{variable.key}", section.dataset, measure.kind, measure.unit, measure.better, under,
                measure=measure.name,
            )  # fmt: skip
            heads.append(head)
            cells = filled(section, variable)
            found[head.key] = {row.label: cell for row, cell in zip(section.rows, cells, strict=True)}
    rows = tuple(
        Row(
            {"model": Cell(label)}
            | {name: each[label] for name, each in found.items() if label in each and not each[label].is_absent},
            label,
            families[label],
        )
        for label in labels
    )
    told = " Each column stands for itself." if is_main else ""
    caption = f"{title}, by data set; ± is half of the 95 % interval.{told}"
    used = notes(cell for each in found.values() for cell in each.values())
    return Table(key, title, caption, tuple(heads), rows, used)
