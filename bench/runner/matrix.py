"""The matrix of models, data sets and tasks: every combination, possible or not, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bench.errors import PluginError
from bench.matching import complaint, refusal
from bench.plugins import Offer, Plugins
from bench.specs import TaskSpec
from bench.tasks.base import Task

__all__ = ["Meeting", "matrix", "task_of"]


@dataclass(frozen=True)
class Meeting:
    """One model, one data set, one task; `refused_by` says who cannot and `reason` why, empty where it is possible."""

    task: str
    dataset: str
    model: str
    refused_by: Literal["", "task", "model"] = ""
    reason: str = ""

    @property
    def is_possible(self) -> bool:
        """Can this be run?"""
        return not self.refused_by


def task_of(offer: Offer[TaskSpec], cache: str = "") -> Task:
    """Return a task with its default settings."""
    task: Task = offer.load()(None, offer.spec.name, cache)
    return task


def matrix(
    plugins: Plugins,
    tasks: Iterable[str] = (),
    datasets: Iterable[str] = (),
    models: Iterable[str] = (),
) -> Iterator[Meeting]:
    """Yield every combination of these tasks, data sets and models, all where none are named.

    Raises UnknownName for a name that nothing answers to. A task that cannot be loaded is left out: discovery tells.
    """
    chosen_datasets = [plugins.datasets.find(name).spec for name in (datasets or plugins.datasets)]
    chosen_models = [plugins.models.find(name).spec for name in (models or plugins.models)]
    for task_name in tasks or plugins.tasks:
        try:
            task = task_of(plugins.tasks.find(task_name))
        except PluginError:
            if tasks:
                raise
            continue
        for dataset in chosen_datasets:
            if reason := refusal(task, dataset):
                yield from (Meeting(task_name, dataset.name, model.name, "task", reason) for model in chosen_models)
                continue
            for model in chosen_models:
                reason = complaint(model, task, dataset)
                yield Meeting(task_name, dataset.name, model.name, "model" if reason else "", reason)
