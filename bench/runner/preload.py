"""What the run server imports once for all runs, and where the code of a suite's plugins lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.runner.identity import imported_modules, own_modules
from bench.runner.jobs import Job

__all__ = ["ALWAYS", "preload", "sources"]

# Libraries whose import starts no threads and touches no device; a stranger's own code is never preloaded.
PRELOADED_ROOTS = frozenset(
    {"PIL", "bench", "numpy", "pandas", "safetensors", "scipy", "sklearn", "torch", "torchmetrics"}
)
ALWAYS = (
    # every plugin's package begins with this one
    "bench.hookspecs",
    "torch",
    "torch._dynamo",
    "bench.measure.environment",
    "bench.protocols.training",
    "bench.runner.execute",
    "bench.runner.worker",
    "platformdirs",
)


def preload(jobs: Iterable[Job]) -> list[str]:
    """Return the modules worth importing once: our own, and the libraries that the jobs' modules import."""
    found = dict.fromkeys(ALWAYS)
    targets = {
        target
        for job in jobs
        if not job.missing
        for target in (job.task_target, job.protocol_target, job.model_target, job.dataset.target)
    } | {spec.target for job in jobs for spec in job.metrics}
    for module in sorted(target.partition(":")[0] for target in targets):
        if module.partition(".")[0] == "bench":
            found[module] = None
        for name, path in own_modules(module).items():
            wanted = (each for each in imported_modules(name, path) if each.partition(".")[0] in PRELOADED_ROOTS)
            # `from sklearn.ensemble import RandomForestClassifier` names a module and a class: keep the module.
            found |= dict.fromkeys(each for each in wanted if each.rpartition(".")[2].islower())
    return list(found)


def sources(jobs: Sequence[Job], suite: Path | None) -> dict[str, str]:
    """Return where the suite and the plugins of these jobs lie, whose git state belongs to the environment."""
    found = {} if suite is None else {"suite": str(suite.resolve())}
    for module in dict.fromkeys(job.model_target.partition(":")[0] for job in jobs):
        path = own_modules(module).get(module)
        if path is not None:
            found.setdefault(f"plugin {module.partition('.')[0]}", str(path))
    return found
