"""Where results are kept: the interface, its engines, and the one place where a store is opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bench.errors import StoreError
from bench.store.base import Store
from bench.store.loading import kept_arrays, load_answers, load_records

__all__ = ["ENGINES", "Store", "kept_arrays", "load_answers", "load_records", "names_a_store", "open_store"]

# By the scheme of a URL: a function of what follows the scheme and of `create`. A further engine is a file and a line.
ENGINES: dict[str, str] = {
    "sqlite": "bench.store.sqlite:open_sqlite",
}
# What a plain path is: the engine that keeps one file.
OF_PATHS = "sqlite"
SUFFIXES = (".sqlite", ".sqlite3", ".db")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)


def open_store(location: str | Path, *, create: bool) -> Store:
    """Open the store at a path or a URL: `results.sqlite`, `sqlite:results.sqlite`, `sqlite:///absolute/path`.

    With `create` it is made where there is none, and may be written to; without, it is only read and never changed.
    Raises StoreMissing where there is none to read, StoreError where it cannot be opened or nothing knows its scheme.
    """
    scheme, rest = _parts(location)
    if scheme not in ENGINES:
        raise StoreError(
            f"no store is known for {scheme}: in {str(location)!r}. Known: {', '.join(f'{each}:' for each in ENGINES)} "
            f"or a path; a file of that name is ./{location}"
        )
    module, _, name = ENGINES[scheme].partition(":")
    opener: Callable[..., Store] = getattr(import_module(module), name)
    return opener(rest, create=create)


def names_a_store(text: str) -> bool:
    """Can a word of a command line only be a store? So is an existing file, a usual suffix, a scheme that is known."""
    scheme, rest = _parts(text)
    return scheme in ENGINES and (scheme != OF_PATHS or rest != text or _is_a_file(text))


def _is_a_file(text: str) -> bool:
    path = Path(text)
    return path.is_file() or path.suffix in SUFFIXES


def _parts(location: str | Path) -> tuple[str, str]:
    """Return the scheme and what follows it; a `Path` has none, whatever colons its name has."""
    text = str(location)
    found = SCHEME.fullmatch(text)
    if isinstance(location, Path) or found is None:
        return OF_PATHS, text
    return found[1].lower(), found[2]
