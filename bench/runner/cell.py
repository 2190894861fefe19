"""One cell of a suite, a model on one data set under one task and protocol, and the jobs of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bench import sources
from bench.own import BUILDER
from bench.plugins import Offer
from bench.protocols.base import Protocol
from bench.record import PlannedRun, SplitPlan
from bench.runner.identity import canonical, hash_parts, installed_version, spec_text
from bench.runner.jobs import Job
from bench.runner.own_models import FILE
from bench.specs import DatasetSpec, MetricSpec, ModelSpec, ProtocolSpec, TaskSpec, Value
from bench.suite import Compare, ModelEntry
from bench.tasks.base import Task

if TYPE_CHECKING:
    from bench.runner.plan import Expansion

__all__ = ["Cell", "Contender", "Question", "Where"]

# Where an entry stands in its file, e.g. ("compare", 0, "models", 2).
Where = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What all runs of one `[[compare]]` share; `extra` are the data sets that its protocol needs beside each run's."""

    compare: Compare
    task: Offer[TaskSpec]
    asked: Task
    protocol: Offer[ProtocolSpec]
    settings: dict[str, Any]
    rules: Protocol
    extra: tuple[Offer[DatasetSpec], ...]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A model as a suite lists it, with its hyperparameters; `where` is empty for one that the command line adds."""

    entry: ModelEntry
    where: Where
    model: Offer[ModelSpec]
    given: dict[str, Value]

    @property
    def label(self) -> str:
        """What tables call it."""
        return self.entry.label or self.entry.model or self.entry.target

    @property
    def builder(self) -> str:
        """The target that a run's process calls."""
        return BUILDER if self.entry.target else self.model.spec.target

    @property
    def sources(self) -> tuple[str, ...]:
        """The targets whose source counts; an installed library, which nobody edits, counts by its version."""
        if not self.entry.target:
            return (self.model.spec.target,)
        return (BUILDER, self.entry.target) if self.model.owner.version == FILE else (BUILDER,)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One model on one data set, with what a protocol varies and the device: its runs differ in seed and split."""

    expansion: Expansion
    question: Question
    contender: Contender
    dataset: Offer[DatasetSpec]
    device: str
    variant: dict[str, Value]
    hyperparameters: dict[str, Value]

    def job(self, seed: int, split: SplitPlan) -> Job:
        """Return the run of one seed and split, with everything that its process needs."""
        expansion, choices = self.expansion, self.expansion.choices
        suite = expansion.file.suite
        metrics = self._metrics()
        identity = self._identity(seed, split)
        plan = PlannedRun(
            run_id=hash_parts(identity),
            suite=suite.name,
            label=self.contender.label,
            model=self.model.spec.name,
            family=self.model.spec.family,
            task=self.compare.task.name,
            dataset=self.dataset.spec.name,
            protocol=self.compare.protocol.name,
            settings=self.settings,
            variant=dict(self.variant),
            hyperparameters=self.hyperparameters,
            seed=seed,
            split=split,
            device=self.device,
            threads=choices.threads,
            identity=identity,
        )
        needed: tuple[Offer[Any], ...] = (self.model, self.dataset, self._task, *self._extra)
        missing = [error for error in (offer.missing() for offer in needed) if error]
        return Job(
            plan=plan,
            model_target=self.contender.builder,
            task_target=self._task.spec.target,
            protocol_target=self._protocol_target,
            dataset=self.dataset.spec,
            metrics=tuple(offer.spec for offer in metrics),
            metric_sources={offer.spec.name: self.expansion.code.source(offer.spec.target) for offer in metrics},
            space=self.model.spec.space,
            extra_datasets=tuple(offer.spec for offer in self._extra),
            missing=str(missing[0]) if missing else "",
            data_root=str(choices.data_root) if choices.data_root else None,
            cache=str(choices.cache),
            memory_limit_bytes=choices.memory_limit_bytes,
            timeout_seconds=choices.timeout_seconds or suite.timeout_seconds,
            is_deterministic=choices.is_deterministic,
        )

    @property
    def compare(self) -> Compare:
        """The comparison of the suite that it belongs to."""
        return self.question.compare

    @property
    def model(self) -> Offer[ModelSpec]:
        """The model's spec and whose it is."""
        return self.contender.model

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting of the task and of the protocol."""
        return self.question.settings

    @property
    def _task(self) -> Offer[TaskSpec]:
        return self.question.task

    @property
    def _extra(self) -> tuple[Offer[DatasetSpec], ...]:
        return self.question.extra

    @property
    def _protocol_target(self) -> str:
        return self.question.protocol.spec.target

    def _metrics(self) -> list[Offer[MetricSpec]]:
        """Every installed metric that can be computed here; which arrays there are shows when there are answers."""
        return [offer for offer in self.expansion.plugins.metrics.values() if offer.missing() is None]

    def _identity(self, seed: int, split: SplitPlan) -> dict[str, str]:
        """Return the named parts of the run's identity. Metrics are none: they judge answers that are kept."""
        code, choices = self.expansion.code, self.expansion.choices
        model, datasets = self.model, (self.dataset, *self._extra)
        offers: tuple[Offer[Any], ...] = (model, *datasets, self._task, self.question.protocol)
        needed = {name for offer in offers for name in offer.spec.requires}
        libraries = {name: installed_version(name) for name in {"torch", "numpy", *needed}}
        used = (*self.contender.sources, *(offer.spec.target for offer in offers if offer is not model))
        for target in used:
            libraries |= code.libraries(target)
        return {
            "model": f"{model.spec.name} {model.spec.target} {model.owner.distribution} {model.owner.version}",
            "model spec": spec_text(model.spec),
            "model source": " ".join(code.source(target) for target in self.contender.sources),
            "hyperparameters": canonical(self.hyperparameters),
            "data": canonical([sources.fingerprint(offer.spec) for offer in datasets]),
            "data spec": canonical([sha256(spec_text(offer.spec).encode()).hexdigest() for offer in datasets]),
            "data source": canonical([code.source(offer.spec.target) for offer in datasets]),
            "task": canonical([self._task.spec.name, self.settings["task"]]),
            "task source": code.source(self._task.spec.target),
            "protocol": canonical([self.compare.protocol.name, self.settings["protocol"], self.variant]),
            "protocol source": code.source(self._protocol_target),
            "harness": self.expansion.harness,
            "seed": str(seed),
            "split": f"{split.scheme} {split.number} of {split.count}",
            "device": self.device,
            "threads": str(choices.threads),
            "is deterministic": str(choices.is_deterministic),
            "libraries": canonical(libraries),
        }
