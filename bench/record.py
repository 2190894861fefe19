"""What is written down: a planned run and the frozen record of its outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from bench.model import Problem
from bench.specs import DatasetSpec, Family, Value

__all__ = [
    "STATUSES",
    "Artifact",
    "CurvePoint",
    "Environment",
    "Latency",
    "Memory",
    "ModelSize",
    "PlannedRun",
    "RunRecord",
    "Score",
    "SplitPlan",
    "Status",
    "SuitePlan",
    "Times",
    "Work",
]

Status = Literal["ok", "failed", "out-of-memory", "timeout", "diverged", "skipped", "killed", "not-applicable"]
STATUSES: tuple[Status, ...] = get_args(Status)
KEPT_SESSIONS = 50
# Of a plan: what is no plain value, or has columns of its own. Of a record: what stands in columns beside the parts.
NOT_IN_A_ROW = frozenset({"settings", "identity", "hyperparameters", "variant", "split"})
IN_A_ROW = (
    "attempt", "status", "reason", "started_at", "finished_at", "is_alone", "environment_id", "energy_joules",
)  # fmt: skip


# Unknown fields are an error, NaN survives the trip to JSON.
CONFIG = ConfigDict(extra="forbid", ser_json_inf_nan="constants")


class Frozen(BaseModel):
    """A value that never changes after it was made."""

    model_config = ConfigDict(frozen=True, **CONFIG)


class SplitPlan(Frozen):
    """Which samples are train, validation and test: the official split, or the k-th resplit.

    scheme: `official` as the data set comes; `holdout`: the number-th random cut; `kfold`: fold `number` of `count`.
    count:  the number of folds; 1 for the other schemes, whose k-th split does not depend on how many there are.
    """

    scheme: Literal["official", "holdout", "kfold"] = "official"
    number: int = 0
    count: int = 1


class PlannedRun(Frozen):
    """One seeded execution, before it happens: everything that can change its result.

    `identity` holds the named parts of the identity (see `bench.runner.identity`), `run_id` their hash.
    `variant` is what a protocol varies from run to run, e.g. `{"training_size": 100}`.
    `label` is the model's name in tables; a suite may list one model twice under two labels.
    """

    run_id: str
    suite: str
    label: str
    model: str
    family: Family
    task: str
    dataset: str
    protocol: str
    settings: dict[str, Any]
    variant: dict[str, Value]
    hyperparameters: dict[str, Value]
    seed: int
    split: SplitPlan = SplitPlan()
    device: str
    threads: int
    identity: dict[str, str]

    @property
    def cell(self) -> tuple[str, str, str, str, str]:
        """What seeds are averaged over: data set, task, protocol, device and model label."""
        return self.dataset, self.task, self.protocol, self.device, self.label

    @property
    def place(self) -> tuple[Value, ...]:
        """Where the run stands in its suite: its cell, its seed, its variant. An edited model keeps its place."""
        split = f"{self.split.scheme} {self.split.number} of {self.split.count}"
        return *self.cell, self.seed, split, repr(sorted(self.variant.items()))

    def __str__(self) -> str:
        split = "" if self.split.scheme == "official" else f", split {self.split.number}"
        varied = "".join(f" {name}={value}" for name, value in self.variant.items())
        return f"{self.label} on {self.dataset}, seed {self.seed}{split}{varied}, {self.device}"


class SuitePlan(Frozen):
    """What a suite consisted of when it was last run, and the command that runs it again.

    is_sequential: were seeds added until something was decided? Then only a rule that holds however often one looks may
    say what its runs show.
    datasets: the user's own data that it was run on, which no plugin can describe later.
    """

    suite: str
    description: str = ""
    planned_at: str
    command: str
    runs: tuple[PlannedRun, ...]
    is_sequential: bool = False
    datasets: tuple[DatasetSpec, ...] = ()

    def merged(self, newer: SuitePlan, *, replace: bool) -> SuitePlan:
        """Return the plan after a newer run of the same suite.

        Runs of devices the newer one did not use are kept; with `replace` false (the newer one was asked for a
        part of the suite only), so is everything whose place it did not fill.
        """
        devices = {run.device for run in newer.runs}
        known = {run.run_id for run in self.runs}
        made = {run.run_id for run in newer.runs}
        if replace or made == known:
            # The same runs asked for in another way, as with the data root that was missing: the newest way counts.
            command = newer.command
        elif known.issuperset(made) or f" && {newer.command} && " in f" && {self.command} && ":
            command = self.command
        else:
            command = f"{self.command} && {newer.command}"
        filled = {run.place for run in newer.runs}
        kept = [run for run in self.runs if run.place not in filled and not (replace and run.device in devices)]
        is_sequential = newer.is_sequential or (self.is_sequential and bool(kept))
        runs = (*kept, *newer.runs)
        own = {spec.name: spec for spec in (*self.datasets, *newer.datasets)}
        update = {"runs": runs, "command": command, "is_sequential": is_sequential, "datasets": tuple(own.values())}
        return newer.model_copy(update=update)


# A store of many runs holds hundreds of thousands of scores and points: with slots they take a third of the memory.
@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class Score:
    """One number on the test part, with what is needed to read it without its plugin.

    `detail` holds what belongs beside the value: sample counts, the real-against-real reference, resizing …
    `source` is the fingerprint of the metric's code; empty for what the task or the protocol computed itself.
    `title` is its heading in a report; empty where the name says it, as `log_loss` does and `rmse` does not.
    `low`, `high` are the ends between which it can lie: 0 and 1 for a share, 0 and infinity for an error.
    """

    name: str
    value: float
    higher_is_better: bool
    unit: str = ""
    detail: dict[str, Value] = Field(default_factory=dict)
    source: str = ""
    title: str = ""
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)
class CurvePoint:
    """The state of training at one evaluation; `train_seconds` counts training only."""

    epoch: float
    step: int
    train_seconds: float
    train_loss: float | None = None
    validation: dict[str, float] = Field(default_factory=dict)


class Times(Frozen):
    """The three clocks and the whole, in seconds. Set-up is imports, data, building and warm-up."""

    setup_seconds: float = 0.0
    train_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    sampling_seconds: float = 0.0
    wall_seconds: float = 0.0


class Latency(Frozen):
    """Seconds for one prediction (or sample) at batch size 1, and predictions per second at `batch_size`.

    relative_error: half the 95 % interval of the median over the `repeats`, as a share of it. A quantile has a value
    only where at least one of the repeats lies beyond it: p95 from 20 repeats on, p99 from 100 on.
    """

    p50_seconds: float
    p95_seconds: float | None = None
    p99_seconds: float | None = None
    repeats: int
    throughput_per_second: float
    batch_size: int
    relative_error: float | None = None


class Memory(Frozen):
    """Peaks of the run's own work, in bytes; None where the device has no such figure."""

    peak_memory_bytes: int | None = None
    cuda_allocated_bytes: int | None = None
    cuda_reserved_bytes: int | None = None
    model_bytes: int | None = None


class ModelSize(Frozen):
    """Read off the built model; None where a black box does not show it.

    depth: layers with weights on the longest path. forward_macs: multiply-accumulates of one sample's forward
    pass; training_macs: those of its forward and backward pass.
    """

    parameter_count: int | None = None
    trainable_parameter_count: int | None = None
    depth: int | None = None
    forward_macs: int | None = None
    training_macs: int | None = None


class Work(Frozen):
    """What training made of the machine; None where operations are not counted: a black box, a game of networks.

    training_samples: how many went through the network, repeats counted. flops_per_second: two for each
    multiply-accumulate of the layers' products, over the training clock. share_of_peak: of the largest rate the
    same machine, device and threads reached in a matrix product when the suite began, about 0 to 1.
    """

    training_samples: int | None = None
    flops_per_second: float | None = None
    share_of_peak: float | None = None


class Artifact(Frozen):
    """A file that belongs to a run, e.g. a grid of samples; its bytes lie beside the record in the store."""

    name: str
    media_type: str


class Environment(Frozen):
    """The machine and the software, once per suite; `environment_id` hashes what must match to compare times."""

    environment_id: str
    facts: dict[str, Any]

    def followed_by(self, later: Environment) -> Environment:
        """Return the same machine after a later session: what changes from one to the next is the newest's.

        How busy it was at each start is kept, and every other git state that runs were made in.
        """
        changing: dict[str, Any] = {
            name: later.facts[name] for name in ("git", "counters", "peak_flops") if name in later.facts
        }
        start = later.facts.get("start")
        starts = [*self.facts.get("later_starts", ()), *([start] if start else [])]
        states = [state for state in (*self.facts.get("earlier_git", ()), self.facts.get("git")) if state]
        earlier = [state for n, state in enumerate(states) if state not in (*states[:n], changing.get("git"))]
        kept = {"later_starts": starts[-KEPT_SESSIONS:], "earlier_git": earlier[-KEPT_SESSIONS:]}
        facts: dict[str, Any] = {**self.facts, **changing, **{name: each for name, each in kept.items() if each}}
        return self.model_copy(update={"facts": facts})

    def slowed_down(self, slowdowns: Mapping[str, float]) -> Environment:
        """Return the same machine, slowed down by so much more while runs were made."""
        total: dict[str, float] = dict(self.facts.get("slowdowns", {}))
        for name, value in slowdowns.items():
            total[name] = total.get(name, 0.0) + value
        return self.model_copy(update={"facts": {**self.facts, "slowdowns": total}})


class RunRecord(Frozen):
    """The outcome of a run. A failed one has its status, its reason and whatever was measured until then.

    objective: the name of *the* main score; empty where the task has none, or the run ended before it was known.
    kept:      the names of the arrays in answer and truth that are kept.
    problem:   the spaces the model was built for.
    truth:     the key under which the store holds what the kept answers are scored against; empty where none are kept.
    """

    run: PlannedRun
    attempt: int = 1
    status: Status
    reason: str = ""
    traceback: str = ""
    output: str = ""
    started_at: str
    finished_at: str
    is_alone: bool = True
    environment_id: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    data: dict[str, str] = Field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    objective: str = ""
    truth: str = ""
    kept: tuple[str, ...] = ()
    problem: Problem | None = None
    curve: tuple[CurvePoint, ...] = ()
    times: Times = Times()
    memory: Memory = Memory()
    size: ModelSize = ModelSize()
    work: Work = Work()
    latency: Latency | None = None
    energy_joules: float | None = None
    artifacts: tuple[Artifact, ...] = ()
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Did the run end well?"""
        return self.status == "ok"

    @property
    def hyperparameters(self) -> dict[str, Value]:
        """Those the model was trained with: the plan's, or what a search found."""
        found = self.details.get("best")
        return {**self.run.hyperparameters, **(found if isinstance(found, dict) else {})}

    def score(self, name: str) -> float | None:
        """Return the value of a score by name, None where the run has none."""
        return next((score.value for score in self.scores if score.name == name), None)

    def row(self) -> dict[str, Any]:
        """Return the record as one flat row: the plan, the outcome, one column per score."""
        # Read off the fields: these are plain values, and ten thousand dumps would take as long as reading the file.
        parts: list[Mapping[str, Any]] = [
            {name: value for name, value in vars(self.run).items() if name not in NOT_IN_A_ROW},
            {"split": self.run.split.number, "split_scheme": self.run.split.scheme},
            {name: getattr(self, name) for name in IN_A_ROW},
            vars(self.times),
            vars(self.memory),
            vars(self.size),
            vars(self.work),
            {} if self.latency is None else {f"latency_{name}": value for name, value in vars(self.latency).items()},
            {f"hyperparameter.{name}": value for name, value in self.hyperparameters.items()},
            {f"variant.{name}": value for name, value in self.run.variant.items()},
            {f"score.{score.name}": score.value for score in self.scores},
        ]
        return {name: value for part in parts for name, value in part.items()}
