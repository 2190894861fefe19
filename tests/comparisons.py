"""Runs to compare, and what a comparison of them says."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from bench.compare import Change, Differences, Side, compare
from bench.record import Environment, RunRecord, Times
from bench_reports.comparison import comparison
from tests.report_records import ENVIRONMENT, plan, record

FACTS = {"cpu": {**ENVIRONMENT.facts["cpu"], "model": "Other"}, "threads": 2}
OTHER = Environment(environment_id="env-b", facts=ENVIRONMENT.facts | FACTS)
PLANNED = ("dataset", "settings", "variant", "suite", "identity", "split", "device", "run_id")


def run(
    seed: int, accuracy: float | None = 0.9, seconds: float = 2.0, label: str = "lenet", **changes: Any
) -> RunRecord:
    planned = {name: changes.pop(name) for name in list(changes) if name in PLANNED}
    draw = random.Random(f"{label}{seed}{seconds}")
    exact = seconds * draw.uniform(0.99, 1.01)
    return record(
        plan(label, seed=seed, **planned),
        accuracy=accuracy,
        times=Times(train_seconds=exact, wall_seconds=exact + 1),
        **changes,
    )


def accuracies(base: float, seeds: int = 6, **changes: Any) -> list[RunRecord]:
    return [run(seed, base + random.Random(seed * base).gauss(0, 0.002), **changes) for seed in range(seeds)]


def side(name: str, records: Iterable[RunRecord], kind: Any = "results file") -> Side:
    return Side(name, kind, tuple(records), {"env-a": ENVIRONMENT, "env-b": OTHER})


def compared(a: Iterable[RunRecord], b: Iterable[RunRecord], **options: Any) -> Differences:
    return compare(side("a", a), side("b", b), **options)


def change(found: Differences, measure: str) -> Change:
    (only,) = (each for each in found.changes if each.measure.name == measure)
    return only


def shown(found: Differences) -> str:
    return "\n".join(line.plain for line in comparison(found))
