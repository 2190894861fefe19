"""Take plugins from files, for one command, without packaging."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path

from bench.errors import PluginError, UsageError
from bench.plugins import BROKEN, FILE, Owner, Plugins, discover, sentence, unmarked
from bench.specs import module_spec

__all__ = ["load_file", "with_files"]

PACKAGE = "__init__.py"


def with_files(paths: Iterable[Path]) -> Plugins:
    """Return what is installed, and what these files offer; raises as `load_file` does."""
    plugins = discover()
    for path in paths:
        load_file(plugins, path)
    return plugins


def load_file(plugins: Plugins, path: Path) -> None:
    """Import a file, make its folder importable in the processes of runs too, and take in what its hooks offer.

    The folder of a package stands for its `__init__.py`. A file without hooks is welcome: a suite may name what is in
    it by `target`. Raises UsageError for a file that cannot be a module, PluginError with the line for one that breaks
    or offers something that cannot be.
    """
    path = path / PACKAGE if (path / PACKAGE).is_file() else path
    is_package = path.name == PACKAGE
    place = path.resolve()
    name = place.parent.name if is_package else path.stem
    if path.suffix != ".py" or not name.isidentifier():
        cure = name.replace("-", "_").replace(" ", "_")
        raise UsageError(f"--plugin {path}: it cannot be imported under its name; call it {cure}.py, or the like")
    there = module_spec(name)
    if there is not None and Path(there.origin or "").resolve() != place:
        raise UsageError(f"--plugin {path}: there is a module {name!r} already ({there.origin}); rename the file")
    if there is None:
        sys.path.append(str(place.parents[1] if is_package else place.parent))
        importlib.invalidate_caches()
    try:
        with redirect_stdout(sys.stderr):
            module = importlib.import_module(name)
    except BROKEN as error:
        raise PluginError(f"--plugin {_line(place, error)}: {sentence(error)}") from error
    if not any(_is_hook(value) for value in vars(module).values()):
        if forgotten := unmarked(module):
            raise PluginError("\n".join(f"--plugin {path}: {reason}" for reason in forgotten))
        return
    owner, before = Owner(name, path.name, FILE), len(plugins.problems)
    with redirect_stdout(sys.stderr):
        plugins.register(module, owner)
    found = plugins.problems[before:]
    if found:
        # Asked for by name, it must not be left out in silence.
        del plugins.problems[before:]
        raise PluginError("\n".join(f"--plugin {path}: {problem.reason}" for problem in found))


def _is_hook(value: object) -> bool:
    return hasattr(value, "bench_impl")


def _line(path: Path, error: BaseException) -> str:
    """Return the file with the last line of its own that the error came through."""
    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    return f"{path}, line {own[-1]}" if own else str(path)
