"""What a figure may be drawn from, so that a protocol's own figures need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.record import RunRecord
from bench.report.conditions import device_name
from bench.report.tree import Column, Figure, Row

__all__ = ["Figures", "Material"]


@dataclass(frozen=True)
class Material:
    """A section's good records, its columns and its rows."""

    protocol: str
    records: Sequence[RunRecord]
    columns: Sequence[Column]
    rows: Sequence[Row]

    @property
    def main(self) -> Column | None:
        """The first score, None where nothing was scored."""
        return next((column for column in self.columns if column.measure.kind == "score"), None)

    @property
    def has_variants(self) -> bool:
        """Did the protocol vary something from run to run?"""
        return any(row.variant for row in self.rows)

    def main_on(self, device: str) -> Column | None:
        """Return the main score's column for a device, None where nothing was scored there."""
        main = self.main
        if main is None:
            return None
        same = (column for column in self.columns if column.measure == main.measure)
        return next((column for column in same if column.device == device), None)

    def device_words(self, device: str) -> str:
        """Return the device's name where the section has more than one, else nothing."""
        devices = {record.run.device for record in self.records}
        return device_name(device) if len(devices) > 1 else ""


Figures = Callable[[Material], Iterable[Figure]]
