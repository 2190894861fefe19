"""`bench doctor`: check this installation and say what to mend."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

from bench.cli.common import console, echo_json, json_option, store_option, table

__all__ = ["command"]


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, how it is, and the cure where there is one."""

    what: str
    state: Literal["ok", "warning", "problem"]
    text: str


@click.command()
@store_option
@click.option(
    "--data-root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data lies. [default: $BENCH_DATA or the user's cache]",
)
@json_option
def command(store: str, data_root: Path | None, as_json: bool) -> int:
    """Check this installation: Python, torch, GPU, plugins, extras, data, the results file."""
    findings = [
        finding
        for check in (_system, _torch, _gpu, _plugins, lambda: _data(data_root), lambda: _store(store))
        for finding in check()
    ]
    if as_json:
        echo_json([asdict(finding) for finding in findings])
    else:
        console().print(table("", ("check", "state", ""), [(f.what, f.state, f.text) for f in findings]))
    return int(any(finding.state == "problem" for finding in findings))


Check = Callable[[], Iterator[Finding]]


def _system() -> Iterator[Finding]:
    import psutil

    yield Finding("Python", "ok", f"{platform.python_version()} at {sys.executable}")
    if sys.platform == "linux":
        yield Finding("system", "ok", platform.platform())
    else:
        yield Finding(
            "system",
            "problem",
            f"{sys.platform}: runs are isolated with Linux's own means; use Linux or WSL 2",
        )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory()
    load = os.getloadavg()[0]
    busy: Literal["ok", "warning"] = "warning" if load > 0.5 * (cores or 1) else "ok"
    yield Finding(
        "machine",
        busy,
        f"{cores} cores, load {load:.1f}, {memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free",
    )


def _torch() -> Iterator[Finding]:
    for name in ("torch", "torchmetrics", "torchvision"):
        needed = name != "torchvision"
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            yield Finding(name, "problem" if needed else "warning", f"{error}. pip install {name}")
        except Exception as error:  # noqa: BLE001 - a build that does not fit raises RuntimeError; that is the finding
            yield Finding(
                name,
                "problem",
                f"{type(error).__name__}: {error}. Install torch and {name} from the same place",
            )
        else:
            yield Finding(name, "ok", str(module.__version__))


def _gpu() -> Iterator[Finding]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        yield Finding("GPU", "ok", "none found by nvidia-smi; runs use the CPU")
        return
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - fixed arguments
    import torch

    if torch.cuda.is_available():
        yield Finding("GPU", "ok", listed.stdout.strip())
    else:
        yield Finding(
            "GPU",
            "warning",
            f"{listed.stdout.strip() or 'nvidia-smi lists none'}, but torch {torch.__version__} cannot use it",
        )


def _plugins() -> Iterator[Finding]:
    from bench.plugins import discover

    plugins = discover()
    yield Finding(
        "plugins",
        "ok",
        f"{len(plugins.owners)} loaded, {len(plugins.models)} models, {len(plugins.datasets)} data sets",
    )
    for problem in plugins.problems:
        yield Finding("plugin", "problem", f"{problem.owner}: {problem.reason}")
    missing = {str(error).partition(": ")[2] for offer in plugins.models.values() if (error := offer.missing())}
    for cure in sorted(missing):
        yield Finding("extra", "warning", f"some models need: {cure}")


def _data(root: Path | None) -> Iterator[Finding]:
    from bench.cli.data import MISSING, READY, state_of
    from bench.plugins import discover
    from bench.sources import data_root

    here = []
    for name, offer in discover().datasets.items():
        state = state_of(offer, root)
        if state == READY:
            here.append(name)
        elif state != MISSING:
            yield Finding("data", "warning", state)
    yield Finding(
        "data",
        "ok" if here else "warning",
        f"{', '.join(here) or 'none'} ready; other data under {data_root(root)}",
    )


def _store(location: str) -> Iterator[Finding]:
    from bench.errors import StoreError, StoreMissing
    from bench.store import open_store

    try:
        with open_store(location, create=False) as store:
            yield Finding("results", "ok", f"{store.location}: {len(store.statuses())} runs")
    except StoreMissing as error:
        yield Finding("results", "ok", str(error))
    except StoreError as error:
        yield Finding("results", "problem", str(error))
