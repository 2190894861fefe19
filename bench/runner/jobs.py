"""What travels to the process of a run, and what comes back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bench.model import Problem
from bench.record import CurvePoint, Latency, Memory, ModelSize, PlannedRun, Score, Status, Times, Work
from bench.runner.plain import plain
from bench.specs import DatasetSpec, Hyperparameter, MetricSpec

__all__ = ["Job", "Message", "Outcome"]


class Wire(BaseModel):
    """A value on the wire between our own processes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="constants", ser_json_bytes="base64", val_json_bytes="base64"
    )


class Job(Wire):
    """A planned run with the import targets it needs, so that its process need not look for plugins.

    `space` is the model's search space; `extra_datasets` are what the protocol needs beside the run's own.
    `missing` says why the run cannot be made at all (an extra that is not installed); `memory_limit_bytes` bounds its
    memory and that of its workers. An executor fills in where the run is made: `cores` are the processors it is pinned
    to, `gpu` names the only GPU it sees (as CUDA_VISIBLE_DEVICES would; empty: what CUDA takes first), `peak_flops` is
    what the device can do at most.
    """

    plan: PlannedRun
    model_target: str
    task_target: str
    protocol_target: str
    dataset: DatasetSpec
    metrics: tuple[MetricSpec, ...]
    metric_sources: dict[str, str] = {}
    space: dict[str, Annotated[Hyperparameter, Field(discriminator="kind")]] = {}
    extra_datasets: tuple[DatasetSpec, ...] = ()
    missing: str = ""
    data_root: str | None
    cache: str
    cores: tuple[int, ...] = ()
    gpu: str = ""
    memory_limit_bytes: int | None = None
    timeout_seconds: float = 3600.0
    is_deterministic: bool = False
    peak_flops: float | None = None


class Outcome(Wire):
    """What a run's process says of itself at its end, whole or as far as it came.

    objective: the name of *the* main score, empty where there is none. artifacts: name → media type and bytes.
    answer, truth: what was answered for each test sample and what is right, as safetensors; empty where none is kept.
    """

    status: Status
    reason: str = ""
    traceback: str = ""
    scores: tuple[Score, ...] = ()
    objective: str = ""
    problem: Problem | None = None
    kept: tuple[str, ...] = ()
    times: Times = Times()
    memory: Memory = Memory()
    size: ModelSize = ModelSize()
    work: Work = Work()
    latency: Latency | None = None
    energy_joules: float | None = None
    versions: dict[str, str] = {}
    data: dict[str, str] = {}
    artifacts: dict[str, tuple[str, bytes]] = {}
    answer: bytes = b""
    truth: bytes = b""
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = {}

    @field_validator("reason", "traceback", "notes", "details", mode="before")
    @classmethod
    def _fit_for_json(cls, value: object) -> object:
        """A plugin may say anything here; what JSON cannot hold must not cost the run its measurements."""
        return plain(value)


class Message(Wire):
    """What a run's process says: a point of its curve, the value of a call, or its outcome.

    sizes: the bytes of the outcome's binary parts, which follow the message raw (see `bench.runner.channel`).
    counters: the hardware's counters after the run (see `bench.measure.strain`).
    """

    kind: Literal["point", "outcome", "value"]
    point: CurvePoint | None = None
    outcome: Outcome | None = None
    value: Any = None
    sizes: tuple[int, ...] = ()
    counters: dict[str, float] = {}
