"""The sizes of training sets as they were: one that was asked for beyond the data is not where it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bench.report.numbers.grouping import canonical
from bench.report.section import ModelRow, SectionData
from bench.specs import Value

__all__ = ["SIZE", "Sizes"]

SIZE = "training_size"
# The detail under which a run writes how many samples it had; older records have none.
RECORDED = "training_samples"


class Asked(NamedTuple):
    """A size that was asked for, of one model, with the rest of the variant as canonical text."""

    label: str
    rest: str
    size: float


class Sizes:
    """The sizes that were asked for, each with the one that was there."""

    def __init__(self, section: SectionData) -> None:
        found: dict[Asked, float] = {}
        for record in section.records:
            asked, had = _asked(record.run.label, record.run.variant), record.details.get(RECORDED)
            if asked is not None and isinstance(had, int) and 0 < had < asked.size:
                found[asked] = max(found.get(asked, 0.0), float(had))
        self._had = found
        self._asked = sorted({asked for row in section.rows if (asked := _asked(row.label, row.variant)) is not None})

    def of(self, label: str, variant: Mapping[str, Value]) -> float | None:
        """Return the size there was, None where a smaller one that was asked for has the same samples already."""
        asked = _asked(label, variant)
        if asked is None:
            return None
        size = self._had.get(asked, asked.size)
        twins = (each for each in self._asked if each[:2] == asked[:2] and self._had.get(each, each.size) == size)
        return size if next(twins, asked) == asked else None

    def place(self, row: ModelRow) -> float | None:
        """Return where a row stands on an axis of sizes."""
        return self.of(row.label, row.variant)

    def findings(self) -> Iterator[str]:
        """Say which sizes were more than the data have."""
        by_size: dict[float, set[float]] = {}
        for asked, had in self._had.items():
            by_size.setdefault(had, set()).add(asked.size)
        for had, sizes in sorted(by_size.items()):
            listed = ", ".join(f"{size:,.0f}" for size in sorted(sizes))
            yield (
                f"There are {had:,.0f} training samples only: what was asked for as {listed} is drawn and compared at "
                f"{had:,.0f}, once."
            )


def _asked(label: str, variant: Mapping[str, Value]) -> Asked | None:
    size = variant.get(SIZE)
    if isinstance(size, bool) or not isinstance(size, int | float):
        return None
    return Asked(label, canonical({name: value for name, value in variant.items() if name != SIZE}), float(size))
