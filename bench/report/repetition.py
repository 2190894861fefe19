"""What runs of one cell differ in: the seed, and the split of the data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bench.record import RunRecord

__all__ = ["Repetition", "listed", "noun", "split_count"]


class Repetition(NamedTuple):
    """A seed on a split. Runs of two models are a pair where both agree."""

    seed: int
    scheme: str = "official"
    number: int = 0
    folds: int = 1

    @classmethod
    def of(cls, record: RunRecord) -> Repetition:
        """Return the repetition that a run is."""
        split = record.run.split
        return cls(record.run.seed, split.scheme, split.number, split.count)

    @property
    def split(self) -> tuple[str, int, int]:
        """What tells its split from others: scheme, number, and into how many folds the data were cut."""
        return self.scheme, self.number, self.folds

    @property
    def is_resplit(self) -> bool:
        """Was the data cut anew, rather than taken with the test part it came with?"""
        return self.scheme != "official"

    def __str__(self) -> str:
        return f"seed {self.seed}{f', split {self.number}' if self.is_resplit else ''}"


def split_count(repetitions: Iterable[Repetition]) -> int:
    """Return how many splits there are among these."""
    return len({each.split for each in repetitions})


def noun(repetitions: Iterable[Repetition]) -> str:
    """Return what these are counted as: seeds, or runs where they differ in their splits, too."""
    return "seed" if split_count(repetitions) <= 1 else "run"


def listed(repetitions: Iterable[Repetition]) -> str:
    """Return repetitions in words: `seed 3`, `seeds 1, 2`, or with their splits `seed 0, split 1; seed 1, split 2`."""
    found = sorted(set(repetitions))
    if any(each.is_resplit for each in found):
        return "; ".join(map(str, found))
    return f"seed{'s' if len(found) != 1 else ''} {', '.join(str(each.seed) for each in found)}"
