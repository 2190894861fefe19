"""Is a deep or generative network worth it? Evidence from standardized protocols, many seeds each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.hookspecs import hookimpl
    from bench.model import Problem
    from bench.spaces import CLASS, NOTHING, NUMBER, Need, Role, Space
    from bench.specs import (
        Choice,
        DataFile,
        DatasetSpec,
        Fixed,
        Integer,
        MetricSpec,
        ModelSpec,
        ProtocolSpec,
        ReaderSpec,
        Real,
        RendererSpec,
        TaskSpec,
    )
    from bench.store import load_answers, load_records

__version__ = "0.1.0"

__all__ = [
    "CLASS",
    "NOTHING",
    "NUMBER",
    "Choice",
    "DataFile",
    "DatasetSpec",
    "Fixed",
    "Integer",
    "MetricSpec",
    "ModelSpec",
    "Need",
    "Problem",
    "ProtocolSpec",
    "ReaderSpec",
    "Real",
    "RendererSpec",
    "Role",
    "Space",
    "TaskSpec",
    "hookimpl",
    "load_answers",
    "load_records",
]

_HOMES = {
    "hookimpl": "bench.hookspecs",
    "load_answers": "bench.store",
    "load_records": "bench.store",
    "Problem": "bench.model",
} | dict.fromkeys(("CLASS", "NOTHING", "NUMBER", "Need", "Role", "Space"), "bench.spaces")


def __getattr__(name: str) -> Any:
    # Resolved on use: `import bench` is on the way to `bench --help`.
    if name in __all__:
        return getattr(import_module(_HOMES.get(name, "bench.specs")), name)
    raise AttributeError(f"module 'bench' has no attribute {name!r}")
