"""Find installed plugins and hold what they offer."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import pluggy

from bench import hookspecs
from bench.errors import MissingExtra, PluginError, UnknownName
from bench.specs import (
    DatasetSpec,
    MetricSpec,
    ModelSpec,
    ProtocolSpec,
    ReaderSpec,
    RendererSpec,
    Spec,
    TaskSpec,
    module_spec,
    resolve,
)

__all__ = [
    "BROKEN",
    "FILE",
    "GROUP",
    "Catalogue",
    "Offer",
    "Owner",
    "Plugins",
    "Problem",
    "discover",
    "missing_modules",
    "sentence",
    "unmarked",
]

GROUP = "bench"
OWN_DISTRIBUTION = "depthbench"
# Stands in place of the version of a plugin that is one file, which has none.
FILE = "file"
HOOKS = [name for name in vars(hookspecs) if name.startswith("bench_")]
# What a stranger's code may raise without ending us: sys.exit() as well, but not Ctrl-C.
BROKEN = (Exception, SystemExit)
S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Owner:
    """Who offers a thing: the entry point's name and the distribution behind it."""

    plugin: str
    distribution: str
    version: str

    @property
    def key(self) -> str:
        """A name no other plugin has: two distributions may both call theirs `models`."""
        return f"{self.distribution}:{self.plugin}"

    def __str__(self) -> str:
        if self.version == FILE:
            return self.distribution
        return f"{self.plugin!r} of {self.distribution} {self.version}"


@dataclass(frozen=True)
class Offer(Generic[S]):
    """A spec and its owner."""

    spec: S
    owner: Owner

    def load(self) -> Any:
        """Import what the spec's target names; raises PluginError, which says whose it is, where that fails."""
        try:
            return resolve(self.spec.target)
        except BROKEN as error:
            reason = f"{self.spec.name!r} of plugin {self.owner} cannot be loaded from {self.spec.target}"
            raise PluginError(f"{reason}: {sentence(error)}") from error

    def missing(self) -> MissingExtra | None:
        """Return the error, with its cure, when a module this needs is not installed."""
        absent = missing_modules(self.spec.requires)
        if not absent:
            return None
        package = f"{self.owner.distribution}[{self.spec.extra}]" if self.spec.extra else " ".join(absent)
        return MissingExtra(self.spec.name, absent, f"pip install '{package}'")


class Catalogue(Mapping[str, Offer[S]]):
    """The offers of one kind by name; an unknown name is an error that suggests the nearest."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._offers: dict[str, Offer[S]] = {}

    def __getitem__(self, name: str) -> Offer[S]:
        return self.find(name)

    def __iter__(self) -> Any:
        return iter(sorted(self._offers))

    def __len__(self) -> int:
        return len(self._offers)

    def __contains__(self, name: object) -> bool:
        return name in self._offers

    def find(self, name: str, place: str = "") -> Offer[S]:
        """Return the offer of that name; `place` says in the error where the name was written."""
        if name not in self._offers:
            raise UnknownName(self.kind, name, self._offers, place=place)
        return self._offers[name]

    def add(self, offer: Offer[S]) -> None:
        """Take an offer in."""
        self._offers[offer.spec.name] = offer


@dataclass(frozen=True)
class Problem:
    """Something wrong with a plugin, kept so that it can be shown and the rest can go on."""

    owner: Owner
    reason: str
    traceback: str = ""


@dataclass
class Plugins:
    """Every plugin found, what each offers, and what is wrong with the broken ones."""

    manager: pluggy.PluginManager
    owners: list[Owner] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    models: Catalogue[ModelSpec] = field(default_factory=lambda: Catalogue("model"))
    datasets: Catalogue[DatasetSpec] = field(default_factory=lambda: Catalogue("data set"))
    readers: Catalogue[ReaderSpec] = field(default_factory=lambda: Catalogue("reader"))
    tasks: Catalogue[TaskSpec] = field(default_factory=lambda: Catalogue("task"))
    protocols: Catalogue[ProtocolSpec] = field(default_factory=lambda: Catalogue("protocol"))
    metrics: Catalogue[MetricSpec] = field(default_factory=lambda: Catalogue("metric"))
    renderers: Catalogue[RendererSpec] = field(default_factory=lambda: Catalogue("renderer"))

    def load(self, point: EntryPoint, owner: Owner) -> None:
        """Import a plugin and take it in; whatever goes wrong becomes a `Problem`."""
        try:
            module = point.load()
        except BROKEN as error:
            self._blame(owner, error)
        else:
            self.register(module, owner)

    def register(self, module: object, owner: Owner) -> None:
        """Take a plugin in and ask it what it offers; whatever goes wrong becomes a `Problem`."""
        strays = [Problem(owner, stray) for stray in _stray_arguments(module)]
        if strays:
            self.problems += strays
            return
        try:
            self.manager.register(module, name=owner.key)
        except BROKEN as error:
            self._blame(owner, error)
            return
        self.owners.append(owner)
        self._check_hooks(module, owner)
        for hook, kind, catalogue in (
            ("bench_models", ModelSpec, self.models),
            ("bench_datasets", DatasetSpec, self.datasets),
            ("bench_readers", ReaderSpec, self.readers),
            ("bench_tasks", TaskSpec, self.tasks),
            ("bench_protocols", ProtocolSpec, self.protocols),
            ("bench_metrics", MetricSpec, self.metrics),
            ("bench_renderers", RendererSpec, self.renderers),
        ):
            self._collect(module, owner, hook, kind, catalogue)

    def notify(self, hook: str, **arguments: object) -> list[Problem]:
        """Call an event hook on every plugin; one that raises is reported and stops nobody."""
        raised = []
        by_plugin = {implementation.plugin: implementation for implementation in self._implementations(hook)}
        owners = {owner.key: owner for owner in self.owners}
        for plugin, implementation in by_plugin.items():
            wanted = {name: arguments[name] for name in implementation.argnames}
            try:
                with redirect_stdout(sys.stderr):
                    implementation.function(**wanted)
            except BROKEN as error:
                name = self.manager.get_name(plugin) or repr(plugin)
                owner = owners.get(name, Owner(name, "?", "?"))
                reason = f"{hook} raised {sentence(error)}{_raised_at(error, implementation.function)}"
                raised.append(Problem(owner, reason, traceback.format_exc()))
        return raised

    def _check_hooks(self, module: object, owner: Owner) -> None:
        """Tell of hooks that nobody will call: a mistyped name, one without its mark, or a module without any."""
        callers = self.manager.get_hookcallers(module) or []
        if not callers:
            self.problems.append(Problem(owner, "it implements no hook: mark its functions with @bench.hookimpl"))
        self.problems += [Problem(owner, reason) for reason in unmarked(module)]
        for caller in callers:
            is_optional = all(each.optionalhook for each in caller.get_hookimpls() if each.plugin is module)
            if not caller.has_spec() and not is_optional:
                self.problems.append(Problem(owner, str(UnknownName("hook", caller.name, HOOKS))))

    def _implementations(self, hook: str) -> list[pluggy.HookImpl]:
        caller: pluggy.HookCaller = getattr(self.manager.hook, hook)
        return caller.get_hookimpls()

    def _collect(self, module: object, owner: Owner, hook: str, kind: type[S], catalogue: Catalogue[Any]) -> None:
        for implementation in self._implementations(hook):
            if implementation.plugin is not module:
                continue
            try:
                answer: Any = implementation.function()
                offered: list[object] = list(answer or ())
            except BROKEN as error:
                self._blame(owner, error, f"{hook}() raised ", _raised_at(error, implementation.function))
                continue
            for spec in offered:
                self._offer(owner, hook, kind, catalogue, spec)

    def _offer(self, owner: Owner, hook: str, kind: type[S], catalogue: Catalogue[Any], spec: object) -> None:
        if not isinstance(spec, kind):
            self.problems.append(Problem(owner, f"{hook}() offered {spec!r}, which is not a {kind.__name__}"))
        elif spec.name in catalogue:
            first = catalogue[spec.name].owner
            reason = f"{catalogue.kind} {spec.name!r} is offered twice: by {first} (kept) and by {owner} (left out)"
            self.problems.append(Problem(owner, reason))
        else:
            catalogue.add(Offer(spec, owner))

    def _blame(self, owner: Owner, error: BaseException, prefix: str = "", place: str = "") -> None:
        self.problems.append(Problem(owner, prefix + sentence(error) + place, traceback.format_exc()))


def discover(candidates: Callable[[], Iterable[EntryPoint]] | None = None) -> Plugins:
    """Load every entry point of the group `bench`, our own first, strangers in the order of their names.

    The order decides who keeps a name that is offered twice. pluggy's own loader neither survives a broken
    plugin nor says whose it is, hence this loop. What plugins print goes to standard error: standard output may be
    a JSON document.
    """
    manager = pluggy.PluginManager("bench")
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager)
    found = candidates() if candidates else entry_points(group=GROUP)
    owned = sorted(((_owner(point), point) for point in found), key=lambda pair: _precedence(pair[0]))
    for owner, point in dict(owned).items():
        with redirect_stdout(sys.stderr):
            plugins.load(point, owner)
    return plugins


def unmarked(module: object) -> list[str]:
    """Return what to say of functions of a module that are called like hooks but are not marked as such."""
    own = getattr(module, "__name__", "")
    return [
        f"{name} is not marked: write @hookimpl above it"
        for name, value in getattr(module, "__dict__", {}).items()
        if name in HOOKS and inspect.isfunction(value) and value.__module__ == own and not hasattr(value, "bench_impl")
    ]


def _stray_arguments(module: object) -> Iterator[str]:
    """Yield what to say of parameters that a hook never gets, in better words than pluggy's."""
    for name, value in getattr(module, "__dict__", {}).items():
        if name not in HOOKS or not inspect.isfunction(value) or not hasattr(value, "bench_impl"):
            continue
        known = inspect.signature(getattr(hookspecs, name)).parameters
        for parameter in inspect.signature(value).parameters.values():
            is_asked = parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty
            if is_asked and parameter.name not in known:
                yield str(UnknownName(f"argument of {name}", parameter.name, known))


def missing_modules(names: Iterable[str]) -> tuple[str, ...]:
    """Return those import names that are not installed, without importing any; of a dotted one, its parents are."""
    return tuple(name for name in names if module_spec(name) is None)


def _raised_at(error: BaseException, hook: Callable[..., object]) -> str:
    """Return the file and the line where a hook raised, in its plugin's own code rather than in a library it called."""
    package = hook.__module__.partition(".")[0]
    places = [
        f" ({frame.f_code.co_filename}, line {line})"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == package
    ]
    # A call that does not fit the hook's parameters is raised outside of it.
    return places[-1] if places else f" ({hook.__code__.co_filename}, line {hook.__code__.co_firstlineno})"


def _owner(point: EntryPoint) -> Owner:
    distribution = point.dist
    # The folder that a broken uninstall leaves behind may have no METADATA, and so no name.
    name, version = (None, None) if distribution is None else (distribution.name, distribution.version)
    return Owner(point.name, name or "?", version or "?")


def _precedence(owner: Owner) -> tuple[bool, str, str]:
    return owner.distribution != OWN_DISTRIBUTION, owner.distribution, owner.plugin


def sentence(error: BaseException) -> str:
    """Return an error of a stranger's code as one line."""
    text = " ".join(str(error).split()) or "no message"
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    return f"{type(error).__name__}: {text}"
