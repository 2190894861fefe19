"""Tuned: against the untuned runs of the same models under the same budget, with what tuning cost."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from bench.evidence import score_interval
from bench.record import RunRecord
from bench.report import text
from bench.report.blocks import Cell, Column, Row, Table
from bench.report.figures import Dot, DotFigure, Figure
from bench.report.numbers.grouping import canonical
from bench.report.parts.plots import learning_curves
from bench.report.parts.variants import axis_of, dot_of
from bench.report.protocols.effects import WALL_TIME, Change, Told, by_variant, numbered, told
from bench.report.protocols.tuning import TUNED, UNTUNED, quality_against_spent, search_figure
from bench.report.section import ProtocolPart, SectionData, Variable

__all__ = ["part"]

UNTUNED_PROTOCOL = "fixed-budget"
BUDGET = ("epochs", "steps", "seconds", "batch_size", "learning_rate", "schedule", "patience", "evaluations")
CAPTION = (
    "Means on test data with 95 % intervals. Untuned: the fixed-budget runs with the budget of one trial and the "
    "suite's setting."
)


def part(section: SectionData) -> ProtocolPart:
    """Return what this protocol adds to its sections."""
    untuned = _untuned(section)
    gains = {variable.key: list(_gain(section, variable, untuned)) for variable in section.mains}
    findings = [
        sentence
        for variable in section.mains
        for sentence in ([each.sentence for each in gains[variable.key]] or [_nothing(section, variable, untuned)])
    ]
    findings += [text for words, records in section.clocked() for text in _costs(section, words, records)]
    tables = [each.table for found in gains.values() for each in found]
    blocks = (*tables, *_settings(section), *learning_curves(section))
    return ProtocolPart(tuple(findings), tuple(_figures(section, untuned)), blocks)


def _figures(section: SectionData, untuned: Sequence[RunRecord]) -> Iterator[Figure]:
    """Draw tuned beside untuned, quality against all the time spent, and the search itself."""
    for variable in section.mains:
        yield from _against_untuned(section, variable, untuned)
        yield from quality_against_spent(section, variable, untuned)
    yield from search_figure(section)


def _budget(record: RunRecord) -> str:
    settings: Mapping[str, Any] = record.run.settings.get("protocol", {})
    return canonical([{name: settings.get(name) for name in BUDGET}, record.run.settings.get("task")])


def _untuned(section: SectionData) -> list[RunRecord]:
    """Return the models' untuned runs, failed ones included, under the budget that each trial had; with another budget
    they would prove nothing.
    """
    budgets = {_budget(record) for record in section.records}
    labels = section.families
    return [each for each in _siblings(section) if _budget(each) in budgets and each.run.label in labels]


def _siblings(section: SectionData) -> list[RunRecord]:
    runs = (*section.siblings, *section.failed_siblings)
    return [each for each in runs if each.run.protocol == UNTUNED_PROTOCOL]


def _gain(section: SectionData, variable: Variable, untuned: Sequence[RunRecord]) -> Iterator[Told]:
    """Say what tuning gained; nothing where there are no untuned runs that ended well."""
    if not any(each.is_ok and variable.condition.holds(each) for each in untuned):
        return
    before = by_variant(section, variable, untuned)
    changes = [
        Change(label, "", before[label][0][1], variants[0][1])
        for label, variants in by_variant(section, variable).items()
        if label in before
    ]
    yield from told(section, variable, "tuning", "Tuned against untuned", "from untuned to tuned", changes)


def _nothing(section: SectionData, variable: Variable, untuned: Sequence[RunRecord]) -> str:
    where = f" ({variable.words})" if variable.words else ""
    if untuned:
        why = f"no {UNTUNED_PROTOCOL} run of these models ended well"
    elif not _siblings(section):
        why = f"no {UNTUNED_PROTOCOL} runs of this data set are in the report"
    else:
        why = f"the {UNTUNED_PROTOCOL} runs of this data set are of other models or had another budget"
    return f"Tuned is compared with nothing{where}: {why}."


def _against_untuned(section: SectionData, variable: Variable, untuned: Sequence[RunRecord]) -> Iterator[DotFigure]:
    before = dict(_untuned_dots(section, variable, untuned))
    if not before:
        return
    dots: list[Dot] = []
    for row in section.rows:
        both = (before.get(row.label), dot_of(row, variable, TUNED))
        dots += [dot for dot in both if dot is not None]
    title = ", ".join(word for word in ("Tuned and untuned", variable.words) if word)
    key = numbered("tuned", section, variable)
    yield DotFigure(key, title, axis_of(variable.measure), tuple(dots), CAPTION, is_joined=True)


def _untuned_dots(section: SectionData, variable: Variable, untuned: Sequence[RunRecord]) -> Iterator[tuple[str, Dot]]:
    observed = section.observed(untuned, variable, lambda record: record.run.label)
    for label in observed.models:
        found = score_interval(observed, label)
        if math.isfinite(found.score):
            ends = (found.low, found.high) if math.isfinite(found.low) else None
            note = f"{found.runs} of {found.runs + found.failed} runs" if found.failed else ""
            yield label, Dot(label, found.score, ends, UNTUNED, note)


def _costs(section: SectionData, words: str, records: Sequence[RunRecord]) -> Iterator[str]:
    """Say what tuning cost beside the training seconds."""
    costs = []
    for label in section.families:
        runs = [each for each in records if each.run.label == label]
        seconds = [value for run in runs if (value := run.score("tuning_seconds")) is not None]
        if seconds:
            trials = sorted({len(run.details.get("trials", ())) for run in runs})
            costs.append(f"{label} {text.amount(fmean(seconds), 's')} for {'/'.join(map(str, trials))} trials")
    if costs:
        where = f", {words}" if words else ""
        yield f"Tuning cost ({WALL_TIME}), not in the training times{where}: {'; '.join(costs)}."


def _settings(section: SectionData) -> Iterator[Table]:
    """List the best settings of each model, each once with the number of runs that found it."""
    found: dict[tuple[str, str], list[RunRecord]] = defaultdict(list)
    for record in section.records:
        best = record.details.get("best")
        if isinstance(best, Mapping) and best:
            words = ", ".join(f"{name} {_short(value)}" for name, value in best.items())
            found[record.run.label, words].append(record)
    rows = tuple(
        _setting_row(words, label, runs)
        for wanted in section.families
        for (label, words), runs in found.items()
        if label == wanted
    )
    if rows:
        columns = (
            Column("model", "Model", "model"),
            Column("setting", "Best setting"),
            Column("runs", "Runs", "count"),
        )
        caption = "The settings that the search chose on validation data, and how many runs chose each."
        yield Table("settings", "Settings found", caption, columns, rows, is_folded=True)


def _setting_row(words: str, label: str, runs: Sequence[RunRecord]) -> Row:
    cells = {"model": Cell(label), "setting": Cell(words), "runs": Cell(f"{len(runs)}", float(len(runs)))}
    return Row(cells, label, runs[0].run.family)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
