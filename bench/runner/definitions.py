"""Take the source of one module apart: the names it defines, and what it does when it is imported."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from bench.runner.effects import FUNCTIONS, Alias, Chain, Judge, chain_of, is_import
from bench.runner.source_files import absolute, is_idle, is_text, parsed, written

__all__ = ["Module", "Uses", "module_at"]


INNER = (*FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Uses:
    """What a statement uses: names with the attributes taken from them, its own imports, the texts it holds."""

    chains: dict[Chain, None] = field(default_factory=dict)
    aliases: dict[str, list[Alias]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


class Module:
    """The top level of one module.

    bindings: name → where it is bound: numbers of statements, and imports.
    promised: names that only type checkers see bound, by imports under TYPE_CHECKING.
    effects:  numbers of the statements that do something when the module is imported, beyond binding a name.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.is_package = path.name == "__init__.py"
        self.statements: list[ast.stmt] = []
        self.bindings: dict[str, list[int | Alias]] = {}
        self.promised: dict[str, Alias] = {}
        self.imports: list[Alias] = []
        self.effects: set[int] = set()
        self._hooks: set[int] = set()
        self._uses: dict[int, Uses] = {}
        self._texts: dict[int, str] = {}
        self._take(parsed(path).body)
        self._judge()

    def uses(self, number: int) -> Uses:
        """Return what a statement uses."""
        if number not in self._uses:
            self._uses[number] = _Visitor(self).read(self.statements[number])
        return self._uses[number]

    def text(self, number: int) -> str:
        """Return a statement without comments, layout and docstrings."""
        if number not in self._texts:
            self._texts[number] = written(self.statements[number])
        return self._texts[number]

    def names(self, text: str) -> bool:
        """Does a text in the module hold this one?"""
        return any(text in each for number in range(len(self.statements)) for each in self.uses(number).texts)

    def aliases(self, node: ast.Import | ast.ImportFrom) -> Iterator[Alias]:
        """Return the names that an import binds."""
        if isinstance(node, ast.Import):
            for each in node.names:
                root = each.name if each.asname else each.name.partition(".")[0]
                yield Alias(each.asname or root, root, loads=each.name)
        else:
            base = absolute(self.name, self.is_package, node)
            yield from (Alias(each.asname or each.name, base, each.name, base) for each in node.names)

    @cached_property
    def idle_imports(self) -> list[Alias]:
        """Imports whose names nothing here uses: they stand here for what they do."""
        used = {chain[0] for number in range(len(self.statements)) for chain in self.uses(number).chains}
        return [alias for alias in self.imports if alias.name not in used]

    @cached_property
    def ordered(self) -> set[int]:
        """Statements whose order may count: effects, and those that bind a name again."""
        counts = Counter(
            number for places in self.bindings.values() if len(places) > 1 for number in places if type(number) is int
        )
        return self.effects | set(counts)

    def _take(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            if is_idle(statement):
                continue
            if isinstance(statement, ast.If) and _is_for_type_checkers(statement.test):
                nested = (node for node in ast.walk(ast.Module(statement.body, [])) if is_import(node))
                self.promised |= {alias.name: alias for node in nested for alias in self.aliases(node)}
                self._take(statement.orelse)
            elif isinstance(statement, ast.If) and _is_main(statement.test):
                self._take(statement.orelse)
            elif is_import(statement):
                self._import(statement)
            else:
                number = len(self.statements)
                self.statements.append(statement)
                self._bind(statement, number)

    def _import(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in self.aliases(statement):
            self.imports.append(alias)
            if alias.module != "__future__":
                self.bindings.setdefault(alias.name, []).append(alias)

    def _bind(self, statement: ast.stmt, number: int) -> None:
        for node in _running(statement):
            if is_import(node):
                self._import(node)
            names = [node.name] if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.ExceptHandler)) else []
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names = [node.id]
            for name in names:
                places = self.bindings.setdefault(name or "", [])
                if number not in places:
                    places.append(number)

    def _judge(self) -> None:
        judge = Judge(self.name, self.statements, self.bindings)
        for number, statement in enumerate(self.statements):
            if judge.is_hook(statement):
                self._hooks.add(number)
            elif not judge.is_plain(statement):
                self.effects.add(number)
        if self._hooks and self.effects:
            self.effects -= self._for_hooks_alone()

    def _for_hooks_alone(self) -> set[int]:
        """Return the assignments that only hook implementations use: the lists of what a plugin offers."""
        users = {n: self._used_here(n) for n in range(len(self.statements))}
        reached, waiting = set[int](), list(self._hooks)
        while waiting:
            new = users[waiting.pop()] - reached - self._hooks
            reached |= new
            waiting += new
        while shared := reached & {m for n, used in users.items() if n not in reached | self._hooks for m in used}:
            reached -= shared
        return {n for n in reached if isinstance(self.statements[n], ast.Assign | ast.AnnAssign)}

    def _used_here(self, number: int) -> set[int]:
        names = {chain[0] for chain in self.uses(number).chains}
        places = [place for name in names for place in self.bindings.get(name, ())]
        return {place for place in places if isinstance(place, int) and place != number}


class _Visitor(ast.NodeVisitor):
    def __init__(self, module: Module) -> None:
        self.module, self.found = module, Uses()

    def read(self, statement: ast.stmt) -> Uses:
        self.visit(statement)
        return self.found

    def visit_Name(self, node: ast.Name) -> None:
        self.found.chains[(node.id,)] = None

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain = chain_of(node)
        if chain:
            self.found.chains[chain] = None
        else:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.texts.add(node.value)

    def visit_Import(self, node: ast.Import) -> None:
        self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in self.module.aliases(node):
            self.found.aliases.setdefault(alias.name, []).append(alias)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._annotation(node.annotation)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self._annotation(node.annotation)
        self.generic_visit(node)

    def _annotation(self, node: ast.expr | None) -> None:
        """Read annotations that are written as texts, too: libraries resolve them."""
        for each in ast.walk(node) if node is not None else ():
            if is_text(each):
                try:
                    self.visit(ast.parse(str(each.value), mode="eval"))
                except SyntaxError:
                    # a text inside Literal[…]
                    continue


@lru_cache(maxsize=1024)
def module_at(name: str, path: Path, _mtime_ns: int, _size: int) -> Module:
    """Return a module taken apart; again only where its file's time or size has changed."""
    return Module(name, path)


def _is_for_type_checkers(test: ast.expr) -> bool:
    return chain_of(test)[-1:] == ("TYPE_CHECKING",)


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and chain_of(test.left) == ("__name__",) and isinstance(test.ops[0], ast.Eq)


def _running(statement: ast.stmt) -> Iterator[ast.AST]:
    """Walk through what runs at import: not into functions and classes, nor into names that end with their loop."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, INNER):
            waiting += reversed([*ast.iter_child_nodes(node)])
