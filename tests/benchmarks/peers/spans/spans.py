"""Find out where the time of a run goes: wrap the parts of the runner and add up what each takes for itself."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from time import perf_counter
from typing import Any

# module → what is wrapped in it → its name in the table. A part's time is without that of the parts inside it.
RUN = {
    "bench.runner.worker": {
        "_settle": "take over pipes and session",
        "_limit": "pin to cores, bound memory",
        "_run": "read the job",
    },
    "bench.runner.channel": {"Channel.send": "send the outcome"},
    "bench.runner.execute": {
        "execute": "build the outcome",
        "_Run.carry_out": "between the parts",
        "_Run._set_up": "settings, data set, task",
        "resolve": "import the plugin's modules",
        "seed_everything": "seed",
        "_Run._train": "protocol",
        "model_bytes": "size on disk",
        "model_size": "parameters and operations",
        "_Run._score": "scores",
        "measure_latency": "latency",
    },
    "bench.protocols.training": {"warm_up": "warm-up", "fit_black_box": "fit and validate", "train": "train"},
    "bench.measure.memory": {"PeakMemory.start": "memory: start", "PeakMemory.stop": "memory: stop"},
    "bench.measure.energy": {"EnergyMeter.start": "energy: start", "EnergyMeter.stop": "energy: stop"},
    "bench.data": {"Dataset.hashes": "hash the data"},
}
COORDINATOR = {
    "bench.runner.session": {
        "Session._make": "wait for the run's process",
        "Session._start": "choose the next run",
        "Session._keep": "build the record",
        "Session._notify": "tell the trackers",
    },
    "bench.runner.pool": {
        "Pool.submit": "hand the job over",
        "Pool._read": "read pipes and outcome",
        "Pool._ended": "take the outcome in",
        "out_of_memory_kills": "count the kernel's kills",
    },
    "bench.store.sqlite": {"SQLiteStore.append": "commit the record"},
}


class Spans:
    """Seconds of each part, and how often it was entered."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.inside: list[float] = []

    def wrap(self, parts: dict[str, dict[str, str]]) -> None:
        for module, names in parts.items():
            for path, label in names.items():
                owner: Any = import_module(module)
                *classes, name = path.split(".")
                for each in classes:
                    owner = getattr(owner, each)
                setattr(owner, name, self.timed(getattr(owner, name), label))

    def timed(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            self.inside.append(0.0)
            started = perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                whole = perf_counter() - started
                self.seconds[label] = self.seconds.get(label, 0.0) + whole - self.inside.pop()
                if self.inside:
                    self.inside[-1] += whole

        return call

    def dump(self, kind: str, whole: float) -> None:
        line = json.dumps({"kind": kind, "whole": whole, "parts": self.seconds}) + "\n"
        with open(os.environ["PEER_SPANS"], "a") as file:  # noqa: PTH123 - shorter than a Path for one line
            file.write(line)


def in_the_run() -> None:
    """Begin in a process that the run server has just forked, and write down at its exit."""
    began, spans, leave = perf_counter(), Spans(), os._exit
    spans.wrap(RUN)

    def exit_(code: int) -> None:
        spans.dump("run", perf_counter() - began)
        leave(code)

    os._exit = exit_  # type: ignore[assignment]  # it does leave


def coordinate() -> None:
    """Be the command `bench` with the coordinator's parts watched."""
    from bench.cli import main

    spans = Spans()
    spans.wrap(COORDINATOR)
    try:
        main(sys.argv[1:])
    finally:
        spans.dump("coordinator", sum(spans.seconds.values()))
