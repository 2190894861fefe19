"""Describe a model that a suite names by its import path, without importing it."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from bench.errors import UsageError
from bench.own import TARGET_KEY, own_name
from bench.plugins import Offer, Owner
from bench.runner.source_files import SHARED_FOLDERS, imported_modules, installed_version, packages_of
from bench.spaces import Need, Role
from bench.specs import TARGET, Family, ModelSpec, Value, module_spec

__all__ = ["FILE", "is_target", "own_offer"]

# Nobody has said what it can do: it is let in everywhere, and its constructor or its run tells where it does not fit.
ANYTHING = Need(kinds=("real", "index", "text"), levels=True, missing=True, ragged=True, none=True)
ROLES = tuple(Role(answer, ANYTHING, ANYTHING) for answer in ("predict", "sample", "score", "assign"))
# The version of what is the user's own file: its source counts instead.
FILE = "file"


def is_target(name: str) -> bool:
    """Is this an import path such as `my:build`, and no model's name?"""
    return TARGET.fullmatch(name) is not None


def own_offer(
    target: str, folders: Iterable[Path], *, family: Family | None = None, given: Mapping[str, Value] | None = None
) -> Offer[ModelSpec]:
    """Return the offer of a target with the hyperparameters given.

    folders: where its module is looked for if it is not installed; the folder that has it can be imported from
    afterwards, in the processes of runs too. Raises UsageError where there is no such module or no such name in it.
    """
    if TARGET_KEY in (given or {}):
        raise UsageError(f"target {target}: a hyperparameter cannot be called {TARGET_KEY!r}; rename the parameter")
    module, _, attribute = target.partition(":")
    path = _located(module, target, list(folders))
    _check_name(attribute.partition(".")[0], path, target)
    root = module.partition(".")[0]
    is_torch = path is not None and any(name.partition(".")[0] == "torch" for name in imported_modules(module, path))
    spec = ModelSpec(
        name=own_name(target),
        target=target,
        summary=f"your own: {target}",
        family=family or ("deep" if is_torch else "shallow"),
        roles=ROLES,
        hyperparameters={TARGET_KEY: target, **(given or {})},
        devices=("cpu", "cuda") if is_torch else ("cpu",),
        requires=(root,),
    )
    # An installed library counts by its version.
    is_installed = path is None or any(part in SHARED_FOLDERS for part in path.parts)
    distributions = packages_of(root) if is_installed else []
    version = installed_version(root) if distributions else FILE
    return Offer(spec, Owner(root, distributions[0] if distributions else root, version))


def _located(module: str, target: str, folders: list[Path]) -> Path | None:
    root, *rest = module.split(".")
    if module_spec(root) is None:
        places = [each for each in folders if (each / f"{root}.py").is_file() or (each / root).is_dir()]
        if not places:
            looked = " or ".join(dict.fromkeys(str(each.resolve()) for each in folders))
            raise UsageError(
                f"target {target!r}: there is no module {root!r}: it is not installed, and no {root}.py lies in "
                f"{looked}. Say where its file is: --plugin FOLDER/{root}.py"
            )
        # Behind everything else, so that no file of the user's takes the place of an installed module.
        sys.path.append(str(places[0].resolve()))
        importlib.invalidate_caches()
    spec = module_spec(root)
    path = Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None
    for part in rest:
        folder = path.parent if path is not None and path.name == "__init__.py" else None
        if folder is None:
            raise UsageError(f"target {target!r}: {root!r} is no package, so there is no module {module!r}")
        beside = [folder / part / "__init__.py", folder / f"{part}.py", *sorted(folder.glob(f"{part}.*.so"))]
        path = next((each for each in beside if each.is_file()), None)
        if path is None:
            known = sorted(
                {each.stem for each in folder.glob("*.py")}
                | {each.parent.name for each in folder.glob("*/__init__.py")}
            )
            raise UsageError(f"target {target!r}: package {folder.name!r} has no module {part!r}.{_near(part, known)}")
    return path


def _check_name(name: str, path: Path | None, target: str) -> None:
    if path is None or path.suffix != ".py":
        return
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise UsageError(f"target {target!r}: {path}, line {error.lineno}: {error.msg}") from error
    known = _names(tree)
    # What comes from elsewhere, or is made when it is asked for, cannot be told without importing.
    if name not in known and not {"*", "__getattr__"} & known:
        plain = sorted(each for each in known if not each.startswith("_"))
        raise UsageError(f"target {target!r}: {path} has no {name!r}.{_near(name, plain)}")


def _names(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=1)
    return f" Did you mean {near[0]!r}?" if near else f" It has: {', '.join(names[:20]) or 'nothing'}"
