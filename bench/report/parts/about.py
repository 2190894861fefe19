"""What stands behind the results: runs that did not end well, whether runs repeat, machines, and how to read it all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.evidence import LEVEL
from bench.record import Environment, RunRecord
from bench.report import text
from bench.report.blocks import Block, Cell, Column, Entry, Log, Prose, Row, Section, Table
from bench.report.parts import machines
from bench.report.parts.runs import Failure, failures, repeats

__all__ = ["about"]

READING = (
    f"± is half of the {100 * (1 - LEVEL):g} % interval, clipped or transformed to where the score can lie. Over "
    "several splits of the data it is that of Nadeau and Bengio's corrected t; on one test part it counts seeds and "
    "test samples, crossed with each other; one seed has the interval of its test samples and knows nothing of seeds.",
    "Marks: best, or equivalent to the best; in the tie group, where no other model is distinguishable as better but "
    "nothing is decided; of each of the others some model is distinguishably better. The order inside a tie group "
    "means nothing.",
    f"All pairs of models of a table are corrected together (Holm) at the {100 * LEVEL:g} % level. Equivalent means "
    "that the difference is within the stated margin by two one-sided tests.",
    "A model of which runs failed is never said to be better: those that ended are a choice in its favour. Runs that "
    "were skipped or killed are missing: they count neither for a model nor against it.",
    "What verdicts on scores speak of stands in each section. Those on times and memory speak of other runs on the "
    "same machine.",
    "Scores are one column for all devices. Times and memory belong to a device and a machine; runs timed alone and "
    "concurrently never share a column.",
    "Training time is the training clock alone; evaluation and set-up have clocks of their own. Latency is that of one "
    "prediction (or one sample drawn) at batch size 1. Memory is the peak of the run's own work; less than a megabyte "
    "is written “< 1”.",
    "A target that was not reached is “missed”; a mean beside “2 of 3 reached” is that of the runs that reached it.",
    "A reference is what real data get against other real data: no generator can be expected to do better.",
)


def about(
    groups: Sequence[tuple[str, Sequence[RunRecord]]],
    known: Sequence[RunRecord],
    environments: Mapping[str, Environment],
    attempts: Iterable[RunRecord] | None,
) -> Iterator[Section]:
    """Yield the sections at the end; groups: the records of each section with its title; known: every run once."""
    found = [failure for title, records in groups for failure in failures(records, title)]
    if found:
        yield Section(
            "failures", "Runs that did not end well", (_log(found),), "about",
            text.plural(sum(len(each.run_ids) for each in found), "run"),
        )  # fmt: skip
    if attempts is not None and (table := _repeats([record for _, each in groups for record in each], attempts)):
        yield Section("determinism", "Which models repeat bit for bit", tuple(table), "about")
    yield Section("machines", "Machines and versions", tuple(_machines(known, environments)), "about")
    yield Section("reading", "How to read this", (Prose(READING, is_list=True),), "about")


def _log(found: Sequence[Failure]) -> Log:
    """Return each reason once: what is wrong with the data is wrong for every model."""
    alike: dict[tuple[str, ...], list[Failure]] = defaultdict(list)
    for each in found:
        alike[each.status, each.section, text.variant(each.variant), each.device, each.repetitions, each.reason].append(
            each
        )
    return Log("failures", "Runs that did not end well", tuple(map(_entry, alike.values())), is_folded=False)


def _entry(same: Sequence[Failure]) -> Entry:
    failure = same[0]
    variant = text.variant(failure.variant)
    where = ", ".join(filter(None, (failure.dataset, variant, failure.repetitions)))
    facts = {
        "reason": failure.reason,
        "section": failure.section,
        "device": failure.device,
        "ended": text.moment(failure.finished_at),
        "runs": ", ".join(run_id[:12] for each in same for run_id in each.run_ids),
    }
    texts = {"traceback": failure.traceback, "output": failure.output}
    return Entry(
        f"{', '.join(each.label for each in same)} on {where}: {failure.status}",
        {name: value for name, value in facts.items() if value},
        {name: value for name, value in texts.items() if value.strip()},
    )


def _repeats(records: Sequence[RunRecord], attempts: Iterable[RunRecord]) -> list[Block]:
    found = repeats(records, attempts)
    if not any(each.repeated for each in found):
        return [Prose(("No run was executed twice: which models repeat bit for bit is not known.",))] if found else []
    columns = (
        Column("model", "Model", "model"), Column("device", "Device"), Column("repeated", "Runs repeated", "count"),
        Column("verdict", "Verdict"), Column("example", "First difference"),
    )  # fmt: skip
    rows = tuple(
        Row(
            {
                "model": Cell(each.label),
                "device": Cell(each.device),
                "repeated": Cell(f"{each.repeated} of {each.run_count}", each.repeated),
                "verdict": Cell(each.verdict),
            }
            | ({"example": Cell(each.example)} if each.example else {}),
            each.label,
        )
        for each in found
    )
    caption = "Scores and curves of runs that were executed again on one machine; clocks do not count."
    return [Table("determinism", "Which models repeat bit for bit", caption, columns, rows)]


def _machines(known: Sequence[RunRecord], environments: Mapping[str, Environment]) -> Iterator[Block]:
    entries = tuple(
        Entry(f"{each.title}: {text.plural(each.run_count, 'run')} on {each.device}", dict(each.facts))
        for each in machines.machines(known, environments)
    )
    if entries:
        yield Log("machines", "Machines", entries)
    if versions := machines.versions(known):
        rows = tuple(Row({"package": Cell(name), "version": Cell(version)}) for name, version in versions)
        columns = (Column("package", "Package"), Column("version", "Version"))
        yield Table("versions", "Versions", "Packages that runs were made with.", columns, rows, is_folded=True)
