"""Describe the machines and the software behind a report, and what may have disturbed its times."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from bench.measure.environment import disturbances
from bench.record import Environment, RunRecord
from bench.report.numbers.conditions import device_name
from bench.report.numbers.grouping import flatten

__all__ = ["busy", "machine_names", "machines", "versions", "warnings"]

# More models than this are counted rather than named.
LABEL_LIMIT = 6
OF_SESSIONS = frozenset({"later_starts", "earlier_git", "counters", "slowdowns"})


@dataclass(frozen=True)
class Machine:
    """A machine with its software, as runs met it; `name` is how columns call it, `device` what ran there."""

    name: str
    device: str
    environment_id: str
    run_count: int
    facts: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        """The name as a heading."""
        return self.name[:1].upper() + self.name[1:]


def machine_names(records: Sequence[RunRecord]) -> dict[str, str]:
    """Return a short name for each environment that runs were made in, as they appear: environment A, B …"""
    seen = dict.fromkeys(record.environment_id for record in records if record.environment_id)
    return {identity: f"environment {_letters(number)}" for number, identity in enumerate(seen)}


def machines(records: Sequence[RunRecord], environments: Mapping[str, Environment]) -> tuple[Machine, ...]:
    """Return every environment that runs were made in, with its facts as text; a missing description has none."""
    counts = Counter(record.environment_id for record in records)
    devices = {record.environment_id: device_name(record.run.device) for record in records}
    found = []
    for identity, name in machine_names(records).items():
        environment = environments.get(identity)
        # What sessions met is in the warnings, where it matters; the table describes the machine.
        told = {} if environment is None else {k: v for k, v in environment.facts.items() if k not in OF_SESSIONS}
        facts = (*map(_fact, flatten(told).items()), *([] if environment is None else _earlier_commits(environment)))
        found.append(Machine(name, devices[identity], identity, counts[identity], facts))
    return tuple(found)


def versions(records: Sequence[RunRecord]) -> tuple[tuple[str, str], ...]:
    """Return every package with the versions runs were made with, and of whose where not every model has them."""
    seen: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        for name, version in record.versions.items():
            seen[name][version][record.run.label] = None
    everyone = {record.run.label for record in records if record.versions}
    return tuple(
        (name, ", ".join(f"{version}{_whose(labels, everyone)}" for version, labels in each.items()))
        for name, each in sorted(seen.items())
    )


def _whose(labels: Collection[str], everyone: Collection[str]) -> str:
    """Name the models behind a version, nobody where it is everybody's."""
    if len(labels) == len(everyone):
        return ""
    return f" ({', '.join(labels)})" if len(labels) <= LABEL_LIMIT else f" ({len(labels)} of {len(everyone)} models)"


def warnings(records: Sequence[RunRecord], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the reasons to read the times of these runs with care."""
    found = []
    shared = sum(not record.is_alone for record in records)
    if shared:
        found.append(
            f"{shared} of {len(records)} runs shared the machine with others: their times and memory stand in "
            "columns marked “concurrent”, or carry a mark where all runs did."
        )
    used: dict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for record in records:
        if record.is_ok:
            used[record.run.device, record.run.threads][record.environment_id] = None
    for (device, _), identities in used.items():
        if len(identities) > 1:
            listed = ", ".join(names.get(identity, "an unknown environment") for identity in identities)
            found.append(
                f"Runs on {device_name(device)} were made in {len(identities)} environments ({listed}): "
                "their times stand in columns of their own."
            )
    killed = sum(record.status == "killed" for record in records)
    if killed:
        were = "run was killed before it" if killed == 1 else "runs were killed before they"
        found.append(f"{killed} {were} ended; the next run of the suite makes {'it' if killed == 1 else 'them'} again.")
    return tuple(found)


def busy(records: Sequence[RunRecord], environments: Mapping[str, Environment]) -> tuple[str, ...]:
    """Return what disturbed the machines when their suites began."""
    names = machine_names(records)
    found = []
    for identity, name in names.items():
        environment = environments.get(identity)
        # Another program's store may hold other facts; then there is nothing to judge.
        if environment is not None and isinstance(environment.facts.get("cpu"), Mapping):
            where = f"{name[:1].upper()}{name[1:]}: " if len(names) > 1 else ""
            found += [f"{where}{sentence}" for sentence in disturbances(environment)]
    return tuple(found)


def _fact(fact: tuple[str, str]) -> tuple[str, str]:
    name, value = fact
    if name.endswith("_bytes") and value.isdigit():
        return name.removesuffix("_bytes").replace(".", " "), f"{int(value) / 1e9:,.1f} GB"
    if name == "peak_flops":
        return "peak of a matrix product", f"{float(value) / 1e9:,.0f} GFLOP/s"
    return name.replace(".", " "), {"True": "yes", "False": "no"}.get(value, value)


def _earlier_commits(environment: Environment) -> Iterator[tuple[str, str]]:
    """Yield what else than the newest state runs of this environment were made in, by repository."""
    for name in environment.facts.get("git", {}):
        states = [state[name] for state in environment.facts.get("earlier_git", ()) if name in state]
        told = dict.fromkeys(f"{state['commit']}{' with changes' if state['is_dirty'] else ''}" for state in states)
        if told:
            yield f"git {name} earlier", ", ".join(told)


def _letters(number: int) -> str:
    rest, letter = divmod(number, len(ascii_uppercase))
    return (_letters(rest - 1) if rest else "") + ascii_uppercase[letter]
