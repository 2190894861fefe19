"""Judge what a statement at the top of a module does when the module is imported, beyond binding a name."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from bench.runner.source_files import is_idle

__all__ = ["FUNCTIONS", "Alias", "Chain", "Judge", "chain_of", "is_import"]

# A name and the attributes taken from it: `nn.functional.relu` is ("nn", "functional", "relu").
Chain = tuple[str, ...]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Modules of the core whose classes are values: making one has no effect.
SPECS = frozenset({"bench", "bench.specs", "bench.spaces", "bench.hookspecs", "bench.record"})
MARKERS = frozenset({"hookimpl", "hookspec"})
# A call of these changes nothing elsewhere, and what they decorate is bound as if they were not there.
HARMLESS_ROOTS = frozenset(
    {"abc", "collections", "contextlib", "dataclasses", "enum", "math", "pathlib", "pluggy", "pydantic", "re"}
    | {"types", "typing"}
)
HARMLESS_BUILTINS = frozenset(
    {
        "bool",
        "bytes",
        "complex",
        "dict",
        "enumerate",
        "float",
        "frozenset",
        "int",
        "len",
        "list",
        "max",
        "min",
        "object",
    }
    | {"range", "round", "set", "slice", "str", "sum", "super", "tuple", "zip"}
    | {"bytes.fromhex", "classmethod", "dict.fromkeys", "property", "staticmethod", "str.maketrans"}
)
HARMLESS_DECORATORS = HARMLESS_ROOTS | {"functools"}
TORCH_DECORATORS = frozenset({"compile", "enable_grad", "inference_mode", "jit", "no_grad"})
ACCESSORS = frozenset({"setter", "getter", "deleter"})
# Methods that run when a value is made; decorators of methods that do not, as pydantic's validators do.
MAKERS = frozenset({"__init__", "__new__", "__post_init__", "__call__", "model_post_init"})
QUIET_DECORATORS = frozenset((name,) for name in ("property", "cached_property", "staticmethod", "classmethod"))
VALUE_HOMES = frozenset({"abc", "pydantic", "typing"})


@dataclass(frozen=True, order=True)
class Alias:
    """A name that an import binds: to a module, or to an attribute of it. `loads` is the module that is imported."""

    name: str
    module: str
    attribute: str = ""
    loads: str = ""

    @property
    def root(self) -> str:
        """The top-level package."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Judge:
    """Tells plain definitions from statements with effects; where it is not sure, there is an effect.

    bindings: what the names of the module are bound to, numbers of statements or imports.
    """

    module: str
    statements: Sequence[ast.stmt]
    bindings: Mapping[str, Sequence[int | Alias]]

    def is_hook(self, statement: ast.stmt) -> bool:
        """Is it an implementation of a hook? It runs where plugins are listed, never inside a run."""
        if not isinstance(statement, FUNCTIONS):
            return False
        functions = [each.func if isinstance(each, ast.Call) else each for each in statement.decorator_list]
        meanings = [self._meaning(function) for function in functions]
        return any(path[:1] in SPEC_PATHS and path[-1] == "hookimpl" for path in meanings)

    def is_plain(self, statement: ast.stmt) -> bool:
        """Does a statement bind names and do nothing else that code elsewhere could notice?"""
        if isinstance(statement, FUNCTIONS):
            arguments = statement.args
            defaults = [*arguments.defaults, *(value for value in arguments.kw_defaults if value)]
            return self._are_harmless(defaults) and all(map(self._decorates_only, statement.decorator_list))
        if isinstance(statement, ast.ClassDef):
            return (
                self._are_harmless([*statement.bases, *(each.value for each in statement.keywords)])
                and all(each.arg != "metaclass" or _is_abstract(each.value) for each in statement.keywords)
                and all(map(self._decorates_only, statement.decorator_list))
                and all(is_idle(each) or self.is_plain(each) for each in statement.body)
            )
        if isinstance(statement, ast.Assign):
            return all(map(_is_name, statement.targets)) and self._are_harmless([statement.value])
        if isinstance(statement, ast.AnnAssign):
            return _is_name(statement.target) and self._are_harmless([statement.value] if statement.value else [])
        # The statement `type X = …` came with Python 3.12.
        return type(statement).__name__ == "TypeAlias" or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        )

    def _are_harmless(self, values: Iterable[ast.expr]) -> bool:
        nodes = [node for value in values for node in ast.walk(value)]
        if any(isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for node in nodes):
            return False
        return all(self._is_harmless(node.func) for node in nodes if isinstance(node, ast.Call))

    def _is_harmless(self, function: ast.expr, roots: frozenset[str] = HARMLESS_ROOTS) -> bool:
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Constant):
            return True
        path = self._meaning(function)
        if path[0] == "" and self._is_value(function):
            return True
        if path[:1] in SPEC_PATHS and len(path) > 1:
            return path[1] in MARKERS or path[1][:1].isupper()
        return (path[:1] == ("builtins",) and path[1] in HARMLESS_BUILTINS) or path[0].partition(".")[0] in roots

    def _is_value(self, function: ast.expr) -> bool:
        """Is it a class of this module that runs nothing of ours when a value is made, e.g. a plain dataclass?"""
        places = self.bindings.get(function.id, ()) if isinstance(function, ast.Name) else ()
        if len(places) != 1 or isinstance(places[0], Alias):
            return False
        found = self.statements[places[0]]
        if not isinstance(found, ast.ClassDef) or found.keywords:
            return False
        names = {each.name for each in found.body if isinstance(each, FUNCTIONS)}
        decorated = [node for each in found.body if isinstance(each, FUNCTIONS) for node in each.decorator_list]
        return (
            not names & MAKERS
            and all(chain_of(node)[-1:] in QUIET_DECORATORS for node in decorated)
            and all(self._is_value(base) or self._meaning(base)[0] in VALUE_HOMES for base in found.bases)
        )

    def _decorates_only(self, node: ast.expr) -> bool:
        function = node.func if isinstance(node, ast.Call) else node
        if isinstance(node, ast.Call) and not self._are_harmless([*node.args, *(each.value for each in node.keywords)]):
            return False
        if isinstance(function, ast.Attribute) and function.attr in ACCESSORS:
            return True
        path = self._meaning(function)
        in_torch = path[0] == "torch" and path[1:2] != () and path[1] in TORCH_DECORATORS
        return in_torch or self._is_harmless(function, HARMLESS_DECORATORS)

    def _meaning(self, function: ast.expr) -> Chain:
        """Return what is called as (module, attribute, …), ("",) where it cannot be said for sure."""
        chain = chain_of(function)
        places = self.bindings.get(chain[0], ()) if chain else ()
        if len(places) == 1 and isinstance(alias := places[0], Alias):
            return (alias.module, *filter(None, [alias.attribute]), *chain[1:])
        if chain and not places and "*" not in self.bindings and hasattr(builtins, chain[0]):
            return ("builtins", ".".join(chain))
        if places and self.module in SPECS:
            # The core's own markers, at home.
            return (self.module, *chain)
        return ("",)


SPEC_PATHS = frozenset((name,) for name in SPECS)


def chain_of(node: ast.expr) -> Chain:
    """Return a dotted name as a chain, () where the expression is anything else."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else ()


def is_import(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    """Is it an import of either form?"""
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return all(map(_is_name, target.elts))
    return _is_name(target.value) if isinstance(target, ast.Starred) else isinstance(target, ast.Name)


def _is_abstract(metaclass: ast.expr) -> bool:
    return chain_of(metaclass)[-1:] == ("ABCMeta",)
