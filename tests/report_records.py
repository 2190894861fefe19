"""Realistic run records for tests of the report, without training anything."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image
from rich.console import Console

from bench.errors import StoreError
from bench.record import (
    Artifact,
    CurvePoint,
    Environment,
    Latency,
    Memory,
    ModelSize,
    PlannedRun,
    RunRecord,
    Score,
    Times,
)
from bench.report import Block, Choice, LineFigure, Report, Section, SectionData, Source, Table, build_report
from bench.report.numbers.analysis import analyse
from bench.report.numbers.grouping import group, newest

NASTY = "<script>alert('x')</script> </script> $\\LaTeX$ a|b c_d e&f `g` 100% #1 {h} ~ ^ \\end"
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SETTINGS = {"protocol": {"epochs": 20, "batch_size": 64, "learning_rate": 0.001, "schedule": "constant"}, "task": {}}
# family, accuracy, spread between seeds, train seconds, latency ms, memory MB, parameters, depth
CLASSIFIERS: dict[str, tuple[str, float, float, float, float, float, int | None, int | None]] = {
    "logistic": ("shallow", 0.9681, 0.0030, 0.041, 0.062, 0.4, 650, 1),
    "random-forest": ("shallow", 0.9722, 0.0034, 0.215, 6.4, 4.1, None, None),
    "gradient-boosting": ("shallow", 0.9637, 0.0041, 1.92, 1.7, 9.8, None, None),
    "mlp-shallow": ("shallow", 0.9748, 0.0026, 0.62, 0.071, 0.6, 4_810, 2),
    "mlp-deep": ("deep", 0.9751, 0.0040, 1.18, 0.12, 1.9, 42_634, 4),
    "lenet": ("deep", 0.9869, 0.0022, 3.4, 0.34, 6.2, 61_706, 5),
    "resnet": ("deep", 0.9892, 0.0019, 14.8, 1.9, 31.5, 272_474, 20),
}
# family, distance, modes of ten, train seconds, parameters, depth
GENERATORS: dict[str, tuple[str, float, float, float, int | None, int | None]] = {
    "class-gaussian": ("generative", 9.1, 10, 0.004, None, None),
    "gan": ("generative", 31.0, 7, 21.0, 201_000, 4),
    "dcgan": ("generative", 12.5, 10, 58.0, 410_000, 5),
    "vae": ("generative", 15.2, 10, 17.5, 168_000, 6),
}
DISTANCE = "fd:lenet-digits-v1@1f0c9a22"
ENVIRONMENT = Environment(
    environment_id="env-a",
    facts={
        "device": "cpu",
        "threads": 1,
        "is_deterministic": False,
        "cpu": {"model": "AMD EPYC 7B13", "physical_cores": 1, "logical_cores": 2, "usable_cores": 2},
        "gpu": None,
        "memory": {"total_bytes": 16_777_216_000, "limit_bytes": None},
        "software": {"python": "3.11.9", "torch": "2.15.0", "scikit-learn": "1.7.0"},
        "system": "Linux 6.8",
        "start": {"load_average": 0.12, "busy_share": 0.03, "steal_share": 0.0},
    },
)


def plan(label: str = "lenet", **changes: Any) -> PlannedRun:
    """Return a planned run; any field can be changed."""
    fields: dict[str, Any] = {
        "suite": "quickstart",
        "label": label,
        "model": label,
        "family": "deep",
        "task": "classification",
        "dataset": "digits",
        "protocol": "fixed-budget",
        "settings": SETTINGS,
        "variant": {},
        "hyperparameters": {"width": 64},
        "seed": 0,
        "device": "cpu",
        "threads": 1,
        "identity": {"source": "1a2b", "torch": "2.15.0"},
    } | changes
    parts = (fields["suite"], label, fields["dataset"], fields["task"], fields["device"], fields["seed"])
    identity = "-".join(
        map(str, (*parts, fields["threads"], *fields["variant"].values(), *fields["identity"].values()))
    )
    return PlannedRun(run_id=fields.pop("run_id", identity), **fields)


def record(run: PlannedRun | None = None, *, accuracy: float | None = 0.98, **changes: Any) -> RunRecord:
    """Return a good classification record; any field can be changed."""
    run = run or plan()
    finished = START + timedelta(seconds=10 * run.seed + 1)
    fields: dict[str, Any] = {
        "run": run,
        "status": "ok",
        "started_at": START.isoformat(),
        "finished_at": finished.isoformat(),
        "environment_id": "env-a",
        "versions": {"depthbench": "0.1.0", "torch": "2.15.0"},
        "data": {"train": "a1", "validation": "b2", "test": "c3d4e5f6a7"},
        "times": Times(setup_seconds=0.2, train_seconds=2.0, evaluation_seconds=0.05, wall_seconds=2.4),
    }
    if accuracy is not None and "scores" not in changes:
        fields["scores"] = (Score(name="accuracy", value=accuracy, higher_is_better=True),)
        fields["objective"] = "accuracy"
    return RunRecord(**(fields | changes))


def failed(run: PlannedRun, status: str = "failed", reason: str = "ValueError: shapes", **changes: Any) -> RunRecord:
    """Return the record of a run that did not end well."""
    trace = f"Traceback (most recent call last):\n  File 'model.py', line 3, in forward\n{reason}"
    return record(run, accuracy=None, status=status, reason=reason, traceback=trace, output="epoch 1 …\n", **changes)


def curve(final: float, seconds: float, points: int = 20) -> tuple[CurvePoint, ...]:
    """Return a learning curve that approaches its final value."""
    return tuple(
        CurvePoint(
            epoch=step,
            step=step * 23,
            train_seconds=seconds * step / points,
            train_loss=2.3 * math.exp(-step / 4),
            validation={"accuracy": final - 0.35 * math.exp(-step / 4)},
        )
        for step in range(1, points + 1)
    )


def classifiers(
    seeds: Iterable[int] = range(5), *, dataset: str = "digits", device: str = "cpu", shift: float = 0.0, **changes: Any
) -> Iterator[RunRecord]:
    """Yield the records of seven classifiers, the same ones every time."""
    speed = 4.0 if device == "cuda" else 1.0
    for label, (family, accuracy, spread, seconds, latency, memory, parameters, depth) in CLASSIFIERS.items():
        if device == "cuda" and parameters is None:
            continue
        for seed in seeds:
            draw = random.Random(f"{label}{seed}{dataset}")
            value = min(accuracy + shift + draw.gauss(0, spread), 1.0)
            trained = seconds / speed * draw.uniform(0.95, 1.08)
            run = plan(label, family=family, seed=seed, dataset=dataset, device=device)
            yield record(
                run,
                scores=_scores(value, draw),
                objective="accuracy",
                curve=curve(value, trained) if parameters else (),
                times=Times(
                    setup_seconds=0.3, train_seconds=trained, evaluation_seconds=0.04, wall_seconds=trained + 0.5
                ),
                latency=_latency(latency / speed**0.5, draw),
                memory=_memory(memory, device),
                size=ModelSize(
                    parameter_count=parameters,
                    trainable_parameter_count=parameters,
                    depth=depth,
                    forward_macs=parameters,
                ),
                **changes,
            )


def generators(seeds: Iterable[int] = range(5), **changes: Any) -> Iterator[RunRecord]:
    """Yield the records of four generative models with their pictures' names."""
    for label, (family, distance, modes, seconds, parameters, depth) in GENERATORS.items():
        for seed in seeds:
            draw = random.Random(f"{label}{seed}")
            detail = {"reference": draw.uniform(0.9, 1.3), "samples": 1000, "extractor": "lenet-digits-v1"}
            trained = seconds * draw.uniform(0.95, 1.1)
            yield record(
                plan(label, family=family, seed=seed, task="image-generation"),
                scores=(
                    Score(
                        name=DISTANCE,
                        value=distance * draw.uniform(0.92, 1.1),
                        higher_is_better=False,
                        detail=detail,
                    ),
                    Score(name="modes", value=float(modes), higher_is_better=True, unit="of 10"),
                    Score(name="recall", value=draw.uniform(0.3, 0.7), higher_is_better=True),
                ),
                objective=DISTANCE,
                times=Times(train_seconds=trained, sampling_seconds=0.08, wall_seconds=trained + 1),
                latency=_latency(0.4, draw),
                memory=_memory(24.0, "cpu"),
                size=ModelSize(parameter_count=parameters, depth=depth),
                artifacts=(Artifact(name="samples.png", media_type="image/png"),),
                **changes,
            )


def picture(each: RunRecord, name: str) -> bytes:
    """Return the artifact of a record as a store would: a grid of grey blobs."""
    if name not in {artifact.name for artifact in each.artifacts}:
        raise StoreError(f"run {each.run.run_id} has no artifact {name!r}")
    draw = random.Random(each.run.run_id)
    image = Image.new("L", (80, 80))
    for x in range(80):
        for y in range(80):
            near = math.hypot(x % 10 - 4.5, y % 10 - 4.5)
            image.putpixel((x, y), max(0, min(255, int(230 - 50 * near + draw.gauss(0, 25)))))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def whole_suite() -> list[RunRecord]:
    """Return what a quickstart leaves: three sections, a model that failed once, one that always fails."""
    records = [*classifiers(), *classifiers(dataset="wine", shift=-0.02), *generators()]
    records = [_once_failed(each) for each in records]
    for seed in range(5):
        run = plan("segfaulter", seed=seed)
        records.append(failed(run, "killed" if seed == 4 else "failed", "process died with signal 11 (SIGSEGV)"))
    skipped = plan("boosted-trees", family="shallow", seed=0)
    records.append(failed(skipped, "skipped", "xgboost is not installed: pip install 'xgboost'", data={}))
    return records


def _once_failed(each: RunRecord) -> RunRecord:
    run = each.run
    if (run.label, run.seed, run.dataset) != ("gan", 3, "digits"):
        return each
    return failed(run, "diverged", "loss is nan at step 412", data=each.data)


def _scores(accuracy: float, draw: random.Random) -> tuple[Score, ...]:
    return (
        Score(name="accuracy", value=accuracy, higher_is_better=True),
        Score(name="f1", value=accuracy - draw.uniform(0, 0.002), higher_is_better=True),
        Score(name="auroc", value=min(1.0, 0.5 + accuracy / 2 + 0.005), higher_is_better=True),
        Score(name="log_loss", value=(1 - accuracy) * draw.uniform(3, 3.6), higher_is_better=False, unit="nats"),
        Score(name="calibration_error", value=draw.uniform(0.008, 0.02), higher_is_better=False),
    )


def _latency(milliseconds: float, draw: random.Random) -> Latency:
    p50 = milliseconds / 1e3 * draw.uniform(0.97, 1.05)
    return Latency(
        p50_seconds=p50,
        p95_seconds=p50 * 1.3,
        p99_seconds=p50 * 1.9,
        repeats=200,
        throughput_per_second=64 / p50 / 8,
        batch_size=64,
    )


def _memory(megabytes: float, device: str) -> Memory:
    gpu = int(megabytes * 2e6) if device == "cuda" else None
    return Memory(peak_memory_bytes=int(megabytes * 1e6), cuda_allocated_bytes=gpu, model_bytes=int(megabytes * 1e5))


def report(records: Iterable[RunRecord], **options: Any) -> Report:
    return build_report(list(records), {}, Source(artifacts=picture), title="t", command="c", **options)


def results(made: Report) -> list[Section]:
    """Return the sections of a report that hold results of one data set, task and protocol."""
    return [section for section in made.sections if section.kind == "results"]


def only(records: Iterable[RunRecord]) -> Section:
    (section,) = results(report(records))
    return section


def data(records: Iterable[RunRecord]) -> SectionData:
    """Return what the records of one section allow to say."""
    (found,) = group(list(records))
    return analyse(newest(found), {})


def blocks(section: Section) -> list[Block]:
    """Return the blocks of a section, the options of a choice one after another."""
    return [
        each for block in section.blocks for each in (block.options.values() if isinstance(block, Choice) else (block,))
    ]


def table(section: Section, key: str = "-table") -> Table:
    """Return the table of a section whose key ends like this, by default that of its models."""
    (found,) = [block for block in blocks(section) if isinstance(block, Table) and block.key.endswith(key)]
    return found


def lines(section: Section, key: str) -> list[LineFigure]:
    """Return the line figures of a section whose key holds this."""
    return [block for block in blocks(section) if isinstance(block, LineFigure) and key in block.key]


def draw(*parts: Any) -> float:
    return random.Random(repr(parts)).gauss(0, 0.002)


def terminal_text(made: Report, width: int = 100) -> str:
    from bench_reports import terminal

    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal.summary(made))
    return capture.get()


def timed(label: str, seed: int, value: float, **changes: Any) -> RunRecord:
    target = Score(
        name="time_to_target", value=value, higher_is_better=False, unit="s",
        detail={"target": 0.9, "objective": "accuracy", "is_reached": math.isfinite(value)},
    )  # fmt: skip
    quality = Score(name="accuracy", value=0.9, higher_is_better=True)
    end = value if math.isfinite(value) else 9.0
    return record(
        plan(label, protocol="time-to-target", seed=seed), scores=(quality, target), times=Times(train_seconds=end),
        **changes,
    )  # fmt: skip
