"""Build the report from records: group them, analyse each group, and put what was found into blocks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import bench
from bench.evidence import SampleScores
from bench.plugins import Offer, discover
from bench.record import Environment, RunRecord
from bench.report import text
from bench.report.blocks import Block, Comparison, Model, Prose, Report, Section, family_place
from bench.report.numbers.analysis import analyse
from bench.report.numbers.grouping import Group, canonical, flatten, group, newest
from bench.report.numbers.judged import Rules
from bench.report.offered import Found, part_of
from bench.report.parts import machines
from bench.report.parts.about import about
from bench.report.parts.answers import Answer
from bench.report.parts.by_number import by_number
from bench.report.parts.datafacts import data_block
from bench.report.parts.gallery import Artifacts, sample_gallery
from bench.report.parts.methods import Offers, methods
from bench.report.parts.only_deep import Inputs, only_deep_blocks
from bench.report.parts.overview import overview
from bench.report.parts.predictions import prediction_blocks
from bench.report.parts.ranks import rank_blocks
from bench.report.parts.run_notes import run_notes
from bench.report.parts.runs import inapplicable
from bench.report.parts.table import comparison_table, comparisons, model_table, pivots, scope
from bench.report.section import SectionData
from bench.specs import ProtocolSpec

__all__ = ["Source", "build_report"]


@dataclass(frozen=True)
class Source:
    """Where a report reads what is not in the records; None where it does without.

    artifacts: returns the bytes of a record's artifact by name, and raises StoreError where there are none.
    samples: reads kept answers. inputs: returns the images of a run's test part, None where they are not at hand.
    protocols: those that may add a part of their own. offers: what is known of models, data sets and protocols. Both
    are those of all installed plugins by default.
    """

    artifacts: Artifacts | None = None
    samples: SampleScores | None = None
    inputs: Inputs | None = None
    protocols: Mapping[str, Offer[ProtocolSpec]] | None = None
    offers: Offers | None = None


LOOKED = (
    "Seeds were added until pairs were decided: verdicts on scores also hold by a test that is valid however often one "
    "looks."
)


@dataclass(frozen=True)
class _Part:
    """A group with its title, what it allows to say, what its protocol adds, why models do not apply to it,
    and whether seeds were added to it until something was decided."""

    key: str
    title: str
    group: Group
    data: SectionData
    own: Found
    unfit: Sequence[str]
    is_sequential: bool

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """What was found: which models are best, or where the protocol varies what is asked, what it says itself."""
        return Answer(self.data).sentences() or self.own.findings


def build_report(
    records: Iterable[RunRecord],
    environments: Mapping[str, Environment],
    source: Source = Source(),
    *,
    title: str,
    command: str,
    attempts: Iterable[RunRecord] | None = None,
    planned: int | None = None,
    margin: float | None = None,
    sequential: Collection[str] = (),
) -> Report:
    """Return the report on any records, of a finished suite or of one that was stopped half-way.

    environments: by id, as the store has them. command: what a reader types to get the report again. attempts: all of
    the store's, for the report to say which models repeat bit for bit; without them it says nothing of it. planned: how
    many runs the suites consist of, for it to say how many are still to be made. margin: of equivalence, in the unit of
    the main scores. sequential: suites to which seeds were added until something was decided.
    """
    listed = list(records)
    if source.offers is None or source.protocols is None:
        plugins = discover()
        source = replace(
            source, offers=source.offers or Offers.of(plugins), protocols=source.protocols or plugins.protocols
        )
    groups = [newest(each) for each in group(listed)]
    # What two suites list, or one under two labels, was made once.
    known = list({record.run.run_id: record for record in listed}.values())
    names = machines.machine_names(known)
    parts = list(_parts(groups, names, source, margin, sequential))
    moments = sorted([record.started_at for record in known] + [record.finished_at for record in known])
    return Report(
        title=title,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=bench.__version__,
        command=command,
        sections=(
            *_sections(parts, source),
            *_methods(parts, environments, source),
            *about([(part.title, part.group.records) for part in parts], known, environments, attempts),
        ),
        models=_models(parts),
        comparisons=tuple(_comparisons(parts)),
        outcomes=dict(Counter(record.status for record in known)),
        period=(moments[0], moments[-1]) if moments else ("", ""),
        warnings=(
            *machines.warnings(known, names),
            *machines.busy(known, environments),
            *(() if source.samples is None else source.samples.problems),
        ),
        planned=planned,
    )


def _parts(
    groups: Sequence[Group],
    names: Mapping[str, str],
    source: Source,
    margin: float | None,
    sequential: Collection[str],
) -> Iterator[_Part]:
    titles = _titles(groups)
    for each, title, key, unfit in zip(groups, titles, _keys(titles), inapplicable(groups), strict=True):
        rules = Rules(margin, any(record.run.suite in sequential for record in each.records))
        data = analyse(each, names, _siblings(each, groups), source.samples, rules)
        yield _Part(key, title, each, data, part_of(data, source.protocols or {}, key), unfit, rules.is_sequential)


def _sections(parts: Sequence[_Part], source: Source) -> Iterator[Section]:
    answers = [block for part in parts for block in _answer(part)]
    if answers:
        yield Section("answers", "What was found", tuple(answers), "answers")
    titled = [(_distinct(part, parts), part.data) for part in parts]
    tables = overview(titled)
    if len(parts) > 1 and tables:
        yield Section("overview", "Models by data set", (*tables, *by_number(titled)), "across")
    if ranked := rank_blocks([(canonical(part.group.settings), part.data) for part in parts]):
        yield Section("ranks", "Ranks over data sets", tuple(ranked), "across")
    for part in parts:
        yield Section(
            part.key, part.title, tuple(_blocks(part, source)), "results", dataset=part.group.dataset,
            task=part.group.task, protocol=part.group.protocol, settings=flatten(part.group.settings),
        )  # fmt: skip


def _methods(parts: Sequence[_Part], environments: Mapping[str, Environment], source: Source) -> Iterator[Section]:
    found = methods([part.data for part in parts], environments, source.offers or Offers())
    if found:
        yield Section("methods", "Methods", found, "about")


def _answer(part: _Part) -> Iterator[Prose]:
    """Yield the answer of a section, with the reason to doubt it where its order may be a matter of budget."""
    if part.answers:
        yield Prose((*part.answers, *part.own.warnings), "answer", part.title, is_list=True)


def _distinct(part: _Part, parts: Sequence[_Part]) -> str:
    """Return what tells a section from those of the same data set, task and protocol, "" where it is the only one."""
    return _differing(part.group, [each.group for each in parts if each.group.heading == part.group.heading])


def _blocks(part: _Part, source: Source) -> Iterator[Block]:
    data, own = part.data, part.own
    if sentences := part.answers:
        yield Prose(sentences, "answer", is_list=True)
    if told := scope(data):
        yield Prose((told, *([LOOKED] if part.is_sequential else ())), "scope")
    if own.warnings:
        yield Prose(own.warnings, "warning", is_list=True)
    if own.findings and own.findings != part.answers:
        yield Prose(own.findings, "text", is_list=True)
    pivoted = pivots(data, f"{part.key}-variants", part.title)
    if pivoted is not None:
        yield pivoted
    yield model_table(data, f"{part.key}-table", part.title, is_folded=pivoted is not None)
    if (pairs := comparison_table(data, f"{part.key}-pairs")) is not None:
        yield pairs
    arrays = None if source.samples is None else source.samples.arrays
    if (about_data := data_block(data, (source.offers or Offers()).datasets, arrays)) is not None:
        yield about_data
    yield from own.figures
    yield from own.blocks
    yield from _pictures(part, source)
    notes = (*run_notes(part.group), *part.unfit, *own.notes)
    if notes:
        yield Prose(tuple(notes), "note", is_list=True)


def _pictures(part: _Part, source: Source) -> Iterator[Block]:
    """Yield what kept answers and artifacts show."""
    arrays = None if source.samples is None else source.samples.arrays
    if arrays is not None:
        yield from prediction_blocks(part.data, arrays, f"{part.key}-predictions")
        yield from only_deep_blocks(part.data, arrays, f"{part.key}-samples", source.inputs)
    if source.artifacts is not None:
        gallery = sample_gallery(part.data, source.artifacts, arrays, f"{part.key}-gallery")
        yield from () if gallery is None else (gallery,)


def _comparisons(parts: Sequence[_Part]) -> Iterator[Comparison]:
    for part in parts:
        yield from comparisons(part.data, flatten(part.group.settings))


def _models(parts: Sequence[_Part]) -> tuple[Model, ...]:
    found: dict[str, Model] = {}
    for part in parts:
        for row in part.data.rows:
            settings = text.variant(row.hyperparameters)
            found.setdefault(row.label, Model(row.label, row.family, settings))
    return tuple(sorted(found.values(), key=lambda model: family_place(model.family)))


def _siblings(own: Group, groups: Iterable[Group]) -> list[RunRecord]:
    """Return the records of other sections that ask the same of the same data set."""
    others = [each for each in groups if each is not own and (each.dataset, each.task) == (own.dataset, own.task)]
    return [record for other in others for record in other.records]


def _titles(groups: Sequence[Group]) -> list[str]:
    """Name each section by data set, task and protocol, and by the settings that tell it from its namesakes."""
    namesakes: dict[tuple[str, str, str], list[Group]] = defaultdict(list)
    for each in groups:
        namesakes[each.heading].append(each)
    return [_title(each, namesakes[each.heading]) for each in groups]


def _keys(titles: Sequence[str]) -> Iterator[str]:
    """Yield a name for each section that links and labels keep, whatever other sections a report has."""
    taken: Counter[str] = Counter()
    for title in titles:
        key = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
        taken[key] += 1
        yield key if taken[key] == 1 else f"{key}-{taken[key]}"


def _title(found: Group, namesakes: Sequence[Group]) -> str:
    told = _differing(found, namesakes)
    return " · ".join(found.heading) + (f" ({told})" if told else "")


def _differing(found: Group, namesakes: Sequence[Group]) -> str:
    """Return the settings that tell a group from its namesakes, "" where it has none."""
    flat = [flatten(each.settings) for each in namesakes]
    own = flatten(found.settings)
    names = sorted({name for each in flat for name in each})
    differing = [f"{name}={own.get(name, 'unset')}" for name in names if len({each.get(name) for each in flat}) > 1]
    return ", ".join(differing)
