"""Every exception depthbench raises on purpose.

BenchError                    the message is meant for the user: value, place, cure
├── UsageError                the command line asks for something that cannot be
│   ├── Refused               a task has nothing to ask of this data, or a model cannot be asked
│   ├── UnknownName           no such model, data set, task, protocol, suite, metric or run
│   └── SuiteError            a suite file is not valid; names file and line
├── PluginError               a plugin is broken; discovery records it and goes on
├── MissingExtra              an optional dependency is not installed
├── DataError                 data cannot be used
│   ├── DataMissing           the files are not under the data root
│   └── ChecksumMismatch      a file is not the file it should be
├── StoreError                the store cannot be opened, read or written
│   └── StoreMissing          there is none at that path or URL
├── ContractError             a model broke its contract (wrong shape, no `forward` …)
├── NotApplicable             a model's constructor, or a protocol, says that this problem is not for it
├── Diverged                  training produced a loss that is not finite
├── NotEnoughSamples          a metric was asked of fewer samples than it can use
└── RunnerError               the process that executes runs could not be started or died
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BenchError",
    "ChecksumMismatch",
    "ContractError",
    "DataError",
    "DataMissing",
    "Diverged",
    "MissingExtra",
    "NotApplicable",
    "NotEnoughSamples",
    "PluginError",
    "Refused",
    "RunnerError",
    "StoreError",
    "StoreMissing",
    "SuiteError",
    "UnknownName",
    "UsageError",
]


class BenchError(Exception):
    """Root of every error with a message for the user."""


class UsageError(BenchError):
    """The request itself cannot be carried out as written."""


class Refused(UsageError):
    """A task cannot be posed on some data: `Refused("needs images with known bounds; diabetes has a table")`."""


class UnknownName(UsageError):
    """A name that nothing answers to, with the nearest ones that something does."""

    def __init__(self, kind: str, name: str, available: Iterable[str], *, place: str = "") -> None:
        self.kind, self.name, self.available = kind, name, sorted(available)
        where = f" in {place}" if place else ""
        near = get_close_matches(name, self.available, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(self.available) or "none"
        super().__init__(f"unknown {kind} {name!r}{where}.{hint} Available: {listed}")


class SuiteError(UsageError):
    """A suite file that cannot be read or does not say what it must."""


class PluginError(BenchError):
    """A plugin that cannot be loaded or offers something unusable."""


class MissingExtra(BenchError):
    """An optional dependency that is not installed."""

    def __init__(self, what: str, modules: Iterable[str], cure: str) -> None:
        super().__init__(f"{what} needs {', '.join(modules)}: {cure}")


class DataError(BenchError):
    """Data that cannot be used."""


class DataMissing(DataError):
    """Files of a data set that are not under the data root."""


class ChecksumMismatch(DataError):
    """A file whose content is not what its data card says."""


class StoreError(BenchError):
    """The store cannot be opened, read or written."""


class StoreMissing(StoreError):
    """There is no store to read; `place` is where it would be, an absolute path where it is a path at all."""

    def __init__(self, place: str, cure: str) -> None:
        self.place = place
        super().__init__(f"no results at {place}. {cure}")


class ContractError(BenchError):
    """A model that does not keep its side of the contract."""


class NotApplicable(BenchError):
    """A problem that a model's constructor or a protocol refuses, which no space could say beforehand."""


class Diverged(BenchError):
    """A loss that is not finite."""


class NotEnoughSamples(BenchError):
    """Fewer samples than a metric can be computed from."""


class RunnerError(BenchError):
    """The process that executes runs could not be started, or died."""
