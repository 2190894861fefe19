"""Collect the definitions that a target reaches by name, and what runs while their modules are imported."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from bench.runner.definitions import Module
from bench.runner.effects import Alias, Chain
from bench.runner.modules import Modules
from bench.runner.source_files import neighbours

__all__ = ["Closure"]

CORE = "bench"
# A name that is only known when the program runs: what it stands for may be anything of the plugin's own.
DYNAMIC = frozenset({"importlib", "imp", "pkgutil", "runpy", "zipimport"})
# Here the whole of a module is within reach by a text.
REACHES_ALL = frozenset({"exec", "eval", "globals", "compile"})
# The door through which the core reaches the targets of a run, each of which has a closure of its own.
DOOR = ("bench.specs", "resolve")
DOOR_MODULES = frozenset({"bench", "bench.specs"})
IMPLICIT = frozenset({"__name__", "__doc__", "__package__", "__spec__", "__path__", "__loader__", "__version__"})


@dataclass
class Closure:
    """Everything of its own distribution and of the core that a target may use.

    modules:   those whose sources count; what else is imported counts by its version.
    libraries: top-level names of other distributions that reached definitions use.
    reached:   module → numbers of its statements; imports: those whose names are used, with the module they stand in.
    files:     what counts by its bytes.
    Errs on the side of too much: where a name is only known when the program runs, whole modules count.
    """

    modules: Modules
    libraries: set[str] = field(default_factory=set)
    reached: dict[str, set[int]] = field(default_factory=dict)
    imports: set[tuple[str, Alias]] = field(default_factory=set)
    files: dict[str, Path] = field(default_factory=dict)
    _whole: set[str] = field(default_factory=set)
    _waiting: list[tuple[Module, int]] = field(default_factory=list)
    _followed: set[tuple[str, Alias, Chain]] = field(default_factory=set)
    _registering: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, *targets: str) -> Closure:
        """Return the closure of `"package.module:attribute"` targets."""
        roots = {target.partition(".")[0].partition(":")[0] for target in targets}
        closure = cls(Modules(frozenset().union(*map(neighbours, roots)) | {CORE}))
        for target in targets:
            module, _, attribute = target.partition(":")
            closure._follow_path(module, tuple(attribute.split(".")))
        closure._work()
        return closure

    def digest(self) -> str:
        """Return the hash of all that was reached; the order of plain definitions in their files does not count."""
        digest = hashlib.sha256()
        for name in sorted(self.reached.keys() | {module for module, _ in self.imports}):
            module = self.modules.loaded[name]
            numbers = self.reached.get(name, set())
            in_order = numbers & (module.ordered | self._registering.get(name, set()))
            texts = [module.text(number) for number in sorted(in_order)]
            texts += ["", *sorted(module.text(number) for number in numbers - in_order)]
            texts += ["", *sorted(_alias_text(module, alias) for owner, alias in self.imports if owner == name)]
            digest.update("\n".join([name, *texts, ""]).encode())
        for name, path in sorted({**self.files, **self.modules.opaque}.items()):
            digest.update(f"{name} {_hash_of(path)}\n".encode())
        return digest.hexdigest()

    def _work(self) -> None:
        while self._waiting or self.modules.fresh:
            while self.modules.fresh:
                self._count_effects(self.modules.fresh.pop())
            if not self._waiting:
                return
            module, number = self._waiting.pop()
            uses = module.uses(number)
            for alias in (alias for aliases in uses.aliases.values() for alias in aliases):
                self._import(alias)
                # An import inside a function is carried out with it, whether or not the name is used.
                self._follow(module, alias, (), is_named=False)
            for chain in uses.chains:
                self._use(module, chain, uses.aliases.get(chain[0], ()))

    def _count_effects(self, module: Module) -> None:
        """Count what runs when a module is imported: its effects, and those of all that it imports."""
        for alias in module.imports:
            self._import(alias)
        for alias in module.idle_imports:
            if alias.attribute == "*" or not self.modules.are_own(alias.root):
                self._follow(module, alias, ())
        for number in module.effects:
            self._reach(module, number)
        for number, statement in enumerate(module.statements):
            if isinstance(statement, ast.ClassDef) and any(
                self.modules.hears_of_subclasses(module, base) for base in statement.bases
            ):
                self._registering.setdefault(module.name, set()).add(number)
                self._reach(module, number)

    def _use(self, module: Module, chain: Chain, local: Iterable[Alias]) -> None:
        for alias in local:
            self._follow(module, alias, chain[1:], is_local=True)
        if chain[0] in module.bindings:
            self._bound(module, chain)
        elif chain[0] in REACHES_ALL and not local:
            self._take_whole(module.name)
        elif chain[0] == "__import__":
            self._take_everything(module)
        elif chain[0] == "__file__":
            self._take_files(module)

    def _bound(self, module: Module, chain: Chain) -> None:
        for place in module.bindings[chain[0]]:
            if isinstance(place, Alias):
                self._follow(module, place, chain[1:])
            else:
                self._reach(module, place)

    def _reach(self, module: Module, number: int) -> None:
        reached = self.reached.setdefault(module.name, set())
        if number not in reached:
            reached.add(number)
            self._waiting.append((module, number))

    def _follow(
        self, user: Module, alias: Alias, rest: Chain, *, is_local: bool = False, is_named: bool = True
    ) -> None:
        """Follow an imported name, and the attributes taken from it, to the definitions behind it."""
        if is_named and not is_local:
            self.imports.add((user.name, alias))
        step = (user.name if is_named else "", alias, rest)
        if step in self._followed:
            return
        self._followed.add(step)
        if not self.modules.are_own(alias.root):
            self._note(user, alias, rest)
        elif alias.attribute == "*":
            self._take_whole(alias.module)
        elif alias.attribute:
            # A submodule that is imported and not used by name has been loaded, no more.
            if is_named or self.modules.path(f"{alias.module}.{alias.attribute}") is None:
                self._follow_path(alias.module, (alias.attribute, *rest), user)
        elif is_named:
            self._follow_path(alias.module, rest, user)

    def _note(self, user: Module, alias: Alias, rest: Chain) -> None:
        """Note what comes from another distribution or from Python itself."""
        if alias.root not in sys.stdlib_module_names:
            self.libraries.add(alias.root)
            return
        path = (*alias.module.split("."), *filter(None, [alias.attribute]), *rest)
        is_dynamic = path[0] in DYNAMIC and path[:2] != ("importlib", "metadata")
        if (is_dynamic or path[:2] == ("sys", "modules")) and user.name not in DOOR_MODULES:
            self._take_everything(user)

    def _follow_path(self, name: str, path: Chain, user: Module | None = None) -> None:
        """Reach `path[0]` in a module: a definition, an import to follow further, or a submodule."""
        module = self.modules.load(name)
        if module is None:
            # A folder of modules without a module of its own, or nothing of ours.
            if path and self.modules.are_own(name.partition(".")[0]):
                self._follow_path(f"{name}.{path[0]}", path[1:], user)
            return
        if not path:
            # Handed on as a value: anything may be taken from it.
            self._take_package(module) if module.is_package else self._take_whole(name)
        elif (name, path[0]) == DOOR:
            self._reach_all(module, path[0])
            if user is not None and user.name.partition(".")[0] != CORE:
                self._take_everything(user)
        elif path[0] in module.bindings:
            self._bound(module, path)
        elif self.modules.exists(f"{name}.{path[0]}"):
            self._follow_path(f"{name}.{path[0]}", path[1:], user)
        elif path[0] in module.promised and "__getattr__" in module.bindings:
            # The core's own way of importing late is known to do nothing else.
            if name != CORE:
                self._reach_all(module, "__getattr__")
            self._import(module.promised[path[0]])
            self._follow(module, module.promised[path[0]], path[1:])
        elif path[0] == "__file__":
            self._take_files(module)
        elif path[0] not in IMPLICIT:
            self._take_whole(name)

    def _reach_all(self, module: Module, name: str) -> None:
        for place in module.bindings.get(name, ()):
            if isinstance(place, int):
                self._reach(module, place)

    def _import(self, alias: Alias) -> None:
        if not self.modules.are_own(alias.root):
            return
        module = self.modules.load(alias.loads)
        if alias.attribute and self.modules.path(f"{alias.module}.{alias.attribute}") is not None:
            self.modules.load(f"{alias.module}.{alias.attribute}")
        elif module is not None and alias.attribute not in module.bindings and alias.attribute in module.promised:
            self._import(module.promised[alias.attribute])

    def _take_whole(self, name: str) -> None:
        module = self.modules.load(name)
        if module is None or name in self._whole:
            return
        self._whole.add(name)
        for number in range(len(module.statements)):
            self._reach(module, number)
        for alias in module.imports:
            self._follow(module, alias, ())

    def _take_everything(self, module: Module) -> None:
        """Take all modules and files that lie with a plugin's module: which of them are used is not known."""
        root = module.name.partition(".")[0]
        top = self.modules.load(root)
        if root == CORE or top is None:
            self._take_whole(module.name)
        elif top.is_package:
            self._take_package(top)
        else:
            for name in sorted(neighbours(root)):
                self._take_whole(name)
        self._take_files(module)

    def _take_package(self, package: Module) -> None:
        self._take_whole(package.name)
        if package.name.partition(".")[0] == CORE:
            return
        for path in package.path.parent.rglob("*.py"):
            parts = path.relative_to(package.path.parent).with_suffix("").parts
            self._take_whole(".".join([package.name, *(parts[:-1] if parts[-1] == "__init__" else parts)]))

    def _take_files(self, module: Module) -> None:
        """Take what lies beside a module and is no source: a module that knows its own place reads from there.

        In a folder that is no package, those that the module names: much else may lie there.
        """
        folder = module.path.parent
        is_package = (folder / "__init__.py").is_file()
        for path in folder.rglob("*") if is_package else folder.glob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc") and (is_package or module.names(path.stem)):
                self.files[f"{module.name} {path.relative_to(folder).as_posix()}"] = path


def _alias_text(module: Module, alias: Alias) -> str:
    places = module.bindings.get(alias.name, [])
    again = f" {places.index(alias)}" if len(places) > 1 else ""
    return f"{alias.name} {alias.module} {alias.attribute} {alias.loads}{again}"


def _hash_of(path: Path) -> str:
    stamp = path.stat()
    return _hashed(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=256)
def _hashed(path: Path, _mtime_ns: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
