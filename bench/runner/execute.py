"""Carry out one run: load, train by the protocol, score by the task, measure; called inside the run's own process."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy
import torch

from bench.arrays import pack
from bench.data import Dataset
from bench.errors import BenchError, ContractError, DataMissing, Diverged, MissingExtra, NotApplicable
from bench.matching import BASELINE
from bench.measure.clock import Clocks
from bench.measure.energy import EnergyMeter
from bench.measure.latency import measure_latency
from bench.measure.memory import PeakMemory, is_out_of_memory, model_bytes
from bench.measure.seeds import seed_everything
from bench.measure.work import model_size, share_of_peak
from bench.model import Problem
from bench.protocols.base import Protocol, RunContext, Trained
from bench.record import CurvePoint, Latency, ModelSize, Status, Work
from bench.runner.jobs import Job, Outcome
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DatasetSpec, resolve
from bench.tasks.base import Part, Task, TaskData
from bench.tasks.encoding import Encoding, Vocabulary
from bench.tasks.scoring import bounded, score

__all__ = ["execute"]

# Beyond this share of the device's free memory the data stays on the host and each batch is sent.
RESIDENT_SHARE = 0.5
TRACEBACK_CHARACTERS = 20_000
EXAMPLES = 256
SINGLES = 64


def execute(job: Job, report: Callable[[CurvePoint], None]) -> Outcome:
    """Carry out a run and return its outcome; whatever is raised inside becomes the outcome's status and reason."""
    run = _Run(job, report)
    started = perf_counter()
    try:
        run.carry_out()
        status, reason, trace = "ok", "", ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit included; it is recorded
        status, reason = classify(error)
        if "memory" not in run.measured and run.memory.last is not None:
            run.measured["memory"] = run.memory.last
        trace = traceback.format_exc()[-TRACEBACK_CHARACTERS:]
    measured = run.measured | {"times": run.clocks.times(perf_counter() - started)}
    return Outcome(status=status, reason=reason, traceback=trace, **measured)  # type: ignore[arg-type]  # checked by pydantic


def classify(error: BaseException) -> tuple[Status, str]:
    """Return the status and the one-line reason of an exception."""
    text = str(error).strip()
    reason = text if isinstance(error, BenchError) else f"{type(error).__name__}: {text}"
    if isinstance(error, Diverged):
        return "diverged", reason
    if isinstance(error, MissingExtra | DataMissing):
        return "skipped", reason
    if isinstance(error, NotApplicable):
        return "not-applicable", reason
    if is_out_of_memory(error):
        return "out-of-memory", reason
    return "failed", reason


@dataclass
class _Run:
    job: Job
    report: Callable[[CurvePoint], None]
    measured: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.device = torch.device(self.job.plan.device)
        self.clocks, self.memory = Clocks(self.device), PeakMemory(self.device)
        self.placed: tuple[str, ...] = ()

    def carry_out(self) -> None:
        """Set up, train, score, measure; `measured` grows on the way, so that a failure keeps what was known."""
        with self.clocks.setup:
            task, protocol, data = self._set_up()
            trained = self._train(task, protocol, data)
            memory = trained.memory.model_copy(update={"model_bytes": model_bytes(trained.model)})
            self.measured |= {"memory": memory, "energy_joules": trained.energy_joules}
            self.measured["details"] = dict(trained.details)
            data = trained.data or data
            examples = data.test.take(slice(0, EXAMPLES)).trimmed().to(self.device)
            # What the harness itself wants to know belongs on no clock of the model's.
            with self.clocks.setup.paused():
                size, notes = model_size(
                    trained.model, examples.take(slice(0, 1)).trimmed().inputs(), data.problem.answer
                )
            self.measured |= {
                "size": size,
                "notes": (*self.placed, *trained.notes, *notes),
                "work": self._work(trained, size),
            }
            self._score(task, data, trained)
            with self.clocks.setup.paused(), torch.no_grad():
                self.measured["latency"] = self._latency(task, data, trained.model, examples)

    def _latency(self, task: Task, data: TaskData, model: Any, examples: Part) -> Latency:
        predict = task.predictor(model, data)
        singles = [examples.take(slice(i, i + 1)).trimmed() for i in range(min(len(examples), SINGLES))]
        return measure_latency(predict, singles, examples, self.device)

    def _set_up(self) -> tuple[Task, Protocol, TaskData]:
        job, plan = self.job, self.job.plan
        if self.device.type == "cuda":
            torch.cuda.init()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        seed_everything(plan.seed, deterministic=job.is_deterministic)
        # Of the modules in use; the installed distributions are part of the run's identity.
        self.measured["versions"] = {module.__name__: module.__version__ for module in (torch, numpy)}
        kind = resolve(job.task_target)
        task: Task = kind(kind.Settings.model_validate(plan.settings["task"]), plan.task, job.cache)
        rules = resolve(job.protocol_target)
        protocol: Protocol = rules(rules.Settings.model_validate(plan.settings["protocol"]))
        dataset = self._dataset(job.dataset)
        self.measured["data"] = dataset.hashes()
        data = self._place(self._prepared(task, dataset))
        self.measured["problem"] = _without_tokens(data.problem)
        return task, protocol, data

    def _dataset(self, spec: DatasetSpec) -> Dataset:
        """Load a data set and cut it as the run's split says, before anything is fitted to it."""
        dataset: Dataset = resolve(spec.target)(DataSource.of(spec, self.job.data_root))
        dataset.check()
        split = self.job.plan.split
        return dataset.resplit(split.scheme, split.number, split.count)

    def _place(self, data: TaskData) -> TaskData:
        """Put the data on the device, unless it would take more than half of what is free there."""
        if self.device.type == "cuda" and data.nbytes() > RESIDENT_SHARE * torch.cuda.mem_get_info(self.device)[0]:
            self.placed = (
                f"the data ({data.nbytes() / 1e9:.1f} GB) stayed on the host, since it is more than half of what the "
                "GPU has free: training seconds include the sending of every batch",
            )
            return data
        return data.to(self.device)

    def _train(self, task: Task, protocol: Protocol, data: TaskData) -> Trained:
        context = RunContext(
            plan=self.job.plan,
            task=task,
            data=data,
            device=self.device,
            clocks=self.clocks,
            memory=self.memory,
            energy=EnergyMeter(self.device),
            make=lambda data, overrides: self._build(task, data, overrides),
            report=self.report,
            load=lambda name: (task, self._load(task, name, data)),
            space=self.job.space,
        )
        return protocol.train(context)

    def _load(self, task: Task, name: str, data: TaskData) -> TaskData:
        spec = next(spec for spec in self.job.extra_datasets if spec.name == name)
        dataset = self._dataset(spec)
        self.measured["data"] |= {f"{name} {part}": value for part, value in dataset.hashes().items()}
        # Two vocabularies number the same words differently: weights of one would mean nothing in the other.
        sides = (data.encoding.input, data.encoding.target)
        like = Encoding(*(side if isinstance(side, Vocabulary) else None for side in sides))
        return self._place(self._prepared(task, dataset, like))

    def _prepared(self, task: Task, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        return replace(task.prepare(dataset, like), seed=self.job.plan.seed)

    def _build(self, task: Task, data: TaskData, overrides: Mapping[str, Any]) -> Any:
        plan = self.job.plan
        seed_everything(plan.seed, deterministic=self.job.is_deterministic)
        try:
            if plan.model == BASELINE:
                model = task.baseline(data.problem)
            else:
                model = resolve(self.job.model_target)(data.problem, **{**plan.hyperparameters, **overrides})
        except ContractError as refusal:
            # What the spaces could not say, the constructor does: a convolution that halves twice needs four pixels.
            raise NotApplicable(str(refusal)) from refusal
        if model is None:
            raise ContractError(f"{self.job.model_target} returned None; expected a torch.nn.Module or a black box")
        return model.to(self.device) if isinstance(model, torch.nn.Module) else model

    def _work(self, trained: Trained, size: ModelSize) -> Work:
        """Relate the operations of training to its seconds, for models whose step is one pass there and back."""
        if trained.samples is None:
            return Work()
        if size.training_macs is None or hasattr(trained.model, "training_step"):
            return Work(training_samples=trained.samples)
        seconds, macs = self.clocks.train.seconds, size.training_macs * trained.samples
        peak = self.job.peak_flops
        return Work(
            training_samples=trained.samples,
            flops_per_second=2 * macs / seconds,
            share_of_peak=None if peak is None else share_of_peak(macs, seconds, peak),
        )

    def _score(self, task: Task, data: TaskData, trained: Trained) -> None:
        with self.clocks.evaluation:
            answer = task.answer(trained.model, data, data.test, self.clocks.sampling)
        scores, problems = score(task, self.job.metrics, answer.arrays, data.truth, self.job.metric_sources)
        kept, cut = bounded(answer.arrays)
        truth, cut_truth = bounded(data.truth, "truth")
        artifacts = task.artifacts(trained.model, data)
        self.measured |= {
            "scores": (*scores, *trained.scores),
            "objective": task.main_score(scores),
            "notes": (*self.measured["notes"], *answer.notes, *problems, *cut, *cut_truth),
            "kept": tuple(sorted({*kept, *truth})),
            "answer": pack(kept),
            "truth": pack(truth),
            "artifacts": dict(artifacts),
        }


def _without_tokens(problem: Problem) -> Problem:
    """Return a problem as its record keeps it: thousands of words in every record would make a store slow to read."""

    def short(space: Space | None) -> Space | None:
        return replace(space, names=()) if space is not None and space.kind == "index" and space.axes else space

    return replace(problem, input=short(problem.input), target=short(problem.target))
