"""`bench run --dry-run`: what would be run, why, for how long, and what is missing for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import console, echo_json, table
from bench.cli.progress import clock

if TYPE_CHECKING:
    from bench.record import PlannedRun, RunRecord
    from bench.runner.jobs import Job

__all__ = ["Stored", "Verdict", "show", "verdicts"]


@dataclass
class Stored:
    """What the store knows of a suite's runs: statuses by run id, identities by place, seconds by cell and variant."""

    statuses: Mapping[str, str] = field(default_factory=dict)
    identities: dict[tuple[Any, ...], dict[str, str]] = field(default_factory=dict)
    seconds: dict[tuple[Any, ...], list[float]] = field(default_factory=lambda: defaultdict(list))

    def saw(self, record: RunRecord) -> None:
        """Take in a stored run."""
        self.identities[record.run.place] = record.run.identity
        if record.is_ok:
            for key in _keys(record.run):
                self.seconds[key].append(record.times.wall_seconds)

    def estimate(self, run: PlannedRun) -> float | None:
        """Return the seconds that runs of the same variant took, else of the same cell; None where none is stored."""
        found = next((self.seconds[key] for key in _keys(run) if key in self.seconds), None)
        return None if found is None else sum(found) / len(found)


@dataclass(frozen=True)
class Verdict:
    """What would happen to one run: `run`, `stored` or `missing`, and why."""

    run: PlannedRun
    action: str
    why: str
    seconds: float | None


def _keys(run: PlannedRun) -> tuple[tuple[Any, ...], ...]:
    return (*run.cell, repr(sorted(run.variant.items()))), run.cell


def verdicts(jobs: Iterable[Job], due: Iterable[str], stored: Stored, absent: Mapping[str, str]) -> list[Verdict]:
    """Return what would happen to each run. due: ids of those to be made; absent: data set → why it is not there."""
    due = set(due)
    return [_verdict(job, job.plan.run_id in due, stored, absent) for job in jobs]


def _verdict(job: Job, is_due: bool, stored: Stored, absent: Mapping[str, str]) -> Verdict:
    plan = job.plan
    if not is_due:
        return Verdict(plan, "stored", stored.statuses[plan.run_id], None)
    needed = (job.dataset.name, *(spec.name for spec in job.extra_datasets))
    reason = job.missing or next((absent[name] for name in needed if name in absent), "")
    if reason:
        return Verdict(plan, "missing", reason, None)
    why = "new"
    if plan.run_id in stored.statuses:
        why = f"was {stored.statuses[plan.run_id]}"
    elif (earlier := stored.identities.get(plan.place)) is not None:
        parts = [name for name, value in plan.identity.items() if earlier.get(name) != value]
        why = f"changed: {', '.join(parts)}" if parts else "changed"
    return Verdict(plan, "run", why, stored.estimate(plan))


def show(found: Sequence[Verdict], *, parallel: int, as_json: bool, data: Mapping[str, Any] | None = None) -> None:
    """Print one row for each cell, what is missing once, and the sum; as JSON, one entry for each run.

    data: what was found in the user's own; then the entries are the `runs` beside it.
    """
    if as_json:
        runs = [
            {
                "run_id": each.run.run_id,
                "action": each.action,
                "why": each.why,
                "run": str(each.run),
                "seconds": each.seconds,
            }
            for each in found
        ]
        echo_json(runs if data is None else {"data": data, "runs": runs})
        return
    cells: dict[tuple[str, ...], list[Verdict]] = defaultdict(list)
    for each in found:
        cells[each.run.cell].append(each)
    rows = [_row(cell, runs, parallel) for cell, runs in cells.items()]
    columns = ("model", "data set", "task", "protocol", "device", "runs", "to make", "why", "time")
    console(is_wide_in_pipes=True).print(table("", columns, rows, whole=1))
    for reason in dict.fromkeys(each.why for each in found if each.action == "missing"):
        click.echo(f"Missing: {reason}")
    click.echo(_sum(found, parallel))


def _row(cell: tuple[str, ...], runs: Sequence[Verdict], parallel: int) -> tuple[str, ...]:
    dataset, task, protocol, device, label = cell
    to_make = [each for each in runs if each.action == "run"]
    reasons = Counter(each.why for each in to_make)
    reasons.update(f"{each.action}" for each in runs if each.action != "run")
    why = "; ".join(reason if count == len(runs) else f"{count} {reason}" for reason, count in reasons.items())
    return label, dataset, task, protocol, device, _count(runs), str(len(to_make)), why, _time(to_make, parallel)


def _count(runs: Sequence[Verdict]) -> str:
    """Return `5 seeds`, `5 seeds, 10 splits, 3 variants` and how many runs that makes."""
    counts = {
        "seed": len({each.run.seed for each in runs}),
        "split": len(
            {(each.run.split.scheme, each.run.split.number) for each in runs if each.run.split.scheme != "official"}
        ),
        "variant": len({repr(sorted(each.run.variant.items())) for each in runs if each.run.variant}),
    }
    words = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count]
    return f"{len(runs)}: {', '.join(words)}"


def _time(due: Sequence[Verdict], parallel: int) -> str:
    known = [each.seconds for each in due if each.seconds is not None]
    if not due:
        return ""
    return f"about {clock(sum(known) / len(known) * len(due) / parallel)}" if known else "not known"


def _sum(found: Sequence[Verdict], parallel: int) -> str:
    counts = Counter(each.action for each in found)
    known = [each.seconds for each in found if each.action == "run" and each.seconds is not None]
    text = f"{counts['run']} to run, {counts['stored']} stored"
    text += f", {counts['missing']} lack something" if counts["missing"] else ""
    if known:
        rest = counts["run"] - len(known)
        text += f"; about {clock(sum(known) / parallel)}"
        text += f" and the time of {rest} runs of which none like them is stored" if rest else ""
    return text
