"""Make data sets of users' own files: find the reader, ask it once for each content, add what it found to the rest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.errors import BenchError, DataError, PluginError, UsageError
from bench.own_data import Inspection, OwnSource, data_name
from bench.plugins import BROKEN, Offer, Plugins, sentence
from bench.specs import NAME, DatasetSpec, ReaderSpec, resolve

__all__ = ["add_own", "inspect_own", "located"]


def located(path: str, folders: Iterable[Path]) -> Path:
    """Return the absolute path of a file or folder, looked for in these folders in order; raises UsageError."""
    places = [(folder / Path(path).expanduser()).absolute() for folder in folders]
    try:
        found = next((place for place in places if place.exists()), None)
    except OSError as error:
        raise DataError(
            f"{path} cannot be looked at: {error.strerror or error}. Mend that, or copy the file"
        ) from error
    if found is not None:
        return found
    beside = [each.name for place in places if place.parent.is_dir() for each in place.parent.iterdir()]
    near = get_close_matches(Path(path).name, beside, n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ": check the path"
    raise UsageError(f"there is no file or folder {' or '.join(dict.fromkeys(map(str, places)))}{hint}")


def inspect_own(
    plugins: Plugins,
    path: Path,
    *,
    reader: str = "",
    name: str = "",
    settings: Mapping[str, Any] | None = None,
    task: str = "",
) -> Inspection:
    """Return what a reader finds in a file or folder.

    reader: by default the one that takes such an ending. Raises UsageError where there is none or the request cannot be
    met, DataError where the data cannot be used, MissingExtra where the reader needs something.
    """
    offer = plugins.readers.find(reader) if reader else _reader_of(plugins, path)
    if missing := offer.missing():
        raise missing
    name = name or data_name(path)
    if not NAME.fullmatch(name):
        raise UsageError(f'name = "{name}" is not allowed for data: use a-z, 0-9, ".", "_" and "-", at most 64')
    try:
        asked = (offer.spec.inspect, str(path), _state(path), offer.spec.name, name)
        return _inspected(*asked, json.dumps(settings or {}, sort_keys=True), task)
    except (BenchError, OSError):
        raise
    except BROKEN as error:
        raise PluginError(f"reader {offer.spec.name!r} of plugin {offer.owner}: {sentence(error)}") from error


@lru_cache(maxsize=32)
def _inspected(inspect: str, path: str, _: object, reader: str, name: str, settings: str, task: str) -> Inspection:
    """Ask a reader; again only where a file's time or size has changed."""
    found = resolve(inspect)(OwnSource(Path(path), reader, name, json.loads(settings), task))
    if not isinstance(found, Inspection):
        raise PluginError(f"{inspect} must return a bench.own_data.Inspection, got {type(found).__name__}")
    return found


def _state(path: Path) -> object:
    """Return what changes with the files: their names, times and sizes."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return tuple((str(each), each.stat().st_mtime_ns, each.stat().st_size) for each in files if each.exists())


def _reader_of(plugins: Plugins, path: Path) -> Offer[ReaderSpec]:
    ending = "/" if path.is_dir() else path.suffix.lower()
    found = [offer for offer in plugins.readers.values() if ending in offer.spec.endings]
    if found:
        return found[0]
    taken = "; ".join(f"{name}: {', '.join(offer.spec.endings)}" for name, offer in plugins.readers.items())
    what = f"the ending {ending!r}" if ending else "no ending"
    raise UsageError(
        f"{path} has {what}, which no reader takes ({taken or 'none is installed'}). Rename the file, or name the "
        "reader: "
        'datasets = [{ dataset = "…", path = "…" }] in a suite'
    )


def add_own(plugins: Plugins, found: Inspection) -> Offer[DatasetSpec]:
    """Add a user's data to the data sets there are, so that reports find them; return the offer.

    Raises UsageError where other data have that name already.
    """
    spec = found.spec
    known = plugins.datasets[spec.name].spec if spec.name in plugins.datasets else spec
    # How much of it was inferred makes no other data.
    if replace(known, notes=()) != replace(spec, notes=()):
        raise UsageError(
            f"two different data sets are called {spec.name!r}: give this one ({spec.files[0].at}) another name with "
            'name = "…"'
        )
    offer = Offer(spec, plugins.readers[spec.reader].owner)
    plugins.datasets.add(offer)
    return offer
