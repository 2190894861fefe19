"""Describe the machines and the software behind a report, and what may have disturbed its times."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from string import ascii_uppercase

from bench.record import Environment, RunRecord
from bench.report.grouping import flatten
from bench.report.tree import Machine

__all__ = ["machine_names", "machines", "versions", "warnings"]


def machine_names(records: Sequence[RunRecord]) -> dict[str, str]:
    """Return a short name for each machine that made a run, in order of appearance: machine A, machine B …"""
    seen = dict.fromkeys(record.environment_id for record in records if record.environment_id)
    if len(seen) == 1:
        return dict.fromkeys(seen, "the machine")
    return {identity: f"machine {_letters(number)}" for number, identity in enumerate(seen)}


def machines(records: Sequence[RunRecord], environments: Mapping[str, Environment]) -> tuple[Machine, ...]:
    """Return every machine that made a run, with its facts as text; a missing description has none."""
    counts = Counter(record.environment_id for record in records)
    found = []
    for identity, name in machine_names(records).items():
        environment = environments.get(identity)
        facts = () if environment is None else tuple(map(_fact, flatten(environment.facts).items()))
        found.append(Machine(name, identity, counts[identity], facts))
    return tuple(found)


def versions(records: Sequence[RunRecord]) -> tuple[tuple[str, str], ...]:
    """Return every package with the versions runs were made with."""
    seen: dict[str, dict[str, None]] = defaultdict(dict)
    for record in records:
        for name, version in record.versions.items():
            seen[name][version] = None
    return tuple((name, ", ".join(each)) for name, each in sorted(seen.items()))


def warnings(records: Sequence[RunRecord], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the reasons to read the times of these runs with care."""
    found = []
    shared = sum(not record.is_alone for record in records)
    if shared:
        found.append(
            f"{shared} of {len(records)} runs shared the machine with others: their times and memory stand in "
            "columns marked “in company” and are not comparable with those taken alone."
        )
    used = dict.fromkeys(record.environment_id for record in records if record.is_ok)
    if len(used) > 1:
        listed = ", ".join(names.get(identity, "an unknown machine") for identity in used)
        found.append(f"Runs were made on {len(used)} machines ({listed}): their times stand in columns of their own.")
    killed = sum(record.status == "killed" for record in records)
    if killed:
        were = "run was killed before it" if killed == 1 else "runs were killed before they"
        found.append(f"{killed} {were} ended; run the suite again to complete.")
    return tuple(found)


def _fact(fact: tuple[str, str]) -> tuple[str, str]:
    name, value = fact
    if name.endswith("_bytes") and value.isdigit():
        return name.removesuffix("_bytes"), f"{int(value) / 1e9:,.1f} GB"
    return name, {"True": "yes", "False": "no"}.get(value, value)


def _letters(number: int) -> str:
    rest, letter = divmod(number, len(ascii_uppercase))
    return (_letters(rest - 1) if rest else "") + ascii_uppercase[letter]
