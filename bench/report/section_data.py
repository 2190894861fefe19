"""What a protocol's part of the report is made from, and what it is: no protocol needs more than this."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.record import RunRecord
from bench.report.conditions import Condition, device_name
from bench.report.measures import has_clock_budget
from bench.report.repetition import Repetition
from bench.report.tree import Column, Figure, Row

__all__ = ["ProtocolPart", "SectionData"]


@dataclass(frozen=True)
class SectionData:
    """A section's good records, its columns and its rows.

    main_score: the name of the score that models are judged by, "" where there is none.
    conditions: what each column's numbers were taken under, by its key. failed: runs that did not end well.
    siblings: good records of other sections on the same test part; failed_siblings: those that did not end well.
    """

    protocol: str
    main_score: str
    records: Sequence[RunRecord]
    columns: Sequence[Column]
    rows: Sequence[Row]
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    failed: Sequence[RunRecord] = ()
    siblings: Sequence[RunRecord] = ()
    failed_siblings: Sequence[RunRecord] = ()

    @property
    def main(self) -> Column | None:
        """The first column of the main score, None where nothing was scored."""
        scores = (column for column in self.columns if column.measure.kind == "score")
        return next((column for column in scores if column.measure.name == self.main_score), None)

    @property
    def has_variants(self) -> bool:
        """Did the protocol vary something from run to run?"""
        return any(row.variant for row in self.rows)

    @property
    def mains(self) -> list[Column]:
        """The main score's columns, by device: more than one of a device where it depends on the machine."""
        main = self.main
        same = [column for column in self.columns if main is not None and column.measure == main.measure]
        return sorted(same, key=lambda column: column.device)

    def main_beside(self, column: Column) -> Column | None:
        """Return the main score's column for the runs of another column, None where nothing was scored there."""
        condition = self.conditions[column.key]
        return next((each for each in self.mains if self.conditions[each.key].covers(condition)), None)

    def slug(self, column: Column) -> str:
        """Return what tells a figure on this column of the main score from those on the others."""
        same = [each.key for each in self.mains if each.device == column.device]
        number = same.index(column.key)
        return f"{column.device}-{number + 1}" if number else column.device

    @property
    def devices(self) -> list[str]:
        """The devices of the section's runs."""
        return sorted({record.run.device for record in self.records})

    @property
    def families(self) -> dict[str, str]:
        """The family of every label, in the order of the table."""
        return {row.label: row.family for row in self.rows}

    def clocked(self) -> list[tuple[str, Sequence[RunRecord]]]:
        """Return the records by what their times were taken under, in words: no two of these share a mean of times."""
        words = {
            self.conditions[column.key]: column.condition
            for column in self.columns
            if column.measure.name == "train_seconds" and column.key in self.conditions
        }
        found: dict[Condition, list[RunRecord]] = defaultdict(list)
        for record in self.records:
            found[Condition.of(record, "machine")].append(record)
        return [(words.get(each, self.device_words(each.device or "")), found[each]) for each in sorted(found)]

    def failed_beside(self, runs: Sequence[RunRecord]) -> int:
        """Count the runs that failed where these runs of one model were made, and are not among them."""
        places = {(each.run.label, Condition.of(each, "machine")) for each in runs}
        beside = [each for each in self.failed if (each.run.label, Condition.of(each, "machine")) in places]
        return len({*map(Repetition.of, beside)} - {*map(Repetition.of, runs)})

    def alike(self) -> list[tuple[str, Sequence[RunRecord]]]:
        """Return the records that share a mean of what training reached, by what they were made under in words."""
        if any(map(has_clock_budget, self.records)):
            return self.clocked()
        return [
            (self.device_words(device), [each for each in self.records if each.run.device == device])
            for device in self.devices
        ]

    def device_words(self, device: str) -> str:
        """Return the device's name where the section has more than one, else nothing."""
        devices = {record.run.device for record in self.records}
        return device_name(device) if len(devices) > 1 else ""


@dataclass(frozen=True)
class ProtocolPart:
    """What a protocol adds to each of its sections.

    figures: drawn in place of the general ones; None keeps those. findings: sentences that stand before the general
    ones.
    """

    figures: tuple[Figure, ...] | None = None
    findings: tuple[str, ...] = ()
