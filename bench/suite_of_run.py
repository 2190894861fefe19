"""Write the suite that makes a recorded run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.errors import UsageError
from bench.own import TARGET_KEY, own_name
from bench.own_data import suite_entry
from bench.record import RunRecord, SplitPlan
from bench.specs import DatasetSpec, Value

__all__ = ["suite_of"]


def suite_of(record: RunRecord, own: Mapping[str, DatasetSpec] | None = None) -> dict[str, Any]:
    """Return a suite, ready for TOML, that makes a run's model again with its seed and settings.

    own: the user's own data that its suite was run on, by name. Of a tuned run it is the best
    setting that was found, under the fixed budget each trial had: nothing is tuned again.
    """
    run, found = record.run, record.details.get("best")
    if run.protocol == "tuned" and not found:
        raise UsageError(f"{run} ended as {record.status} before it had found a setting")
    protocol = {"name": run.protocol, **run.settings["protocol"]}
    hyperparameters: dict[str, Value] = dict(run.hyperparameters)
    if run.protocol == "tuned" and isinstance(found, dict):
        hyperparameters = {name: value for name, value in found.items() if name in run.hyperparameters}
        searched = {name: value for name, value in found.items() if name not in run.hyperparameters}
        budget = {name: value for name, value in protocol.items() if name not in ("trials", "learning_rates")}
        protocol = {**budget, **searched, "name": "fixed-budget"}
    # What a suite does not hold, its reader must be told.
    options = [f"--device {run.device.partition(':')[0]}"]
    options += ["--deterministic"] if run.identity.get("is deterministic") == "True" else []
    entry: dict[str, Any] = {"model": run.model, "label": run.label, "hyperparameters": hyperparameters}
    target = str(run.hyperparameters.get(TARGET_KEY, ""))
    if target and own_name(target) == run.model:
        given = {name: value for name, value in hyperparameters.items() if name != TARGET_KEY}
        entry = {"target": target, "label": run.label, "family": run.family, "hyperparameters": given}
    task = {"name": run.task, **run.settings["task"]}
    data = (own or {}).get(run.dataset)
    dataset = run.dataset if data is None else suite_entry(data)
    compare = {"task": task, "protocol": protocol, "datasets": [dataset], "models": [entry]}
    document: dict[str, Any] = {
        "name": f"run-{run.run_id[:8]}",
        "description": f"{run}, as recorded on {record.finished_at[:10]}. Made with {' '.join(options)}.",
        "seeds": [run.seed],
        "splits": _only(run.split),
        "threads": run.threads,
        "compare": [_without_none(compare)],
    }
    return document


def _only(split: SplitPlan) -> str | dict[str, Any]:
    """Return what a suite says for one split alone."""
    if split.scheme == "official":
        return "official"
    count = split.count if split.scheme == "kfold" else split.number + 1
    return {"scheme": split.scheme, "count": count, "numbers": [split.number]}


def _without_none(value: Any) -> Any:
    """Leave out what is not set: TOML has no word for it."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list | tuple) else value
