"""Put records that may be compared together, and keep apart those that may not."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.record import RunRecord

__all__ = ["Group", "canonical", "data_versions", "flatten", "group", "newest"]

# Parts of an identity that differ within one comparison; any other difference is another version of the model.
VARYING = frozenset({"seed", "split", "device", "threads", "variant", "label", "suite"})
# The part of an identity that holds the declared fingerprint of the data set.
DATA = "data"


@dataclass
class Group:
    """The records of one section, oldest first; `superseded` counts those an edited model or setting has replaced."""

    dataset: str
    task: str
    protocol: str
    settings: Mapping[str, Any]
    records: list[RunRecord] = field(default_factory=list)
    superseded: dict[str, int] = field(default_factory=dict)

    @property
    def heading(self) -> tuple[str, str, str]:
        """What a reader calls the section; settings tell sections of one heading apart."""
        return self.dataset, self.task, self.protocol


def canonical(value: Any) -> str:
    """Return one text for equal plain values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, default=str)


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings as `a.b → text`; absent ones are left out."""
    flat: dict[str, str] = {}
    for name, item in value.items():
        if isinstance(item, Mapping):
            flat |= flatten(item, f"{prefix}{name}.")
        elif item is not None and item != []:
            flat[prefix + name] = ", ".join(map(str, item)) if isinstance(item, list | tuple) else str(item)
    return flat


def group(records: Iterable[RunRecord]) -> list[Group]:
    """Return a group per data set, task, protocol and settings, as they appear; seeds and splits stand together."""
    found: dict[tuple[str, ...], Group] = {}
    for record in records:
        run = record.run
        key = (run.dataset, run.task, run.protocol, canonical(run.settings))
        place = found.get(key) or found.setdefault(key, Group(run.dataset, run.task, run.protocol, run.settings))
        place.records.append(record)
    return list(found.values())


def data_versions(group: Group) -> dict[str, list[str]]:
    """Return the labels by the declared version of the data set that they were run on, oldest first.

    Records without a fingerprint of it say nothing.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for record in group.records:
        if (version := record.run.identity.get(DATA)) is not None:
            found[version][record.run.label] = None
    return {version: list(labels) for version, labels in found.items()}


def newest(groups: Group) -> Group:
    """Return the group with one version per model: where a model was edited and run again, the older runs go.

    Two suites may call different things by one label; then each keeps its own, named after its suite. A run that both
    list under one label is there once.
    """
    cells: dict[tuple[str, str, str], dict[str, list[RunRecord]]] = defaultdict(lambda: defaultdict(list))
    for record in groups.records:
        run = record.run
        cells[run.label, canonical(run.variant), run.device][run.suite].append(record)
    kept: list[RunRecord] = []
    superseded: dict[str, int] = defaultdict(int)
    for (label, _, _), suites in cells.items():
        current = {suite: _current(runs) for suite, runs in suites.items()}
        superseded[label] += len(_once(suites)) - len(_once(current))
        is_shared = len({_configuration(runs[-1]) for runs in current.values()}) == 1
        kept.extend(_once(current) if is_shared else _named_after_suites(current))
    kept.sort(key=lambda record: record.finished_at)
    counts = {label: count for label, count in superseded.items() if count}
    return Group(groups.dataset, groups.task, groups.protocol, groups.settings, kept, counts)


def _once(suites: Mapping[str, Sequence[RunRecord]]) -> list[RunRecord]:
    """Return each run once, however many suites list it."""
    return list({record.run.run_id: record for runs in suites.values() for record in runs}.values())


def _named_after_suites(suites: Mapping[str, Sequence[RunRecord]]) -> list[RunRecord]:
    return [_renamed(record, suite) for suite, runs in suites.items() for record in runs]


def _current(runs: Sequence[RunRecord]) -> list[RunRecord]:
    wanted = _configuration(max(runs, key=lambda record: record.finished_at))
    return [run for run in runs if _configuration(run) == wanted]


def _configuration(record: RunRecord) -> str:
    run = record.run
    parts = {name: value for name, value in run.identity.items() if name not in VARYING}
    return canonical([run.model, run.hyperparameters, parts])


def _renamed(record: RunRecord, suite: str) -> RunRecord:
    run = record.run.model_copy(update={"label": f"{record.run.label} ({suite})"})
    return record.model_copy(update={"run": run})
