"""Ask a task in a fresh process, in which neither torch nor the data can be imported."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from bench.errors import ContractError
from bench.specs import DatasetSpec, MetricSpec
from bench.tasks.base import Task

__all__ = ["planned_in_fresh_process", "scores_in_fresh_process"]

SECONDS = 120
MARK = "answer of the fresh process: "
SCRIPT = """
import base64, json, pickle, sys

asked = json.load(sys.stdin)


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if any(name == each or name.startswith(each + ".") for each in asked["blocked"]):
            raise ImportError(f"{name} must not be needed here")


sys.meta_path.insert(0, Blocked())
from bench.specs import resolve

kind = resolve(asked["task"])
task = kind(kind.Settings.model_validate(asked["settings"]), asked["name"])
bytes_of = base64.b64decode
if "answer" in asked:
    from bench.arrays import unpack
    from bench.tasks.scoring import score

    metrics = pickle.loads(bytes_of(asked["metrics"]))
    scores, notes = score(task, metrics, unpack(bytes_of(asked["answer"])), unpack(bytes_of(asked["truth"])), {})
    found = [[[each.name, float(each.value).hex()] for each in scores], list(notes), task.main_score(scores)]
else:
    from bench.errors import Refused

    found = []
    for spec in pickle.loads(bytes_of(asked["specs"])):
        try:
            found.append([repr(space) for space in task.planned(spec)])
        except Refused as refusal:
            found.append(str(refusal))
print(asked["mark"] + json.dumps(found))
"""


def scores_in_fresh_process(
    task: Task,
    answer: bytes,
    truth: bytes,
    metrics: Iterable[MetricSpec] = (),
    blocked: Iterable[str] = (),
) -> tuple[dict[str, float], tuple[str, ...], str]:
    """Score stored bytes where torch and the modules in `blocked` cannot be imported.

    answer, truth: as `bench.arrays.pack` wrote them. Returns scores by name, bit for bit, a note for each metric that
    failed, and the name of the main score. Raises ContractError with what the process said where it failed.
    """
    scores, notes, main = _asked(
        task,
        blocked,
        answer=base64.b64encode(answer).decode(),
        truth=base64.b64encode(truth).decode(),
        metrics=base64.b64encode(pickle.dumps(tuple(metrics))).decode(),
    )
    return {name: float.fromhex(value) for name, value in scores}, tuple(notes), main


def planned_in_fresh_process(
    task: Task, specs: Iterable[DatasetSpec], blocked: Iterable[str] = ()
) -> list[list[str] | str]:
    """Return, for each data set, the spaces a model would meet (as `repr`), or the sentence of the refusal."""
    found: list[list[str] | str] = _asked(task, blocked, specs=base64.b64encode(pickle.dumps(tuple(specs))).decode())
    return found


def _asked(task: Task, blocked: Iterable[str], **more: str) -> Any:
    kind = type(task)
    if "<locals>" in kind.__qualname__ or kind.__module__ == "__main__":
        raise ContractError(f"{kind.__qualname__} cannot be imported by another process: define it in a module")
    asked = {
        "task": f"{kind.__module__}:{kind.__qualname__}",
        "name": task.name,
        "settings": task.settings.model_dump(mode="json"),
        "blocked": ["torch", *blocked],
        "mark": MARK,
        **more,
    }
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own script
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        raise ContractError(
            f"in a fresh process without torch and without the data: {said[-1]}. What plans and scores works on NumPy "
            "arrays and settings alone; import torch inside the functions that train"
        )
    return json.loads(lines[-1].removeprefix(MARK))
