"""Which model can meet which data under which task, and why not where not; worked out without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.errors import Refused
from bench.specs import DatasetSpec, ModelSpec

if TYPE_CHECKING:
    from bench.tasks.base import Task

__all__ = ["BASELINE", "complaint", "refusal"]

# The reserved name of the trivial model, which the task itself makes.
BASELINE = "baseline"


def complaint(model: ModelSpec, task: Task, dataset: DatasetSpec) -> str:
    """Return why a model cannot be asked a task about some data, in a sentence; empty where it can.

    Raises Refused where the task has nothing to ask of the data, whatever the model.
    """
    given, wanted = task.planned(dataset)
    roles = [role for role in model.roles if role.answer == task.answer_kind]
    if not roles:
        known = " and ".join(dict.fromkeys(role.answer for role in model.roles))
        return f"task {task.name} asks a model to {task.answer_kind}; {model.name} can {known}"
    reasons = [role.complaint(given, wanted) for role in roles]
    return "" if "" in reasons else f"{model.name} {reasons[0]}"


def refusal(task: Task, dataset: DatasetSpec) -> str:
    """Return why a task has nothing to ask of some data; empty where it has."""
    try:
        task.planned(dataset)
    except Refused as error:
        return str(error)
    return ""
