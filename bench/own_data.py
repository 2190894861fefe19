"""A user's own data: what a reader is asked, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.specs import DatasetSpec

__all__ = ["ColumnFact", "Inspection", "OwnSource", "data_name", "suite_entry"]

NAME_LENGTH = 64


@dataclass(frozen=True)
class OwnSource:
    """What a user names as data.

    path:     of the file or folder, absolute.
    reader:   the name of the reader that is asked; `name`: what the data set is to be called.
    settings: what the suite says beside the path; which there may be is the reader's business.
    task:     the name of the task that is to be posed; empty where the reader may choose.
    """

    path: Path
    reader: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""


@dataclass(frozen=True)
class ColumnFact:
    """One column of a table: what it is read as, and why or what it holds."""

    name: str
    kind: str
    told: str


@dataclass(frozen=True)
class Inspection:
    """What a reader found in a user's data.

    spec:      of the data set; its `settings` say everything that was inferred, so that a suite which holds them does
               not infer it again.
    suggested: what a suite may compare on it: keys of a `[[compare]]` (`task`, `protocol`, `models`), `splits`,
               `seeds` and, if wanted, `threads`. Models that are not installed or do not fit are left out of it.
    columns:   what each column is read as. said: what was inferred and left out; suspected: what the user should look
               at. Sentences.
    """

    spec: DatasetSpec
    suggested: Mapping[str, Any]
    columns: tuple[ColumnFact, ...] = ()
    said: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()


def data_name(path: Path) -> str:
    """Return what the data of a file or folder are called: `Häuser 2024.csv` is `h-user-2024.csv`."""
    name = re.sub(r"[^a-z0-9._-]+", "-", path.name.lower()).lstrip("._-")
    # The ending says that it is a file; a folder has none.
    return (f"{name}-folder" if path.is_dir() else name)[-NAME_LENGTH:].lstrip("._-") or "data"


def suite_entry(spec: DatasetSpec) -> dict[str, Any]:
    """Return how a suite names a user's data, ready for TOML."""
    return {"dataset": spec.reader, "path": spec.files[0].at, "name": spec.name, **spec.settings}
