"""What is read off a record: each measure's unit and direction, what must match to compare it, and the main score."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.evidence.objective import is_clocked, is_target
from bench.record import RunRecord, Score
from bench.report.section import Direction, Kind, Measure
from bench.specs import Value

__all__ = [
    "RESOURCES",
    "Resource",
    "has_clock_budget",
    "is_rescored",
    "score_measure",
    "score_scope",
    "score_title",
    "shown_scores",
]

# A size is the model's own, and a score is a score on whichever device it was computed; a clock is the machine's.
Scope = Literal["model", "machine"]
MEGABYTE, KILOBYTE, MILLISECOND, GIGA, PERCENT = 1e6, 1e3, 1e-3, 1e9, 1e-2
# The detail that says that a score was computed after its run, from the answers that were kept.
RESCORED = "rescored"
# Details that tell how one run ended, or when it was scored, not how its score was measured: they part no columns.
OUTCOMES = frozenset({"is_reached", "trials", RESCORED})
TITLES = {
    "auroc": "AUROC",
    "f1": "F1",
    "fid": "FID",
    "kid": "KID",
    "tuning_seconds": "Tuning",
    "reverse_kl": "Reverse KL",
    "frechet_distance": "Fréchet distance",
}
# `fd:lenet-digits-v1@1f0c9a22`: a distance by the features of a network trained on a data set, and its weights.
DISTANCE = re.compile(r"fd:(?P<network>[a-z]+)-(?P<data>[^@]+?)(?:-v\d+)?@\w+")
NETWORKS = {"lenet": "LeNet", "inception": "Inception"}
# Beside the main score there is room for so many; these say most, then those recorded first.
SHOWN_SCORES = 3
TELLING = (
    *("auroc", "log_loss", "calibration_error"),
    *("standardised_mae", "mase"),
    *("conditional_accuracy", "tstr", "modes_captured", "memorised", "recall", "coverage"),
)
Reader = Callable[[RunRecord], float | None]


@dataclass(frozen=True)
class Resource:
    """A measure, where it is found in a record, and what must match before two of its values may be compared."""

    measure: Measure
    read: Reader
    scope: Scope


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


def _latency(record: RunRecord, name: str) -> float | None:
    return None if record.latency is None else _scaled(getattr(record.latency, name), MILLISECOND)


def _throughput(record: RunRecord) -> float | None:
    return None if record.latency is None else record.latency.throughput_per_second


def _sampling(record: RunRecord) -> float | None:
    # Only generators sample; the clock's default of zero is "never started" for everyone else.
    return record.times.sampling_seconds or None


def _training_rate(record: RunRecord) -> float | None:
    return _scaled(record.work.flops_per_second, GIGA)


def _share_of_peak(record: RunRecord) -> float | None:
    return _scaled(record.work.share_of_peak, PERCENT)


def _latency_error(record: RunRecord) -> float | None:
    return None if record.latency is None else _scaled(record.latency.relative_error, PERCENT)


def _time(
    name: str, title: str, unit: str, read: Reader, *, main: bool = False, better: Direction = "lower"
) -> Resource:
    return Resource(Measure(name, title, unit, better, "time", main, low=0.0), read, "machine")


def _memory(name: str, title: str, field: str, *, main: bool = False) -> Resource:
    measure = Measure(name, title, "MB", "lower", "memory", main, low=0.0)
    return Resource(measure, lambda record: _scaled(getattr(record.memory, field), MEGABYTE), "machine")


def _size(name: str, title: str, read: Reader, *, unit: str = "", main: bool = False, kind: Kind = "size") -> Resource:
    return Resource(Measure(name, title, unit, "", kind, main, low=0.0), read, "model")


RESOURCES: tuple[Resource, ...] = (
    _time("train_seconds", "Training", "s", lambda record: record.times.train_seconds, main=True),
    _time("latency_p50", "Latency", "ms", lambda record: _latency(record, "p50_seconds"), main=True),
    _memory("peak_memory", "Memory", "peak_memory_bytes", main=True),
    _memory("cuda_allocated", "GPU memory", "cuda_allocated_bytes", main=True),
    _size("parameters", "Parameters", lambda record: record.size.parameter_count, main=True),
    _size("depth", "Depth", lambda record: record.size.depth, unit="layers"),
    _time("latency_p95", "Latency p95", "ms", lambda record: _latency(record, "p95_seconds")),
    _time("latency_p99", "Latency p99", "ms", lambda record: _latency(record, "p99_seconds")),
    _time("throughput", "Throughput", "samples/s", _throughput, better="higher"),
    _time("setup_seconds", "Set-up", "s", lambda record: record.times.setup_seconds),
    _time("evaluation_seconds", "Evaluation", "s", lambda record: record.times.evaluation_seconds),
    _time("sampling_seconds", "Sampling", "s", _sampling),
    _time("energy", "Energy", "J", lambda record: record.energy_joules),
    _memory("cuda_reserved", "Reserved GPU memory", "cuda_reserved_bytes"),
    _size("trainable_parameters", "Trainable parameters", lambda record: record.size.trainable_parameter_count),
    _size("forward_macs", "Forward pass", lambda record: record.size.forward_macs, unit="MACs/sample"),
    _size("training_macs", "Training step", lambda record: record.size.training_macs, unit="MACs/sample"),
    _time("training_flops", "Training rate", "GFLOP/s", _training_rate, better="higher"),
    # The peak is tried anew in every session, so that a larger share may only mean a smaller peak.
    _time("share_of_peak", "Share of peak", "%", _share_of_peak, better=""),
    _time("latency_error", "Latency p50, relative error", "%", _latency_error, better=""),
    _size("model_size", "Model size", lambda record: _scaled(record.memory.model_bytes, KILOBYTE), unit="kB"),
)


def score_title(name: str, scores: Iterable[Score] = ()) -> str:
    """Return the heading of a score, for people: its own among `scores`, else its name made one."""
    if given := next((score.title for score in scores if score.name == name and score.title), ""):
        return given
    if distance := DISTANCE.fullmatch(name):
        network, data = distance["network"], distance["data"]
        return f"Fréchet distance ({NETWORKS.get(network, network)}, {data})"
    if ":" in name or name != name.lower():
        return name
    words = name.replace("_", " ")
    return TITLES.get(name, words[:1].upper() + words[1:])


def shown_scores(names: Iterable[str], main: str) -> frozenset[str]:
    """Return the scores of the first table: the main one and the few that say most beside it."""
    others = [name for name in names if name != main]
    others.sort(key=lambda name: TELLING.index(name) if name in TELLING else len(TELLING))
    return frozenset([main, *others[:SHOWN_SCORES]])


def is_rescored(score: Score) -> bool:
    """Was this computed after the run, from the answers it kept?"""
    return bool(score.detail.get(RESCORED, False))


def has_clock_budget(record: RunRecord) -> bool:
    """Did the clock end the training, so that what it reached depends on the machine as a time does?"""
    settings = record.run.settings.get("protocol")
    return isinstance(settings, Mapping) and settings.get("seconds") is not None


def score_scope(record: RunRecord, score: Score) -> Scope:
    """Return what must match before a score may be compared or averaged."""
    return "machine" if is_clocked(score) or has_clock_budget(record) else "model"


def score_measure(score: Score) -> Measure:
    """Return the measure a score belongs to; two that may not share a column are two measures.

    Settings of a metric (texts, whole numbers, switches) are part of it; decimal numbers in its detail are
    measurements that lie beside the value, as the reference does.
    """
    detail: tuple[tuple[str, Value], ...] = tuple(
        (name, value)
        for name, value in sorted(score.detail.items())
        if not isinstance(value, float) and name not in OUTCOMES
    )
    better: Direction = "higher" if score.higher_is_better else "lower"
    title = score_title(score.name, [score])
    return Measure(
        score.name, title, score.unit, better, "score", True, detail, is_target(score),
        score.low, score.high, score.name if title != score.name and ":" in score.name else "",
    )  # fmt: skip
