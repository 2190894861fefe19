"""Every hook a plugin may implement: one signature and one sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from bench.record import CurvePoint, PlannedRun, RunRecord
    from bench.specs import DatasetSpec, MetricSpec, ModelSpec, ProtocolSpec, ReaderSpec, RendererSpec, TaskSpec

__all__ = ["hookimpl", "hookspec"]

hookspec = HookspecMarker("bench")
hookimpl = HookimplMarker("bench")


@hookspec
def bench_models() -> Iterable[ModelSpec]:  # type: ignore[empty-body]
    """Return the models this plugin offers."""


@hookspec
def bench_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Return the data sets this plugin offers."""


@hookspec
def bench_readers() -> Iterable[ReaderSpec]:  # type: ignore[empty-body]
    """Return what this plugin makes data sets of users' own files with."""


@hookspec
def bench_tasks() -> Iterable[TaskSpec]:  # type: ignore[empty-body]
    """Return the tasks this plugin offers."""


@hookspec
def bench_protocols() -> Iterable[ProtocolSpec]:  # type: ignore[empty-body]
    """Return the protocols this plugin offers."""


@hookspec
def bench_metrics() -> Iterable[MetricSpec]:  # type: ignore[empty-body]
    """Return the metrics this plugin adds to a task."""


@hookspec
def bench_renderers() -> Iterable[RendererSpec]:  # type: ignore[empty-body]
    """Return the report formats this plugin offers."""


@hookspec
def bench_suite_started(suite: str, runs: tuple[PlannedRun, ...]) -> None:
    """Hear that a suite begins, and which runs are to be made now."""


@hookspec
def bench_run_started(run: PlannedRun) -> None:
    """Hear that a run has begun in its own process."""


@hookspec
def bench_epoch_ended(run: PlannedRun, point: CurvePoint) -> None:
    """Hear one point of a run's learning curve as it is measured."""


@hookspec
def bench_run_finished(run: PlannedRun, record: RunRecord) -> None:
    """Hear that a run has ended, well or badly, after its record was stored, or that it was interrupted."""


@hookspec
def bench_suite_finished(suite: str, statuses: Mapping[str, int], is_complete: bool) -> None:
    """Hear that a suite is over, with the number of its runs by status, complete or interrupted."""
