"""What one value looks like, what a model takes and gives, and whether the two fit; imports nothing heavy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bench.errors import PluginError

__all__ = ["CLASS", "NOTHING", "NUMBER", "UNKNOWN", "AnswerKind", "Kind", "Need", "Role", "Space"]

Kind = Literal["real", "index", "text"]
AnswerKind = Literal["predict", "sample", "score", "assign"]
AXES = frozenset("ctdhw")
# The name of a token that stands for every one that training never saw.
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Space:
    """What one value looks like: one sample's input, or its target.

    axes:    one letter per axis: c column or channel, t time or position, d h w depth, height and width; empty for a
             single number or class.
    shape:   one size per axis; None only for a length that a task decides.
    kind:    `real` numbers, `index` whole numbers from 0 (classes, tokens), `text` raw strings before encoding.
    size:    number of classes or tokens of an `index`; None only for a vocabulary before it is fitted.
    names:   of the classes, the tokens or the columns.
    levels:  number of categories of each column, 0 for a numeric one; one entry per column of a table, else empty.
    missing: may values be missing (NaN; -1 in an index)? In a target they mean: not asked here.
    ragged:  do samples differ in length along t?
    bounds:  smallest and largest possible value.
    period:  length of a season along t; 1 where there is none.
    """

    axes: str = ""
    shape: tuple[int | None, ...] = ()
    kind: Kind = "real"
    size: int | None = 0
    names: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    missing: bool = False
    ragged: bool = False
    bounds: tuple[float, float] | None = None
    period: int = 1

    def __post_init__(self) -> None:
        if len(self.axes) != len(self.shape) or len(set(self.axes) & AXES) != len(self.axes):
            raise PluginError(
                f"a space needs one letter of {''.join(sorted(AXES))} per axis, each once; got axes "
                f"{self.axes!r} for the shape {self.shape}"
            )
        if self.kind == "index" and self.size is not None and self.size < 1:
            raise PluginError("a space of kind 'index' needs its size: the number of classes or tokens")
        if self.kind == "index" and self.size and self.names and len(self.names) != self.size:
            raise PluginError(f"{self.size} classes or tokens need as many names; got {len(self.names)}")
        if self.ragged and self.kind != "text" and not self.axes.startswith("t"):
            raise PluginError(f"samples of varying length have t as their first axis; got axes {self.axes!r}")
        if self.axes == "c":
            # One spelling of "all numeric", or equal tables would have unequal spaces.
            object.__setattr__(self, "levels", self.levels or (0,) * (self.shape[0] or 0))
        if self.axes == "c" and self.names and len(self.names) != self.shape[0]:
            raise PluginError(f"{self.shape[0]} columns need as many names; got {len(self.names)}")
        if self.bounds is not None and not self.bounds[0] < self.bounds[1]:
            raise PluginError(f"bounds must rise; got {self.bounds}")
        if len(self.levels) != (self.shape[0] if self.axes == "c" else 0):
            raise PluginError(f"levels need one entry per column of a table; got {len(self.levels)} for {self.shape}")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape where every length is known; raises PluginError where one is not."""
        if any(size is None for size in self.shape):
            raise PluginError(f"the shape {self.shape} holds a length that only a task can decide")
        return tuple(size for size in self.shape if size is not None)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what a network answers for one sample: a logit per class, per category, else the values."""
        if self.kind == "index":
            if self.size is None:
                raise PluginError("the vocabulary is not fitted yet, so the number of logits is not known")
            return (*self.sizes, self.size)
        if any(self.levels):
            return (sum(max(1, level) for level in self.levels),)
        return self.sizes

    @property
    def output_size(self) -> int:
        """Numbers that a network answers for one sample."""
        return math.prod(self.output_shape)

    @property
    def categorical_count(self) -> int:
        """How many columns hold categories."""
        return sum(level > 0 for level in self.levels)

    def __str__(self) -> str:
        shape = " × ".join("?" if size is None else str(size) for size in self.shape)
        tail = ", with missing values" if self.missing else ""
        tail += " of varying length" if self.ragged else ""
        if self.kind == "text":
            return f"text{tail}"
        if self.kind == "index":
            known = "?" if self.size is None else str(self.size)
            if not self.axes:
                return f"one of {known} classes{tail}"
            if self.axes == "t":
                length = "" if None in self.shape else f"{shape} "
                different = "" if self.size is None else f" ({known} different)"
                return f"sequences of {length}tokens{different}{tail}"
            return f"{shape} values, each one of {known} tokens{tail}"
        if not self.axes:
            return f"a number{tail}"
        if self.axes == "c":
            categories = f", {self.categorical_count} of them categorical" if self.categorical_count else ""
            return f"a table of {shape} column{'' if shape == '1' else 's'}{categories}{tail}"
        if self.axes == "chw":
            return f"images of {shape}{tail}"
        if "t" in self.axes:
            return f"series of {shape} ({', '.join(AXIS_WORDS[axis] for axis in self.axes)}){tail}"
        return f"arrays of {shape}{tail}"


AXIS_WORDS = {"c": "channels", "t": "steps", "d": "depth", "h": "height", "w": "width"}


@dataclass(frozen=True)
class Need:
    """What a model takes, or what it gives.

    axes:    the axes it can deal with, e.g. `("c", "chw")`; None for any.
    kinds:   the kinds of values it can deal with.
    levels, missing, ragged: can it deal with categorical columns, missing values, samples of varying length?
    none:    can it do without: nothing is given?
    bounded: does it need to know the smallest and the largest value?
    """

    axes: tuple[str, ...] | None = None
    kinds: tuple[Kind, ...] = ("real",)
    levels: bool = False
    missing: bool = False
    ragged: bool = False
    none: bool = False
    bounded: bool = False

    def complaint(self, space: Space | None, verb: str = "takes") -> str:
        """Return why a space does not fit, as a sentence that begins with the verb; empty where it fits."""
        if space is None:
            return "" if self.none else f"{verb} {self}; got nothing"
        # The most telling reason first: who cannot take images at all need not hear of their missing values.
        reasons = (
            (space.kind not in self.kinds or (self.axes is not None and space.axes not in self.axes), str(self)),
            (any(space.levels) and not self.levels, "no categorical columns"),
            (space.missing and not self.missing, "no missing values"),
            (space.ragged and not self.ragged, "no samples of varying length"),
            (space.bounds is None and self.bounded, "only values with known bounds"),
        )
        return next((f"{verb} {reason}; got {space}" for is_broken, reason in reasons if is_broken), "")

    def __str__(self) -> str:
        if self.axes is not None and not self.axes:
            return "nothing"
        words = {
            ("", "real"): "numbers",
            ("", "index"): "classes",
            ("c", "real"): "tables",
            ("chw", "real"): "images",
            ("tc", "real"): "series",
            ("t", "index"): "token sequences",
            ("", "text"): "text",
        }
        axes: tuple[str, ...] = self.axes if self.axes is not None else ()
        if self.axes is None:
            kinds = {"real": ("real values",), "index": ("classes", "tokens"), "text": ("text",)}
            return _listed([word for kind in self.kinds for word in kinds[kind]])
        named = [words.get((each, kind), "") for each in axes for kind in self.kinds]
        return _listed([name for name in named if name]) or f"values with axes {_listed(list(map(repr, axes)))}"


def _listed(words: list[str]) -> str:
    """Return "a, b or c"."""
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


CLASS = Need(axes=("",), kinds=("index",))
NUMBER = Need(axes=("",))
NOTHING = Need(axes=(), none=True)


@dataclass(frozen=True)
class Role:
    """One thing a model can do; it may have several.

    answer: `predict` a target from an input, `sample` new targets, `score` how normal an input is, `assign` a cluster.
    rule:   `"package.light:function"`, called with (input, target) spaces; it returns a complaint, empty where they
            fit: what `Need` cannot say, such as sides that must be divisible by four. Its module imports nothing heavy.
    """

    answer: AnswerKind
    input: Need = Need()
    target: Need = Need()
    rule: str = ""

    def complaint(self, input: Space | None, target: Space | None) -> str:
        """Return why this role cannot be played between these spaces; empty where it can."""
        from bench.specs import resolve

        # What is assigned is a cluster, what is scored a number: neither is the model's to choose.
        gives = self.target.complaint(target, "gives") if self.answer in ("predict", "sample") else ""
        found = self.input.complaint(input, "takes") or gives
        if found or not self.rule:
            return found
        return str(resolve(self.rule)(input, target))
