"""Find the source files of modules, and write syntax trees as texts that are equal for equal code."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeGuard

__all__ = [
    "absolute",
    "file_of",
    "folders_of",
    "has_distribution",
    "imported_modules",
    "installed_version",
    "is_idle",
    "is_text",
    "neighbours",
    "own_modules",
    "packages_of",
    "parsed",
    "written",
]

UNSAID = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
# `package/…/module.py,` and `module.py,` at the beginning of a line of RECORD.
TOP_LEVEL = re.compile(r"^\"?([^/,\"\n]+?)(?:/[^,\n]*)?\.py\"?,", re.MULTILINE)
SHARED_FOLDERS = ("site-packages", "dist-packages")


def own_modules(module: str) -> dict[str, Path]:
    """Return name → file of a module and of all it imports, directly or not, from the same place.

    The same place is the module's top-level package, or the folder of a plugin that is a single module:
    its helper modules lie beside it.
    """
    root = module.partition(".")[0]
    own = neighbours(root)
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] not in own:
            continue
        path = file_of(name)
        if path is None:
            continue
        found[name] = path
        # Importing a.b.c runs a and a.b as well.
        waiting += [name.rpartition(".")[0]] if "." in name else []
        waiting += imported_modules(name, path)
    return found


def imported_modules(name: str, path: Path) -> list[str]:
    """Return every module name that the source at `path` may import, submodules of packages included."""
    if path.suffix != ".py":
        return []
    is_package = path.name == "__init__.py"
    found: list[str] = []
    try:
        tree = parsed(path)
    except (SyntaxError, ValueError):
        # The run that imports it will say so.
        return []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(name, is_package, node)
            found += [base, *(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")]
    return [module for module in dict.fromkeys(found) if module]


@cache
def installed_version(module: str) -> str:
    """Return the version of the distribution that brings an import name, `"none"` where it is not installed."""
    try:
        return version(module)
    except PackageNotFoundError:
        # Looked up second: who brings which module is read from every installed package, which takes a while.
        return next((version(distribution) for distribution in packages_of(module)), "none")


def packages_of(module: str) -> list[str]:
    """Return the distributions that bring an import name, e.g. sklearn → scikit-learn."""
    return _distributions().get(module, [])


def has_distribution(root: str) -> bool:
    """Was a top-level module installed by a distribution that says so? One that is edited in place does not."""
    try:
        # Most are called as their module is; who brings which module is read from every installed package.
        version(root)
    except PackageNotFoundError:
        return root in _distributions()
    return True


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Return what `importlib.metadata.packages_distributions` does, in a third of its time.

    That makes a path object of every installed file, of which torch alone has ten thousand.
    """
    found: dict[str, list[str]] = {}
    for distribution in distributions():
        declared, name = distribution.read_text("top_level.txt"), distribution.metadata["Name"]
        tops = declared.split() if declared else TOP_LEVEL.findall(distribution.read_text("RECORD") or "")
        for top in dict.fromkeys(tops):
            found.setdefault(top, []).append(name)
    return found


def absolute(name: str, is_package: bool, node: ast.ImportFrom) -> str:
    """Return the module that a `from … import` in module `name` names, its leading dots resolved."""
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, node.module] if node.module else parts)


def _spec(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except (ImportError, ValueError, AttributeError):
        # find_spec imports the parents of a dotted name; a name such as `package.Class` is no module at all
        return None


def file_of(name: str) -> Path | None:
    """Return the file of a module, None where there is none; nothing is imported."""
    parent, _, child = name.rpartition(".")
    if parent:
        # Looked up beside the parent's file, since find_spec would import the parent and run a plugin's code.
        forms = (f"{child}/__init__.py", *(f"{child}{suffix}" for suffix in EXTENSION_SUFFIXES), f"{child}.py")
        candidates = (folder / form for folder in folders_of(parent) for form in forms)
        return next((path for path in candidates if path.is_file()), None)
    spec = _spec(name)
    path = Path(spec.origin) if spec and spec.has_location and spec.origin else None
    return path if path is not None and path.is_file() else None


def folders_of(package: str) -> list[Path]:
    """Return where the submodules of a package lie: one folder, several for one without `__init__.py`, or none."""
    path = file_of(package)
    if path is not None:
        return [path.parent] if path.name == "__init__.py" else []
    parent, _, child = package.rpartition(".")
    if parent:
        return [folder / child for folder in folders_of(parent) if (folder / child).is_dir()]
    spec = _spec(package)
    return [Path(place) for place in spec.submodule_search_locations or ()] if spec else []


def neighbours(root: str) -> frozenset[str]:
    """Return the top-level names that belong to a plugin: its package, or what was installed with its module."""
    if root == "bench":
        # The core imports no plugin, not even those that are installed with it.
        return frozenset({root})
    own = {root}
    for distribution in packages_of(root):
        own |= {name for name, owners in _distributions().items() if distribution in owners}
    path = file_of(root)
    if path is not None and path.name != "__init__.py" and path.parent.name not in SHARED_FOLDERS:
        own |= {beside.stem for beside in path.parent.glob("*.py")}
    # The core has closures of its own; only what a plugin reaches in it belongs to the plugin.
    return frozenset(own - {"bench"} | {root})


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file; parsed again only where its time or size has changed. Do not change it."""
    stamp = path.stat()
    return _parsed(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=512)
def _parsed(path: Path, _mtime_ns: int, _size: int) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


def written(node: ast.AST) -> str:
    """Write a syntax tree as one text for one source, whichever Python has parsed it.

    Comments, layout and docstrings leave no trace, nor does any other statement that is a lone text.
    `ast.dump` will not do: new versions of Python add fields (`type_params`) and write empty ones in another way.
    """
    parts: list[str] = []
    _write(node, parts.append)
    return "".join(parts)


def _write(node: Any, write: Callable[[str], None]) -> None:
    if isinstance(node, ast.AST):
        write(f"{type(node).__name__}(")
        for name in node._fields:
            value = getattr(node, name, None)
            # Said by the place of the node already, or nothing that the code says.
            if value is None or value == [] or name in UNSAID:
                continue
            write(f"{name}=")
            _write(_said(node, name, value), write)
        write(")")
    elif isinstance(node, list):
        write("[")
        for each in node:
            _write(each, write)
            write(",")
        write("]")
    else:
        # repr spells characters that are newer than its Python in another way than its successors do.
        write(f"{node!a},")


def _said(node: ast.AST, name: str, value: Any) -> Any:
    """Leave out docstrings and `pass`, and the empty texts that only some versions of Python see in an f-string."""
    if isinstance(node, ast.JoinedStr):
        return [each for each in value if not (is_text(each) and each.value == "")]
    if isinstance(value, list) and name in ("body", "orelse", "finalbody"):
        return [each for each in value if not is_idle(each)]
    return value


def is_idle(statement: ast.AST) -> bool:
    """Does a statement do nothing, as a docstring or `pass`?"""
    return isinstance(statement, ast.Pass) or (isinstance(statement, ast.Expr) and is_text(statement.value))


def is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    """Is it a text as it stands in the source?"""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
