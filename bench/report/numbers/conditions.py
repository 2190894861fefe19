"""What runs of one cell differ in: the seed and the split, and the conditions that their numbers were taken under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bench.record import RunRecord

__all__ = ["EVERYWHERE", "Condition", "Conditions", "Repetition", "device_name", "listed", "noun", "split_count"]

NAMES = {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}


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


def device_name(device: str) -> str:
    """Return how people write a device."""
    return NAMES.get(device, device)


class Condition(NamedTuple):
    """Where and how a number was taken; None stands for "does not matter to this number"."""

    device: str | None = None
    environment_id: str | None = None
    threads: int | None = None
    is_alone: bool | None = None

    @classmethod
    def of(cls, record: RunRecord, scope: str) -> Condition:
        """Return what must match before a number of that scope (see `Resource`) may be compared."""
        run = record.run
        if scope == "model":
            return EVERYWHERE
        return cls(run.device, record.environment_id, run.threads, record.is_alone)

    def holds(self, record: RunRecord) -> bool:
        """Was a record taken under this condition?"""
        run = record.run
        return (
            self.device in (None, run.device)
            and self.environment_id in (None, record.environment_id)
            and self.threads in (None, run.threads)
            and self.is_alone in (None, record.is_alone)
        )

    def covers(self, other: Condition) -> bool:
        """Is a number under the other condition one that was taken under this, too?"""
        pairs = zip(self, other, strict=True)
        return all(own in (None, its) for own, its in pairs)


# Of numbers that are the model's own, wherever they were taken.
EVERYWHERE = Condition()


class Conditions:
    """Names conditions of one section by what differs between its records, and by nothing else."""

    def __init__(self, records: Iterable[RunRecord], machine_names: Mapping[str, str]) -> None:
        seen = {Condition.of(record, "machine") for record in records}
        self._machine_names = machine_names
        self._has_company = len({each.is_alone for each in seen}) > 1
        self._has_devices = len({each.device for each in seen}) > 1
        devices = {each.device for each in seen}
        # An environment names its device and threads too: only what differs beyond them is worth a word.
        places = {(each.device, each.threads) for each in seen}
        self._has_threads = len(places) > len(devices)
        self._has_environments = len({(each.device, each.threads, each.environment_id) for each in seen}) > len(places)

    def name(self, condition: Condition) -> str:
        """Return the words for a column's heading; those of concurrent runs say so where not all were."""
        words = []
        if self._has_devices and condition.device is not None:
            words.append(device_name(condition.device))
        if self._has_environments and condition.environment_id is not None:
            words.append(self._machine_names.get(condition.environment_id, "unknown environment"))
        if self._has_threads and condition.threads is not None:
            words.append(f"{condition.threads} thread{'s' if condition.threads != 1 else ''}")
        if condition.is_alone is False and self._has_company:
            words.append("concurrent")
        return ", ".join(words)
