"""Expand a suite into jobs: every run with its identity, best ordered for a suite that may be cut short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path

from bench.errors import BenchError, UnknownName, UsageError
from bench.matching import complaint, refusal
from bench.mistakes import Mistake, checked, raise_all, wrong_values
from bench.plugins import Catalogue, Offer, Plugins
from bench.protocols.base import Protocol
from bench.record import SplitPlan
from bench.runner.cell import Cell, Contender, Question, Where
from bench.runner.checks import check_value
from bench.runner.identity import Fingerprints, canonical, harness_fingerprint
from bench.runner.jobs import Job
from bench.runner.own_data import add_own, inspect_own, located
from bench.runner.own_models import is_target, own_offer
from bench.runner.pairs import default_splits, pairs, seeds_counted_on
from bench.specs import (
    DatasetSpec,
    ModelSpec,
    Spec,
    Value,
)
from bench.suite import Compare, DatasetEntry, ModelEntry, Splits, SuiteFile
from bench.tasks.base import Task

__all__ = ["Choices", "expand"]


S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Choices:
    """What the command line says about a suite; empty means as the suite has it.

    models: replace the suite's; a leading `+` adds to them. A model the suite lists keeps its places and settings.
    """

    models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    splits: Splits | None = None
    devices: tuple[str, ...] = ("cpu",)
    threads: int = 1
    data_root: Path | None = None
    timeout_seconds: float | None = None
    memory_limit_bytes: int | None = None
    is_deterministic: bool = False
    cache: Path = field(default_factory=lambda: user_cache_path("bench"))

    @property
    def is_partial(self) -> bool:
        """Does the command line leave parts of the suite out?"""
        return bool(self.models or self.datasets or self.seeds or self.splits)


def expand(file: SuiteFile, plugins: Plugins, choices: Choices) -> list[Job]:
    """Return the jobs of a suite: seeds outermost, so that an interrupted suite has every model before every seed.

    Raises UnknownName and SuiteError for names and settings that nothing answers to.
    """
    return list(Expansion(file, plugins, choices).jobs())


class Expansion:
    """A suite on its way to jobs: names are looked up, mistakes are noted, and all of them are told at once."""

    def __init__(self, file: SuiteFile, plugins: Plugins, choices: Choices) -> None:
        self.file, self.plugins, self.choices = file, plugins, choices
        self.harness = harness_fingerprint()
        self.code = Fingerprints()
        self.mistakes: list[Mistake] = list(file.mistakes)
        entries = [entry for compare in file.suite.compare for entry in compare.models]
        self.listed = {name for entry in entries for name in _names(entry)}
        self.own = {name: self._own(name) for name in self._chosen() if name not in self.listed and is_target(name)}

    def jobs(self) -> Iterator[Job]:
        self.compared: set[str] = set()
        compares = enumerate(self.file.suite.compare)
        cells = [cell for index, compare in compares for cell in self._cells(index, compare)]
        raise_all(self.mistakes, self.file.path)
        self._check_choices(cells)
        named: dict[tuple[Any, ...], tuple[str, Cell]] = {}
        seen: set[str] = set()
        for cell, seed, split in _rounds(cells):
            job = cell.job(seed, split)
            place = (*job.plan.place, canonical(job.plan.settings))
            run_id, other = named.setdefault(place, (job.plan.run_id, cell))
            if run_id != job.plan.run_id:
                self._note(cell.contender.where, _same_label(other, cell))
            elif job.plan.run_id not in seen:
                yield job
            seen.add(job.plan.run_id)
        raise_all(self.mistakes, self.file.path)

    def _note(self, where: Where, text: str) -> None:
        self.mistakes.append(self.file.mistake(where, text))

    def _found(self, catalogue: Catalogue[S], name: str, where: Where) -> Offer[S] | None:
        """Look a name of the suite up; where nothing answers to it, the mistake is noted."""
        if not name and self.file.mistakes:
            # It is missing, or was no name; that has been told.
            return None
        try:
            return catalogue.find(name, self.file.place(*where))
        except UnknownName as error:
            self._note(where, str(error))
            return None

    def _chosen(self) -> list[str]:
        return [name.removeprefix("+") for name in self.choices.models]

    def _own(self, target: str, entry: ModelEntry | None = None) -> Offer[ModelSpec]:
        """Return the offer of an import path; raises UsageError where it leads nowhere."""
        family, given = (None, {}) if entry is None else (entry.family, entry.hyperparameters)
        return own_offer(target, (self.file.path.parent, Path.cwd()), family=family, given=given)

    def _model(self, entry: ModelEntry, where: Where) -> Offer[ModelSpec] | None:
        if not entry.target:
            return self._found(self.plugins.models, entry.model, (*where, "model"))
        try:
            return self._own(entry.target, entry)
        except UsageError as error:
            here = (*where, "target")
            self._note(here, f"{self.file.place(*here)}: {error}")
            return None

    def _check_choices(self, cells: Sequence[Cell]) -> None:
        for name in self.choices.models:
            plain = name.removeprefix("+")
            if plain not in self.listed and plain not in self.plugins.models and plain not in self.own:
                raise self._no_model(plain)
        for name in self.choices.datasets:
            if name not in self.compared:
                self.plugins.datasets.find(name, "--datasets")
            if not any(cell.dataset.spec.name == name for cell in cells):
                raise self._not_compared_on(name)
        if not cells:
            raise UsageError(
                f"suite {self.file.suite.name} has nothing to run for {', '.join(self.choices.models)}: "
                "no such model fits a task of the suite (see: bench list models)"
            )

    def _no_model(self, name: str) -> UsageError:
        parts = {part.strip(): label for label in self.listed for part in label.split(",") if "," in label}
        whole = parts.get(name)
        if whole is not None:
            return UsageError(
                f"unknown model {name!r} in --models. The label {whole!r} has a comma: "
                f"""put it in double quotes, --models '"{whole}"'"""
            )
        return UnknownName("model", name, {*self.plugins.models, *self.listed}, place="--models")

    def _not_compared_on(self, dataset: str) -> UsageError:
        suite, chosen = self.file.suite, self._chosen()
        if dataset not in self.compared:
            return UnknownName("data set", dataset, self.compared, place=f"suite {suite.name}")
        return UsageError(
            f"suite {suite.name} has nothing to run on data set {dataset!r}: "
            f"it compares no model of {', '.join(chosen)} there. Leave out --models or --datasets"
        )

    def _cells(self, index: int, compare: Compare) -> Iterator[Cell]:
        question = self._question(index, compare)
        contenders = [*self._contenders(index, compare)]
        datasets = [*self._datasets(index, compare, None if question is None else question.asked)]
        if question is None:
            return
        varied = [(each, self._variants(question.rules, each)) for each in contenders]
        for dataset in datasets:
            for contender, variants in varied:
                if not self._can_meet(contender, question.asked, dataset.spec):
                    continue
                for device in self._devices(contender.model.spec):
                    for variant in variants:
                        yield Cell(
                            expansion=self,
                            question=question,
                            contender=contender,
                            dataset=dataset,
                            device=device,
                            variant=variant,
                            hyperparameters=question.rules.hyperparameters(contender.given, variant),
                        )

    def _can_meet(self, contender: Contender, task: Task, dataset: DatasetSpec) -> bool:
        reason = complaint(contender.model.spec, task, dataset)
        # Who joins a suite comes along wherever it fits.
        if reason and contender.where:
            self._note(contender.where, f"{self.file.place(*contender.where)}: {reason} ({dataset.name})")
        return not reason

    def _variants(self, rules: Protocol, contender: Contender) -> Sequence[dict[str, Value]]:
        try:
            return rules.variants(contender.model.spec, contender.given)
        except UsageError as error:
            # Who joins a suite comes along wherever the protocol has something to vary in it.
            if contender.where:
                self._note(contender.where, f"{self.file.place(*contender.where)}: {error}")
            return ()

    def _question(self, index: int, compare: Compare) -> Question | None:
        task = self._found(self.plugins.tasks, compare.task.name, ("compare", index, "task"))
        protocol = self._found(self.plugins.protocols, compare.protocol.name, ("compare", index, "protocol"))
        asked = None if task is None else self._settings(task, compare.task.settings, index, "task")
        ruled = None if protocol is None else self._settings(protocol, compare.protocol.settings, index, "protocol")
        if task is None or protocol is None or asked is None or ruled is None:
            return None
        kind = protocol.load()
        rules: Protocol = kind(kind.Settings.model_validate(ruled))
        place = f"protocol {compare.protocol.name} of suite {self.file.suite.name}"
        try:
            extra = tuple(self.plugins.datasets.find(name, place) for name in rules.datasets())
        except UnknownName as error:
            self._note(("compare", index, "protocol"), f"{self.file.place('compare', index, 'protocol')}: {error}")
            return None
        settings = {"task": asked, "protocol": ruled}
        made: Task = task.load()(task.load().Settings.model_validate(asked), task.spec.name, str(self.choices.cache))
        return Question(
            compare=compare, task=task, asked=made, protocol=protocol, settings=settings, rules=rules, extra=extra
        )

    def _datasets(self, index: int, compare: Compare, task: Task | None) -> Iterator[Offer[DatasetSpec]]:
        for number, entry in enumerate(compare.datasets):
            where = ("compare", index, "datasets", number)
            dataset = self._dataset(entry, where, compare.task.name)
            if dataset is None:
                continue
            name = dataset.spec.name
            self.compared.add(name)
            if task is not None and (reason := refusal(task, dataset.spec)):
                self._note(where, f"{self.file.place(*where)}: {reason}")
            elif not self.choices.datasets or name in self.choices.datasets:
                yield dataset

    def _dataset(self, entry: DatasetEntry, where: Where, task: str) -> Offer[DatasetSpec] | None:
        """Return a data set of a plugin, or that of a user's own file; None where there is none, which is noted."""
        if not entry.path:
            return self._found(self.plugins.datasets, entry.dataset, where)
        try:
            path = located(entry.path, (self.file.path.parent, Path.cwd()))
            found = inspect_own(
                self.plugins, path, reader=entry.dataset, name=entry.name, settings=entry.settings, task=task
            )
            return add_own(self.plugins, found)
        except BenchError as error:
            self._note(where, f"{self.file.place(*where)}: {error}")
            return None

    def pairs(self, compare: Compare, task: Task, dataset: DatasetSpec) -> list[tuple[int, SplitPlan]]:
        """Return the seeds and splits of a comparison on one data set, those the command line leaves out left out."""
        suite, chosen = self.file.suite, self.choices
        paired = suite.paired if compare.paired is None else compare.paired
        if chosen.splits is not None:
            return pairs(chosen.seeds or suite.seeds, chosen.splits, paired=paired)
        seeds = seeds_counted_on(suite.seeds, chosen.seeds)
        splits = compare.splits or suite.splits
        if splits is None:
            found = pairs(seeds, default_splits(task, dataset, len(seeds)))
        else:
            found = pairs(seeds, splits, paired=paired)
        return [(seed, split) for seed, split in found if seed in (chosen.seeds or suite.seeds)]

    def _devices(self, model: ModelSpec) -> list[str]:
        """A model that only knows the CPU runs there, whatever is asked for."""
        usable = [device if device in model.devices else "cpu" for device in self.choices.devices]
        return list(dict.fromkeys(usable))

    def _contenders(self, index: int, compare: Compare) -> Iterator[Contender]:
        chosen = self.choices.models
        added = [name.removeprefix("+") for name in chosen if name.startswith("+")]
        named = [name for name in chosen if not name.startswith("+")]
        for number, entry in enumerate(compare.models):
            if named and not _names(entry) & {*named}:
                continue
            where = ("compare", index, "models", number)
            model = self._model(entry, where)
            if model is None:
                continue
            given = self._hyperparameters(entry, model.spec, where)
            if given is not None:
                yield Contender(entry=entry, where=where, model=model, given=given)
        for name in (*named, *added):
            # What the suite lists has its places there; elsewhere its default settings would pass for the suite's.
            offer = self.own.get(name) or {**self.plugins.models}.get(name)
            if offer is not None and name not in self.listed:
                entry = ModelEntry(target=name) if name in self.own else ModelEntry(model=name)
                yield Contender(entry=entry, where=(), model=offer, given=offer.spec.defaults())

    def _settings(self, offer: Offer[Any], given: Mapping[str, Any], index: int, key: str) -> dict[str, Any] | None:
        """Return every setting with its value, None where some cannot be; those are noted."""
        kind = offer.load().Settings
        wrongs = wrong_values(kind, given)
        for wrong in wrongs:
            where = ("compare", index, key, *wrong.location)
            name = ".".join(map(str, (key, *wrong.location)))
            value = f" = {wrong.value!r}" if wrong.location and wrong.kind != "missing" else ""
            unknown = f"unknown setting {name}. {wrong.reason}"
            text = unknown if wrong.kind == "unknown" else f"{name}{value}: {wrong.reason}"
            self._note(where, f"{self.file.place(*where)}: {text}")
        if wrongs:
            return None
        settings: dict[str, Any] = checked(kind, given).model_dump(mode="json")
        return settings

    def _hyperparameters(self, entry: ModelEntry, model: ModelSpec, where: Where) -> dict[str, Value] | None:
        """Return every hyperparameter with its value, None where some cannot be; those are noted."""
        space, count = model.space, len(self.mistakes)
        for name, value in entry.hyperparameters.items():
            here = (*where, "hyperparameters", name)
            place = self.file.place(*here)
            if name not in space:
                unknown = UnknownName(f"hyperparameter of model {model.name!r}:", name, space, place=place)
                self._note(here, str(unknown))
            elif problem := check_value(space[name], value):
                self._note(here, f"{place}: {model.name}.{name} = {value!r}: {problem}")
        return None if len(self.mistakes) > count else {**model.defaults(), **entry.hyperparameters}


def _rounds(cells: Sequence[Cell]) -> Iterator[tuple[Cell, int, SplitPlan]]:
    """Yield every run of the cells, the first seed and split of all of them before the second of any."""
    planned = [(cell, cell.expansion.pairs(cell.compare, cell.question.asked, cell.dataset.spec)) for cell in cells]
    for number in range(max((len(found) for _, found in planned), default=0)):
        for cell, found in planned:
            if number < len(found):
                yield cell, *found[number]


def _names(entry: ModelEntry) -> set[str]:
    """Return what a command line may call an entry."""
    return {name for name in (entry.model, entry.label, entry.target) if name}


def _same_label(first: Cell, second: Cell) -> str:
    place = second.expansion.file.place
    one, other = first.contender, second.contender
    return (
        f"{place(*other.where)}: {other.model.spec.name!r} is called {other.label!r} on {second.dataset.spec.name!r}, "
        f"and so is another {one.model.spec.name!r} ({place(*one.where)}): "
        'give each a name of its own with label = "…"'
    )
