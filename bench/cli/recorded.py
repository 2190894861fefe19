"""What is recorded of one run, as rows of a name and a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bench.cli.common import ID_DIGITS

if TYPE_CHECKING:
    from bench.record import Environment, Latency, RunRecord, Work

__all__ = ["number", "rows"]

ABSENT = "–"
# Details with a row of their own; the rest of what a protocol wrote down follows by name.
TOLD = frozenset({"best", "trials", "pre_training_seconds"})
Row = tuple[str, str]


def rows(record: RunRecord, attempts: int, environment: Environment | None) -> list[Row]:
    """Return everything but scores, curve and texts; what was not measured stands as a dash, or where it says nothing
    of such a run is left out.
    """
    return [*_plan(record, attempts), *_where(record, environment), *_times(record), *_costs(record), *_rest(record)]


def _plan(record: RunRecord, attempts: int) -> Iterator[Row]:
    plan = record.run
    yield "run", plan.run_id
    yield "status", f"{record.status}  {record.reason}".strip()
    yield "attempt", f"{record.attempt} of {attempts}"
    yield "suite", plan.suite
    yield "task, protocol", f"{plan.task}, {plan.protocol}"
    best = record.details.get("best") if plan.protocol == "tuned" else None
    if plan.protocol == "tuned" and not isinstance(best, Mapping):
        yield "hyperparameters before tuning", _listed(plan.hyperparameters)
        return
    yield "hyperparameters", _listed(record.hyperparameters)
    if isinstance(best, Mapping):
        trials = record.details.get("trials", ())
        # The suite's own setting is the first trial.
        found = {name: best[name] for trial in trials for name in trial.get("setting", ()) if name in best}
        yield "tuned", f"{len(trials)} trials; best {_listed(found)}"


def _where(record: RunRecord, environment: Environment | None) -> Iterator[Row]:
    threads = record.run.threads
    words = [record.run.device, f"{threads} thread{'s' if threads != 1 else ''}"]
    if environment is not None:
        for part in ("cpu", "gpu"):
            described = environment.facts.get(part)
            name = described.get("model", described.get("name")) if isinstance(described, Mapping) else None
            words += [str(name)] if name else []
        words += [str(environment.facts["system"])] if "system" in environment.facts else []
    words += [f"id {record.environment_id[:ID_DIGITS]}"] if record.environment_id else []
    yield "environment", ", ".join(words)


def _times(record: RunRecord) -> Iterator[Row]:
    times = record.times
    yield "started, finished", f"{record.started_at}  {record.finished_at}"
    yield "training", f"{times.train_seconds:.3f} s"
    before = record.details.get("pre_training_seconds")
    if isinstance(before, int | float):
        yield "pre-training", f"{before:.3f} s"
    yield "set-up, evaluation", f"{times.setup_seconds:.3f} s, {times.evaluation_seconds:.3f} s"
    if times.sampling_seconds:
        yield "sampling", f"{times.sampling_seconds:.3f} s"
    yield "whole run", f"{times.wall_seconds:.3f} s" + ("" if record.is_alone else " (other runs beside it)")


def _costs(record: RunRecord) -> Iterator[Row]:
    size, memory = record.size, record.memory
    yield "peak memory, host", number(memory.peak_memory_bytes, 1e6, "MB")
    peaks = (memory.cuda_allocated_bytes, memory.cuda_reserved_bytes)
    if peaks != (None, None):
        allocated, reserved = (number(each, 1e6, "MB") for each in peaks)
        yield "peak memory, GPU", f"{allocated} allocated, {reserved} reserved"
    yield "model on disk", number(memory.model_bytes, 1e3, "KB")
    trainable = size.trainable_parameter_count
    yield "parameters", number(size.parameter_count) + ("" if trainable is None else f" ({trainable:,} trainable)")
    yield "depth", number(size.depth)
    yield "multiply-accumulates", f"{number(size.forward_macs)} forward, {number(size.training_macs)} there and back"
    yield "training rate", _rate(record.work)
    if record.work.training_samples is not None:
        yield "samples trained on", f"{record.work.training_samples:,}, repeats counted"
    yield "energy", number(record.energy_joules, 1, "J")
    if record.latency is not None:
        yield from _latency(record.latency)


def _latency(latency: Latency) -> Iterator[Row]:
    error = "" if latency.relative_error is None else f" ± {latency.relative_error:.1%}"
    p95, p99 = (
        ABSENT if each is None else f"{each * 1e3:.3f} ms" for each in (latency.p95_seconds, latency.p99_seconds)
    )
    yield "latency p50, p95, p99", f"{latency.p50_seconds * 1e3:.3f} ms{error}, {p95}, {p99} ({latency.repeats} calls)"
    yield "throughput", f"{number(latency.throughput_per_second)} samples/s at batch size {latency.batch_size}"


def _rest(record: RunRecord) -> Iterator[Row]:
    for name, value in record.details.items():
        if name not in TOLD:
            yield name.replace("_", " "), _words(value)
    if record.artifacts:
        yield "files", ", ".join(each.name for each in record.artifacts)


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return _listed(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "none"


def _rate(work: Work) -> str:
    """Return operations per second in training and what share of the machine's peak they are."""
    share = "" if work.share_of_peak is None else f", {work.share_of_peak:.2%} of the machine's peak"
    return f"{number(work.flops_per_second, 1e9, 'GFLOP/s')}{share}"


def number(value: float | None, scale: float = 1, unit: str = "") -> str:
    """Return a number in its unit, a dash where there is none."""
    if value is None:
        return ABSENT
    text = f"{value:,}" if isinstance(value, int) and scale == 1 else f"{value / scale:,.4g}"
    return f"{text} {unit}".strip()
