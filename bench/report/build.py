"""Build the report from records: what may be compared, what can be told apart, what failed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import bench
from bench.plugins import Offer, discover
from bench.record import Environment, RunRecord
from bench.report import machines
from bench.report.failures import failures, inapplicable, is_inapplicable
from bench.report.grouping import Group, data_versions, flatten, group, newest
from bench.report.measures import is_rescored, score_title
from bench.report.objective import main_score
from bench.report.parts import part_of
from bench.report.ranks import ranks
from bench.report.repeats import repeats
from bench.report.repetition import Repetition, split_count
from bench.report.samples import Artifacts, sample_wall
from bench.report.section_data import SectionData
from bench.report.table import Table
from bench.report.tree import Column, Report, Section
from bench.specs import ProtocolSpec

__all__ = ["build_report"]


def build_report(
    records: Iterable[RunRecord],
    environments: Mapping[str, Environment],
    artifacts: Artifacts,
    *,
    title: str,
    command: str,
    attempts: Iterable[RunRecord] | None = None,
    planned: int | None = None,
    protocols: Mapping[str, Offer[ProtocolSpec]] | None = None,
) -> Report:
    """Return the report on any records, of a finished suite or of one that was stopped half-way.

    environments: by id, as the store has them. artifacts: returns the bytes of a record's artifact by name, and
    raises StoreError where there are none. command: what a reader types to get the report again. attempts: all of the
    store's, for the report to say which models repeat bit for bit; without them it says nothing of it. planned: how
    many runs the suites consist of, for it to say how many are still to be made. protocols: those that may add a part
    of their own, all that are installed by default.
    """
    listed = list(records)
    installed = discover().protocols if protocols is None else protocols
    groups = [newest(each) for each in group(listed)]
    # What two suites list, or one under two labels, was made once.
    known = list({record.run.run_id: record for record in listed}.values())
    names = machines.machine_names(known)
    titles, reasons = _titles(groups), list(inapplicable(groups))
    moments = sorted([record.started_at for record in known] + [record.finished_at for record in known])
    return Report(
        title=title,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=bench.__version__,
        command=command,
        sections=tuple(
            _section(each, each_title, f"section-{number}", names, artifacts, _siblings(each, groups), installed, why)
            for number, (each, each_title, why) in enumerate(zip(groups, titles, reasons, strict=True), start=1)
        ),
        machines=machines.machines(known, environments),
        versions=machines.versions(known),
        outcomes=dict(Counter(record.status for record in known)),
        period=(moments[0], moments[-1]) if moments else ("", ""),
        warnings=(*machines.warnings(known, names), *machines.busy(known, environments)),
        ranks=ranks(groups),
        repeats=() if attempts is None else repeats(listed, attempts),
        planned=planned,
    )


def _siblings(group: Group, groups: Iterable[Group]) -> list[RunRecord]:
    """Return the records of other sections that ask the same of the same data set."""
    return [
        record
        for other in groups
        if other is not group and (other.dataset, other.task) == (group.dataset, group.task)
        for record in other.records
    ]


def _section(
    group: Group,
    title: str,
    key: str,
    names: Mapping[str, str],
    artifacts: Artifacts,
    siblings: Sequence[RunRecord],
    protocols: Mapping[str, Offer[ProtocolSpec]],
    unfit: Sequence[str],
) -> Section:
    main = main_score(group.records)
    table = Table(group.records, names, main)
    rows = table.rows()
    section = SectionData(
        protocol=group.protocol,
        main_score=main,
        records=[record for record in group.records if record.is_ok],
        columns=table.columns,
        rows=rows,
        conditions=table.conditions,
        failed=[record for record in group.records if not record.is_ok and not is_inapplicable(record)],
        siblings=[record for record in siblings if record.is_ok],
        failed_siblings=[record for record in siblings if not record.is_ok and not is_inapplicable(record)],
    )
    own = part_of(section, protocols)
    return Section(
        key=key,
        title=title,
        dataset=group.dataset,
        task=group.task,
        protocol=group.protocol,
        main_score=main,
        settings=tuple(flatten(group.settings).items()),
        columns=table.columns,
        rows=rows,
        findings=(*own.findings, *table.findings()),
        figures=own.figures,
        samples=sample_wall(group.records, [row.label for row in rows], artifacts, main),
        failures=failures(group.records, title),
        warnings=machines.warnings(group.records, names),
        notes=(*_metric_notes(table.columns), *_notes(group), *unfit, *own.notes),
    )


def _metric_notes(columns: Sequence[Column]) -> list[str]:
    """Return what a metric was computed with, where it says so: its extractor, its numbers of samples."""
    said: dict[str, dict[str, None]] = defaultdict(dict)
    for measure in (column.measure for column in columns if column.measure.detail):
        said[", ".join(f"{name} {value}" for name, value in measure.detail)][measure.title] = None
    return [f"{', '.join(titles)}: {detail}" for detail, titles in said.items()]


def _notes(group: Group) -> tuple[str, ...]:
    """Return what runs wished to say, each sentence once, and which older runs were left out."""
    said: dict[str, dict[str, None]] = defaultdict(dict)
    for record in group.records:
        for note in record.notes:
            said[note][record.run.label] = None
    notes = [f"{', '.join(labels)}: {note}" for note, labels in said.items()]
    notes += [
        f"{label}: {count} older run{'s' if count != 1 else ''} with another version, code or setting left out."
        for label, count in group.superseded.items()
    ]
    return (*notes, *_rescored_notes(group), *_data_notes(group))


def _rescored_notes(group: Group) -> Iterator[str]:
    """Say which scores were computed from kept answers after the run, and whose where not everybody's were."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for record in group.records:
        for score in record.scores:
            if is_rescored(score):
                found[score_title(score.name, [score])][record.run.label] = None
    labels = {record.run.label for record in group.records if record.scores}
    for title, rescored in found.items():
        whose = "" if set(rescored) == labels else f" ({', '.join(rescored)})"
        yield f"{title}{whose}: computed after the runs, from the answers they kept."


def _data_notes(group: Group) -> Iterator[str]:
    """Say where models met different versions of the data set, and that intervals over resplits are too narrow."""
    versions = data_versions(group)
    if len(versions) > 1:
        told = "; ".join(", ".join(labels) for labels in versions.values())
        yield (
            f"The files of {group.dataset} changed between runs, so that these models were not trained on the same "
            f"data: {told}. Run the suite again to compare them."
        )
    if split_count(map(Repetition.of, group.records)) > 1:
        yield (
            "Runs differ in their split of the data. Splits share samples, so that intervals over them are narrower "
            "than those over new data would be."
        )


def _titles(groups: Sequence[Group]) -> list[str]:
    """Name each section by data set, task and protocol, and by the settings that tell it from its namesakes."""
    namesakes: dict[tuple[str, str, str], list[Group]] = defaultdict(list)
    for each in groups:
        namesakes[each.heading].append(each)
    return [_title(each, namesakes[each.heading]) for each in groups]


def _title(group: Group, namesakes: Sequence[Group]) -> str:
    title = " · ".join(group.heading)
    if len(namesakes) == 1:
        return title
    flat = [flatten(each.settings) for each in namesakes]
    own = flatten(group.settings)
    names = sorted({name for each in flat for name in each})
    differing = [f"{name}={own.get(name, 'unset')}" for name in names if len({each.get(name) for each in flat}) > 1]
    return f"{title} ({', '.join(differing)})"
