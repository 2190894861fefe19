"""Put records that may be compared together, and keep apart those that may not."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.record import RunRecord

__all__ = ["Group", "canonical", "flatten", "group", "newest"]

# Parts of an identity that differ within one comparison; any other difference is another version of the model.
VARYING = frozenset({"seed", "device", "threads", "variant", "label", "suite"})


@dataclass
class Group:
    """The records of one section, oldest first; `superseded` counts those an edited model or setting has replaced."""

    dataset: str
    task: str
    protocol: str
    settings: Mapping[str, Any]
    test_hash: str
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
    """Return a group per data set (and content of its test part), task, protocol and settings, as they appear."""
    found: dict[tuple[str, ...], dict[str, Group]] = defaultdict(dict)
    homeless: dict[tuple[str, ...], list[RunRecord]] = defaultdict(list)
    for record in records:
        run = record.run
        key: tuple[str, ...] = (run.dataset, run.task, run.protocol, canonical(run.settings))
        groups, test_hash = found[key], record.data.get("test", "")
        if not test_hash:
            homeless[key].append(record)
            continue
        if test_hash not in groups:
            groups[test_hash] = Group(run.dataset, run.task, run.protocol, run.settings, test_hash)
        groups[test_hash].records.append(record)
    for key, strays in homeless.items():
        _adopt(found[key], strays)
    return [each for groups in found.values() for each in groups.values()]


def _adopt(groups: dict[str, Group], strays: Sequence[RunRecord]) -> None:
    """Give runs that died before they saw the data to the newest group they could have been part of."""
    run = strays[0].run
    if not groups:
        groups[""] = Group(run.dataset, run.task, run.protocol, run.settings, "")
    last = list(groups.values())[-1]
    last.records.extend(strays)
    last.records.sort(key=lambda record: record.finished_at)


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
    return Group(groups.dataset, groups.task, groups.protocol, groups.settings, groups.test_hash, kept, counts)


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
