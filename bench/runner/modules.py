"""Load the sources that a closure goes through, without importing anything."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.runner.definitions import Module, module_at
from bench.runner.effects import Chain, chain_of
from bench.runner.source_files import file_of, folders_of, has_distribution

__all__ = ["Modules"]

# No class hierarchy is deeper; imports that go in circles are.
DEEPEST = 20


@dataclass
class Modules:
    """Modules whose sources count, loaded as they are asked for.

    own:    top-level names known to be of the target's distribution, or the core.
    fresh:  loaded and not looked at yet; the closure empties it.
    opaque: modules without a source that can be read; they count by their bytes.
    """

    own: frozenset[str]
    loaded: dict[str, Module] = field(default_factory=dict)
    fresh: list[Module] = field(default_factory=list)
    opaque: dict[str, Path] = field(default_factory=dict)
    _paths: dict[str, Path | None] = field(default_factory=dict)
    _owned: dict[str, bool] = field(default_factory=dict)

    def load(self, name: str) -> Module | None:
        """Return a module that counts by its source, None for any other; its parents are loaded with it."""
        if name in self.loaded:
            return self.loaded[name]
        path = self.path(name)
        if path is None or not self.are_own(name.partition(".")[0]):
            return None
        if "." in name:
            self.load(name.rpartition(".")[0])
        stamp = path.stat()
        try:
            module = module_at(name, path, stamp.st_mtime_ns, stamp.st_size) if path.suffix == ".py" else None
        except (SyntaxError, ValueError):
            # The run that imports it will say so better than a plan can.
            module = None
        if module is None:
            self.opaque[name] = path
            return None
        self.loaded[name] = module
        self.fresh.append(module)
        return module

    def path(self, name: str) -> Path | None:
        """Return the file of a module, None where there is none."""
        if name not in self._paths:
            self._paths[name] = file_of(name)
        return self._paths[name]

    def exists(self, name: str) -> bool:
        """Is there such a module, or such a folder of modules?"""
        return self.path(name) is not None or bool(folders_of(name))

    def are_own(self, root: str) -> bool:
        """Do modules below a top-level name count by source? Without a distribution there is no version to count."""
        if root not in self._owned:
            self._owned[root] = root in self.own or (
                root not in sys.stdlib_module_names and not has_distribution(root) and self.exists(root)
            )
        return self._owned[root]

    def hears_of_subclasses(self, module: Module, base: ast.expr) -> bool:
        """Does a base class of ours run code when a class is derived from it, so that the derived one has an effect?"""
        return any(
            any(each.arg == "metaclass" and chain_of(each.value)[-1:] != ("ABCMeta",) for each in found.keywords)
            or any(getattr(each, "name", "") == "__init_subclass__" for each in found.body)
            or any(chain_of(each) != (found.name,) and self.hears_of_subclasses(home, each) for each in found.bases)
            for home, found in self._classes(module, chain_of(base))
        )

    def _classes(self, module: Module, chain: Chain, depth: int = 0) -> Iterator[tuple[Module, ast.ClassDef]]:
        """Yield the classes of ours that a name in a module may stand for, each with the module it is defined in."""
        for place in module.bindings.get(chain[0], ()) if chain and depth < DEEPEST else ():
            if isinstance(place, int):
                statement = module.statements[place]
                if isinstance(statement, ast.ClassDef) and statement.name == chain[0]:
                    yield module, statement
            elif self.are_own(place.root):
                home, path = self._home(place.module, (*filter(None, [place.attribute]), *chain[1:]))
                if home is not None:
                    yield from self._classes(home, path, depth + 1)

    def _home(self, name: str, path: Chain) -> tuple[Module | None, Chain]:
        """Return the module at the end of a path through submodules, and what of the path is left."""
        while len(path) > 1 and self.path(f"{name}.{path[0]}") is not None:
            name, path = f"{name}.{path[0]}", path[1:]
        module = self.load(name)
        if module is not None and path and path[0] not in module.bindings and path[0] in module.promised:
            alias = module.promised[path[0]]
            return self.load(alias.module), (alias.attribute, *path[1:])
        return module, path
