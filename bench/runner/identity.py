"""The identity of a run: a hash over everything that can change its result, and over nothing else."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeGuard

import bench

__all__ = [
    "harness_fingerprint",
    "hash_parts",
    "imported_modules",
    "installed_version",
    "own_modules",
    "source_fingerprint",
]

HARNESS = ("data.py", "model.py", "runner/execute.py", "measure", "metrics", "protocols", "tasks")
UNSAID = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
SHARED_FOLDERS = ("site-packages", "dist-packages")


def hash_parts(parts: Mapping[str, str]) -> str:
    """Return the run id: 20 hex digits of SHA-256 over the named parts, whatever their order."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:20]


def canonical(value: Any) -> str:
    """Return JSON in which equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def source_fingerprint(target: str) -> str:
    """Hash the module of a target and every helper module that it imports from its own package.

    Comments, layout and docstrings do not count, names and code do. Modules of other distributions count by
    version, elsewhere. A module without Python source counts by its bytes. The core has one fingerprint for all.
    """
    if target.partition(".")[0] == "bench":
        return "harness"
    digest = hashlib.sha256()
    for name, path in sorted(own_modules(target.partition(":")[0]).items()):
        digest.update(f"{name}\n{_normalised(path)}\n".encode())
    return digest.hexdigest()


def harness_fingerprint() -> str:
    """Hash the parts of depthbench itself that decide results: protocols, tasks, metrics, splits, measurement."""
    core = Path(bench.__file__).parent
    places = [core / part for part in HARNESS]
    files = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(core)}\n{_normalised(path)}\n".encode())
    return digest.hexdigest()


def own_modules(module: str) -> dict[str, Path]:
    """Return name → file of a module and of all it imports, directly or not, from the same place.

    The same place is the module's top-level package, or the folder of a plugin that is a single module:
    its helper modules lie beside it.
    """
    root = module.partition(".")[0]
    own = _neighbours(root)
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] not in own:
            continue
        path = _file_of(name)
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
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(name, is_package, node)
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


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _absolute(name: str, is_package: bool, node: ast.ImportFrom) -> str:
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


def _file_of(name: str) -> Path | None:
    parent, _, child = name.rpartition(".")
    if parent:
        # Looked up beside the parent's file, since find_spec would import the parent and run a plugin's code.
        package = _file_of(parent)
        if package is None or package.name != "__init__.py":
            return None
        candidates: Iterable[Path] = (package.parent / f"{child}.py", package.parent / child / "__init__.py")
        return next((path for path in candidates if path.is_file()), None)
    spec = _spec(name)
    return Path(spec.origin) if spec and spec.has_location and spec.origin else None


def _neighbours(root: str) -> frozenset[str]:
    """Return the top-level names that belong to a plugin: its package, or what was installed with its module."""
    own = {root}
    for distribution in packages_of(root):
        own |= {name for name, owners in _distributions().items() if distribution in owners}
    path = _file_of(root)
    if path is not None and path.name != "__init__.py" and path.parent.name not in SHARED_FOLDERS:
        own |= {beside.stem for beside in path.parent.glob("*.py")}
    # The core has a fingerprint of its own; an edit there must not look like an edit of every plugin.
    return frozenset(own - {"bench"} | {root})


def _tree(path: Path) -> ast.Module:
    stamp = path.stat()
    return _parsed(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=512)
def _parsed(path: Path, _mtime_ns: int, _size: int) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


def _normalised(path: Path) -> str:
    if path.suffix != ".py":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    tree = _tree(path)
    _tidy(tree)
    parts: list[str] = []
    _write(tree, parts.append)
    return "".join(parts)


def _write(node: Any, write: Callable[[str], None]) -> None:
    """Write a syntax tree as one text for one source, whichever Python has parsed it.

    `ast.dump` will not do: new versions of Python add fields (`type_params`) and write empty ones in another way.
    """
    if isinstance(node, ast.AST):
        write(f"{type(node).__name__}(")
        for name in node._fields:
            value = getattr(node, name, None)
            # Said by the place of the node already, or nothing that the code says.
            if value is None or value == [] or name in UNSAID:
                continue
            write(f"{name}=")
            _write(value, write)
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


def _tidy(tree: ast.Module) -> None:
    """Empty the docstrings, and drop the empty texts that only some versions of Python see in an f-string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and _is_text(first.value):
                first.value = ast.Constant("")
        elif isinstance(node, ast.JoinedStr):
            node.values = [each for each in node.values if not (_is_text(each) and each.value == "")]


def _is_text(node: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
