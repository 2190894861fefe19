"""Write everything the report holds as JSON, for programs: its blocks with every number, and every comparison."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from bench.report.blocks import Block, Choice, Gallery, Report, Section
from bench_reports.layout import PictureFile, picture_files

__all__ = ["SCHEMA_VERSION", "render"]

# Counts up whenever a reader of the file has to change.
SCHEMA_VERSION = 1
TYPES = {
    "Prose": "prose", "Table": "table", "Gallery": "gallery", "Log": "log", "Choice": "choice",
    "ScatterFigure": "scatter", "LineFigure": "lines", "DotFigure": "dots", "MatrixFigure": "matrix",
}  # fmt: skip
# These are written a line each, which keeps a file of many runs readable, and two of them comparable.
LISTED = ("sections", "comparisons", "models")


def render(report: Report, folder: Path) -> Path:
    """Write `report.json`, and the pictures of samples that it names beside it.

    What JSON has no number for, NaN and infinity, is null; the cell's text says what it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    files = picture_files(report, folder)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_lines(report, files))
    return path


def _lines(report: Report, files: Mapping[str, Sequence[PictureFile]]) -> Iterator[str]:
    yield f'{{"schema_version": {SCHEMA_VERSION}'
    for field in fields(report):
        if field.name not in LISTED:
            yield f",\n{json.dumps(field.name)}: {_text(_plain(getattr(report, field.name)))}"
    yield from _list("models", map(_plain, report.models))
    yield from _list("sections", (_section(section, files) for section in report.sections))
    yield from _list("comparisons", map(_plain, report.comparisons))
    yield "}\n"


def _list(name: str, values: Iterator[Any]) -> Iterator[str]:
    yield f",\n{json.dumps(name)}: ["
    for number, value in enumerate(values):
        yield f"{',' if number else ''}\n{_text(value)}"
    yield "]"


def _section(section: Section, files: Mapping[str, Sequence[PictureFile]]) -> dict[str, Any]:
    own = {field.name: getattr(section, field.name) for field in fields(section) if field.name != "blocks"}
    return {**_plain(own), "blocks": [_block(block, files) for block in section.blocks]}


def _block(block: Block, files: Mapping[str, Sequence[PictureFile]]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": TYPES[type(block).__name__]}
    if isinstance(block, Choice):
        options = {name: _block(option, files) for name, option in block.options.items()}
        return {**found, "key": block.key, "title": block.title, "options": options}
    found |= _plain(block)
    if isinstance(block, Gallery):
        for picture, file in zip(found["pictures"], files[block.key], strict=True):
            picture["file"] = file.path
    return found


def _plain(value: Any) -> Any:
    """Return dictionaries, lists, texts and numbers; fields that hold bytes are left out."""
    # A report holds hundreds of thousands of these: the most frequent kinds are asked for first.
    kind = type(value)
    if kind is str or value is None or kind is bool or kind is int:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is tuple or kind is list:
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {name: _plain(each) for name, each in vars(value).items() if name != "png"}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, float):
        return _plain(float(value))
    return value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
