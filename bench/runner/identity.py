"""The identity of a run: a hash over everything that can change its result, and over nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any

from bench.errors import RunnerError
from bench.runner.closure import Closure
from bench.runner.source_files import file_of, imported_modules, installed_version, own_modules
from bench.specs import DataFile, Spec

__all__ = [
    "HARNESS",
    "Fingerprints",
    "canonical",
    "harness_fingerprint",
    "hash_parts",
    "imported_modules",
    "installed_version",
    "libraries_of",
    "own_modules",
    "source_fingerprint",
    "spec_text",
]

# What the process of every run executes: the run itself, and what sets its threads and limits.
HARNESS = ("bench.runner.execute:execute", "bench.runner.worker:_limit")
# Libraries that carry settings or look at the machine; no result comes from them.
PLUMBING = frozenset({"platformdirs", "pluggy", "psutil", "pydantic", "pynvml", "typing_extensions"})

# What specs tell readers and installers, and no run hears of; name, target and version stand beside them.
DESCRIPTIVE: dict[type, frozenset[str]] = {
    Spec: frozenset(
        {"name", "target", "title", "summary", "paper", "family", "tasks", "devices", "requires", "extra"}
        | {"licence", "source", "citation", "reader", "notes"}
    ),
    DataFile: frozenset({"url", "mirrors", "size_bytes", "at"}),
}


def hash_parts(parts: Mapping[str, str]) -> str:
    """Return the run id: 20 hex digits of SHA-256 over the named parts, whatever their order."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:20]


def canonical(value: Any) -> str:
    """Return JSON in which equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def spec_text(spec: Any) -> str:
    """Return what a spec declares that may change a result: search spaces, files, checksums, spaces of the data."""
    return canonical(_declared(spec))


def _declared(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        untold = {name for kind, names in DESCRIPTIVE.items() if isinstance(value, kind) for name in names}
        told = {each.name: getattr(value, each.name) for each in fields(value) if each.name not in untold}
        return [type(value).__name__, _declared(told)]
    if isinstance(value, Mapping):
        return {str(name): _declared(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_declared(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(map(canonical, map(_declared, value)))
    if value is None or isinstance(value, bool | int | float | str):
        return value
    # No repr: an address in it would be another in each process.
    kind = value if isinstance(value, type) or callable(value) else type(value)
    return f"{kind.__module__}.{getattr(kind, '__qualname__', type(kind).__qualname__)}"


@dataclass
class Fingerprints:
    """Fingerprints and libraries of targets, each looked at once."""

    _closures: dict[str, Closure] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _libraries: dict[str, dict[str, str]] = field(default_factory=dict)

    def source(self, target: str) -> str:
        """Return what `source_fingerprint` does."""
        if target not in self._digests:
            self._digests[target] = self._closure(target).digest()
        return self._digests[target]

    def libraries(self, target: str) -> dict[str, str]:
        """Return what `libraries_of` does."""
        if target not in self._libraries:
            self._libraries[target] = self._libraries_of(target)
        return self._libraries[target]

    def _libraries_of(self, target: str) -> dict[str, str]:
        found = {name: installed_version(name) for name in sorted(self._closure(target).libraries - PLUMBING)}
        own = target.partition(":")[0].partition(".")[0]
        version = "none" if own == "bench" else installed_version(own)
        if version == "none":
            version = _plugin_versions().get(own, "none")
        return found if version == "none" else {**found, own: version}

    def _closure(self, target: str) -> Closure:
        if target not in self._closures:
            self._closures[target] = Closure.of(target)
        return self._closures[target]


def source_fingerprint(target: str) -> str:
    """Hash what a target `"package.module:attribute"` reaches: its definition and those that it uses in turn.

    Names are followed through imports, over the modules of its own distribution and of the core; what runs while
    those are imported counts as well. Comments, layout, docstrings and definitions that it does not reach count for
    nothing. Modules of other distributions count by version (see `libraries_of`), those of no distribution by source.
    """
    return Fingerprints().source(target)


def libraries_of(target: str) -> dict[str, str]:
    """Return import name → version of the libraries that a target uses, and of the distribution that brings it.

    `"none"` is the version of what is not installed. The core is left out: its sources count.
    """
    return Fingerprints().libraries(target)


def harness_fingerprint() -> str:
    """Hash what every run executes of depthbench itself, beside its task, its protocol, its model and its data."""
    for target in HARNESS:
        module = target.partition(":")[0]
        if file_of(module) is None:
            raise RunnerError(f"{module} is a part of every run's identity, and it is not there: reinstall depthbench")
    return Closure.of(*HARNESS).digest()


@lru_cache(maxsize=1)
def _plugin_versions() -> dict[str, str]:
    """Sources edited in place belong to no distribution that lists them; their entry points know their version."""
    points = [point for point in entry_points(group="bench") if point.dist is not None]
    return {point.module.partition(".")[0]: point.dist.version for point in points if point.dist is not None}
