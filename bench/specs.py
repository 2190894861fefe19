"""What a plugin offers: light descriptions that name their code and import nothing until it is used."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any, Literal

from bench.errors import PluginError
from bench.spaces import Role, Space

__all__ = [
    "Choice",
    "DataFile",
    "DatasetSpec",
    "Family",
    "Fixed",
    "Hyperparameter",
    "Integer",
    "MetricSpec",
    "ModelSpec",
    "ProtocolSpec",
    "ReaderSpec",
    "Real",
    "RendererSpec",
    "Spec",
    "TaskSpec",
    "Value",
    "module_spec",
    "resolve",
]

Family = Literal["shallow", "deep", "generative"]
Value = bool | int | float | str
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def resolve(target: str) -> Any:
    """Import `"package.module:attribute"` and return the attribute."""
    module, _, attribute = target.partition(":")
    found: Any = import_module(module)
    for name in attribute.split("."):
        found = getattr(found, name)
    return found


def module_spec(name: str) -> ModuleSpec | None:
    """Return where a module would be imported from, None where it is not installed."""
    try:
        return find_spec(name)
    except (ImportError, ValueError):
        # The parent of a dotted name is not there; the name is no name.
        return None


@dataclass(frozen=True)
class Real:
    """A real hyperparameter: its default and the interval a search may draw from."""

    default: float
    low: float
    high: float
    log: bool = False
    kind: Literal["real"] = "real"


@dataclass(frozen=True)
class Integer:
    """A whole hyperparameter: its default and the interval, both ends included."""

    default: int
    low: int
    high: int
    log: bool = False
    kind: Literal["integer"] = "integer"


@dataclass(frozen=True)
class Choice:
    """A hyperparameter with a handful of values."""

    default: Value
    options: tuple[Value, ...]
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True)
class Fixed:
    """A hyperparameter that can be set in a suite but is not searched."""

    default: Value
    kind: Literal["fixed"] = "fixed"


Hyperparameter = Real | Integer | Choice | Fixed


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What every offered thing says of itself; cheap to make, so that listing imports nothing heavy.

    name:     lower-case letters, digits, `.`, `_`, `-`; it becomes part of file names.
    target:   `"package.module:attribute"`, imported only when used.
    requires: import names that must be installed, and `extra`, the depthbench extra that brings them.
    """

    name: str
    target: str
    summary: str = ""
    requires: tuple[str, ...] = ()
    extra: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise PluginError(
                f"{type(self).__name__} name {self.name!r} is not allowed: use lower-case letters, digits, "
                "'.', '_' and '-', at most 64, starting with a letter or digit"
            )
        if not TARGET.fullmatch(self.target):
            raise PluginError(f"target {self.target!r} of {self.name!r} is not of the form 'package.module:attribute'")
        for names in ("requires", "roles", "devices", "arrays", "after", "endings"):
            # A lone string would be taken letter by letter.
            if not isinstance(given := getattr(self, names, ()), tuple):
                raise PluginError(f"{self.name!r}: {names} must be a tuple such as ('one',), got {given!r}")


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Spec):
    """A model a plugin offers.

    The target is called as `target(problem, **hyperparameters)` and returns a torch `nn.Module`
    (see `Network`) or a black box (see `BlackBox`). `roles` say what it can do, and on what; no task is named.
    `devices` where it can run: a black box that only knows the CPU says `devices=("cpu",)`.
    """

    family: Family
    roles: tuple[Role, ...]
    hyperparameters: Mapping[str, Hyperparameter | Value] = field(default_factory=dict)
    paper: str = ""
    devices: tuple[str, ...] = ("cpu", "cuda")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.family not in ("shallow", "deep", "generative"):
            raise PluginError(f"model {self.name!r}: family {self.family!r} is not shallow, deep or generative")
        if not self.roles or not all(isinstance(role, Role) for role in self.roles):
            raise PluginError(f"model {self.name!r}: roles must hold at least one Role; got {self.roles!r}")
        for name, parameter in self.space.items():
            values = (parameter.default, *(parameter.options if isinstance(parameter, Choice) else ()))
            for value in values:
                if not isinstance(value, Value):
                    raise PluginError(
                        f"model {self.name!r}: hyperparameter {name!r} cannot be {value!r}: "
                        "a value is a bool, an int, a float or a str"
                    )

    @property
    def space(self) -> dict[str, Hyperparameter]:
        """Every hyperparameter with its search space; a plain value becomes `Fixed`."""
        return {
            name: value if isinstance(value, Real | Integer | Choice | Fixed) else Fixed(value)
            for name, value in self.hyperparameters.items()
        }

    def defaults(self) -> dict[str, Value]:
        """The value of every hyperparameter when nobody sets it."""
        return {name: parameter.default for name, parameter in self.space.items()}


@dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    path:     relative to the data root (or to the package in `DatasetSpec.embedded_in`); it or `path + ".gz"` may lie
              there.
    checksum: `"sha256:…"` or `"md5:…"` of the file as downloaded; `unpacked_checksum` of what is inside the `.gz`.
    url:      where `bench data fetch` gets it; `mirrors` are tried after it, in order.
    archive:  the tar that is downloaded instead and holds this file as the member `path`; it is read as it lies there.
    at:       where a user's own file or folder lies, an absolute path; no run's identity depends on it.
    """

    path: str
    checksum: str
    url: str = ""
    size_bytes: int = 0
    unpacked_checksum: str = ""
    mirrors: tuple[str, ...] = ()
    archive: DataFile | None = None
    at: str = ""


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """A data set: what it holds, never what is asked of it.

    The target is called as `target(source)` with a `bench.data.DataSource` and returns a `bench.data.Dataset`.
    inputs, targets: the spaces of one sample's input and of its default target, None where it has none.
    ordered:         are neighbours in the file neighbours in time? Then it is split in its order.
    sample_count:    all samples, and `has_official_test`: does it come with a test part? A small data set without one
                   is resplit by default.
    embedded_in:     the package that carries the files, if one does.
    reader:          of a user's own data, the name of the `ReaderSpec` that found out what they hold; `settings`: how
                     its target reads them; `notes`: sentences on what was inferred, left out and suspected.
    """

    inputs: Space
    targets: Space | None = None
    ordered: bool = False
    sample_count: int = 0
    has_official_test: bool = False
    licence: str
    source: str
    files: tuple[DataFile, ...] = ()
    embedded_in: str = ""
    citation: str = ""
    reader: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def modality(self) -> str:
        """What people call such data: table, image, text or series."""
        space = self.inputs
        if space.kind == "text":
            return "text"
        if "t" in space.axes or (self.ordered and space.kind == "real"):
            return "series"
        if space.kind == "index":
            return "text"
        return "image" if "h" in space.axes else "table"


@dataclass(frozen=True, kw_only=True)
class ReaderSpec(Spec):
    """What makes a data set of a user's own file or folder.

    The target is called as a data set's is, with a `bench.sources.DataSource`, and returns a `bench.data.Dataset`.
    inspect: `"package.module:function"`, called at planning with a `bench.own_data.OwnSource`; it returns a
             `bench.own_data.Inspection`, whose spec the target is called with later, in the process of each run.
    endings: of the names of files that it reads, such as `.csv`; `/` is a folder.
    """

    inspect: str
    endings: tuple[str, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not TARGET.fullmatch(self.inspect):
            raise PluginError(
                f"inspect {self.inspect!r} of reader {self.name!r} is not of the form 'package.module:function'"
            )


@dataclass(frozen=True, kw_only=True)
class TaskSpec(Spec):
    """What is asked of a model and how the answer is scored; the target is a `bench.tasks.base.Task` class."""


@dataclass(frozen=True, kw_only=True)
class ProtocolSpec(Spec):
    """The rules under which results are comparable; the target is a `bench.protocols.base.Protocol` class.

    `report` names the protocol's own part of a report as `"package.module:function"`, called with a
    `bench.report.SectionData` and returning a `bench.report.ProtocolPart`; where it is empty, a section has the
    general figures alone.
    """

    report: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.report and not TARGET.fullmatch(self.report):
            raise PluginError(
                f"report {self.report!r} of protocol {self.name!r} is not of the form 'package.module:function'"
            )


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Spec):
    """One score, of every task whose answers and truth hold the arrays it reads.

    The target is a pure function of NumPy arrays that returns a float, called with the arrays named here, in this
    order; `("probabilities", "labels")` is asked of every classification, (n, classes) float32 and (n,) int64. See
    docs/tasks.md for the names. The title is the heading in a report, such as "RMSE"; by default the name says it.
    low, high: the ends between which the score can lie; no interval of a report goes beyond them.
    """

    arrays: tuple[str, ...]
    higher_is_better: bool
    unit: str = ""
    title: str = ""
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise PluginError(f"metric {self.name!r}: low = {self.low:g} is not below high = {self.high:g}")
        if not self.arrays:
            raise PluginError(
                f"metric {self.name!r}: arrays must name what it reads, such as ('predictions', 'targets')"
            )


@dataclass(frozen=True, kw_only=True)
class RendererSpec(Spec):
    """A format of the report; the target is called as `target(report, folder)` and returns the path it wrote.

    after: names of formats whose files this one links to, and which are therefore written before it.
    is_default: is it written where no format is named? One that takes long to write had better not be.
    """

    suffix: str
    after: tuple[str, ...] = ()
    is_default: bool = True
