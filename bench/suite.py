"""Read and validate a suite file; every error names the file, the line where it is known, and the cure."""

from __future__ import annotations

import copy
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

import bench
from bench.errors import SuiteError, UnknownName
from bench.mistakes import Location, Mistake, Wrong, checked, raise_all, wrong_values
from bench.record import SplitPlan
from bench.specs import NAME, TARGET, Family, Value
from bench.toml_lines import line_of

__all__ = [
    "MOST_SEEDS",
    "Compare",
    "DatasetEntry",
    "ModelEntry",
    "Named",
    "Splits",
    "Suite",
    "SuiteFile",
    "load_suite",
    "read_suite",
    "shipped_suites",
    "suite_from",
]

# As many as --seeds takes: a list of all of them is made.
MOST_SEEDS = 9999


class Strict(BaseModel):
    """A part of a suite file: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelEntry(Strict):
    """A model to compare, with what is set differently from its defaults; `label` names it in tables.

    It is the `model` of a plugin by name, or whatever a `target` such as `"sklearn.svm:SVC"` builds, with its family.
    """

    model: str = ""
    target: str = ""
    label: str = Field(default="", max_length=60)
    family: Family | None = None
    hyperparameters: dict[str, Value] = {}

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        given = sorted(self.model_fields_set & {"model", "target"})
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise ValueError(f'name a model = "…" of a plugin or a target = "module:attribute"; got {got} of them')
        if "target" in given and not TARGET.fullmatch(self.target):
            raise ValueError(f'target = {self.target!r} is not of the form "package.module:attribute"')
        if "model" in given and self.family:
            raise ValueError(f"family belongs to a target; the model {self.model!r} has its own")
        return self


class Named(BaseModel):
    """A task or a protocol by name; the other keys are its settings."""

    model_config = ConfigDict(frozen=True, extra="allow")
    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """Every key but the name."""
        return dict(self.model_extra or {})


class Splits(Strict):
    """Which cuts of the data into train, validation and test a suite trains on.

    scheme:  `holdout`: `count` random cuts, of which number 0 is the fixed cut of data without an official one;
             `kfold`: the `count` folds; `official`: the data as they come.
    numbers: only these of them; all by default.
    """

    scheme: Literal["official", "holdout", "kfold"] = "holdout"
    count: int = Field(default=1, ge=1, le=MOST_SEEDS)
    numbers: list[Annotated[int, Field(ge=0)]] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.scheme == "kfold" and self.count < 2:
            raise ValueError(f"{self.count} fold leaves nothing to train on; kfold needs a count of 2 or more")
        if self.scheme == "official" and self.count > 1:
            raise ValueError(f"there is one official split, not {self.count}; holdout and kfold have a count")
        beyond = [str(number) for number in self.numbers or () if number >= self.count]
        if beyond:
            raise ValueError(
                f"numbers has {', '.join(beyond)}; with count = {self.count} they go from 0 to {self.count - 1}"
            )
        return self

    def plans(self) -> list[SplitPlan]:
        """Return the splits in order, each once."""
        # The k-th random cut is the same however many are made; a fold depends on their number.
        count = self.count if self.scheme == "kfold" else 1
        numbers = range(self.count) if self.numbers is None else dict.fromkeys(self.numbers)
        return [SplitPlan(scheme=self.scheme, number=number, count=count) for number in numbers]


def _splits(value: Any) -> Any:
    """Let a number stand for so many random cuts, a word for its scheme."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"scheme": "holdout", "count": value}
    return {"scheme": value} if isinstance(value, str) else value


SplitsOfSuite = Annotated[Splits | None, BeforeValidator(_splits)]


def _by(key: str) -> BeforeValidator:
    """Let a bare name stand for the table that has only that."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


class DatasetEntry(BaseModel):
    """A data set by name; or a user's own file or folder at a `path`, relative to the suite, as the reader of that name
    takes it (the one for its ending where none is named). `name` is what the data are called, the other keys are the
    reader's settings.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    dataset: str = ""
    path: str = ""
    name: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if not self.model_fields_set & {"dataset", "path"}:
            raise ValueError('name a data set, or give the path = "…" of your own file')
        if "path" not in self.model_fields_set and (beside := [*self.settings, *filter(None, [self.name])]):
            raise ValueError(f'{", ".join(beside)}: only your own data, with a path = "…", have settings')
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """What is said to the reader."""
        return dict(self.model_extra or {})


def _dataset(value: Any) -> Any:
    """Let a bare name stand for the table that has only that."""
    if not isinstance(value, str | dict):
        raise ValueError("a text in quotes is needed")  # noqa: TRY004 - pydantic hears ValueError
    return {"dataset": value} if isinstance(value, str) else value


class Compare(Strict):
    """Models × data sets under one protocol; `splits` and `paired` are the suite's where they are not set."""

    task: Annotated[Named, _by("name")]
    protocol: Annotated[Named, _by("name")]
    datasets: list[Annotated[DatasetEntry, BeforeValidator(_dataset)]]
    models: list[Annotated[ModelEntry, _by("model")]]
    splits: SplitsOfSuite = None
    paired: bool | None = None


def _seeds(value: Any) -> Any:
    if isinstance(value, str):
        cure = f"; write {value} without quotes" if value.isdecimal() else ""
        raise ValueError(f"a number of seeds or a list such as [0, 3, 7] is needed{cure}")  # noqa: TRY004 - pydantic hears ValueError
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if not 0 < value <= MOST_SEEDS:
        raise ValueError(f"a number of seeds is from 1 to {MOST_SEEDS}; a list such as [0, 3, 7] names them")
    return list(range(value))


def _each_once(seeds: list[int]) -> list[int]:
    twice = [str(seed) for seed, count in Counter(seeds).items() if count > 1]
    if twice:
        raise ValueError(f"{', '.join(twice)} stands there more than once; name each seed once")
    return seeds


class Suite(Strict):
    """Models × tasks × protocol × seeds.

    `seeds = 5` means seeds 0 to 4; `threads` fixes the cores of every run, whatever the machine has. Seed and split
    vary together; with `paired = false` every seed meets every split.
    """

    name: str = ""
    description: str = ""
    seeds: Annotated[
        list[Annotated[int, Field(ge=0, lt=2**32)]], BeforeValidator(_seeds), AfterValidator(_each_once)
    ] = Field([0, 1, 2, 3, 4], min_length=1)
    splits: SplitsOfSuite = None
    paired: bool = True
    timeout_seconds: float = Field(3600, gt=0)
    threads: int | None = Field(None, gt=0)
    compare: list[Compare] = Field(min_length=1)


@dataclass(frozen=True)
class SuiteFile:
    """A suite and where it was read, so that later errors can name the line too.

    mistakes: what is wrong with the file; of such a suite only what is right stands in `suite`, and empty names
              where something is missing, so that the rest can be looked through for more.
    """

    suite: Suite
    path: Path
    text: str
    mistakes: tuple[Mistake, ...] = ()

    def place(self, *location: str | int) -> str:
        """Return `"quickstart.toml, line 14"` for a location such as ("compare", 0, "models", 2)."""
        line = line_of(self.text, location)
        return f"{self.path}, line {line}" if line else str(self.path)

    def mistake(self, location: Location, text: str) -> Mistake:
        """Return a mistake at a location; its text names the place."""
        return Mistake(line_of(self.text, location) or 0, text)


def shipped_suites() -> dict[str, Path]:
    """Return the suites that come with depthbench, by name."""
    package = Path(bench.__file__).parent
    # Inside the wheel they lie in the package, in a checkout beside it.
    folder = next((place for place in (package / "suites", package.parent / "suites") if place.is_dir()), package)
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_suite(name_or_path: str) -> SuiteFile:
    """Read a suite by the name of a shipped one or by its path.

    Raises UnknownName where there is neither, SuiteError with every mistake where the file is not valid.
    """
    file = read_suite(name_or_path)
    raise_all(file.mistakes, file.path)
    return file


def read_suite(name_or_path: str) -> SuiteFile:
    """Read a suite and keep its mistakes beside it: whoever looks up its names can then tell of all at once.

    Raises UnknownName and SuiteError where there is nothing to look up names in.
    """
    shipped = shipped_suites()
    is_path = name_or_path.endswith(".toml") or "/" in name_or_path
    path = Path(name_or_path) if is_path else shipped.get(name_or_path)
    if path is None:
        raise UnknownName("suite", name_or_path, shipped, place="the suites that come with depthbench")
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        raise SuiteError(f"suite file {path} does not exist. Shipped suites: {', '.join(shipped)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"suite file {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{path} is not valid TOML: {error}") from error
    return _validated(document, path, text)


def suite_from(text: str, path: Path) -> SuiteFile:
    """Return the suite of a TOML text that is, or will be, the file at `path`; raises SuiteError for one not valid."""
    file = _validated(tomllib.loads(text), path, text)
    raise_all(file.mistakes, path)
    return file


def _validated(document: dict[str, Any], path: Path, text: str) -> SuiteFile:
    document.setdefault("name", path.stem)
    file = SuiteFile(Suite.model_construct(name=path.stem, compare=[]), path, text)
    wrongs = wrong_values(Suite, document)
    mistakes = [_told(file, wrong) for wrong in wrongs]
    mended = copy.deepcopy(document)
    for wrong in wrongs:
        _mend(mended, wrong)
    if wrong_values(Suite, mended):
        raise_all(mistakes, path)
    suite: Suite = checked(Suite, mended)
    told = {wrong.location for wrong in wrongs}
    for where in _empty_lists(suite):
        if where not in told:
            text_of = f"{file.place(*where)}: {_dotted(where)} is empty; name at least one"
            mistakes.append(file.mistake(where, text_of))
    if not NAME.fullmatch(suite.name):
        cure = "" if line_of(text, ("name",)) else '. Rename the file, or write name = "…" at its top'
        rule = "use a-z, 0-9, '.', '_' and '-'"
        text_of = f"{file.place('name')}: suite name {suite.name!r} is not allowed: {rule}{cure}"
        mistakes.append(file.mistake(("name",), text_of))
    return SuiteFile(suite, path, text, tuple(mistakes))


def _empty_lists(suite: Suite) -> list[Location]:
    keys = ("datasets", "models")
    return [("compare", n, key) for n, each in enumerate(suite.compare) for key in keys if not getattr(each, key)]


def _told(file: SuiteFile, wrong: Wrong) -> Mistake:
    place, where = file.place(*wrong.location), _dotted(wrong.location)
    if wrong.kind == "unknown":
        text = f"{place}: unknown key {where!r}. {wrong.reason}"
    elif wrong.kind == "missing":
        text = f"{place}: {where!r} is missing"
    else:
        # A table as it was parsed is no help to whoever wrote it.
        value = "" if isinstance(wrong.value, dict) else f" = {wrong.value!r}"
        text = f"{place}: {where}{value}: {wrong.reason}"
    return file.mistake(wrong.location, text)


def _dotted(location: Location) -> str:
    return ".".join(map(str, location))


def _mend(document: dict[str, Any], wrong: Wrong) -> None:
    """Take a wrong value out of a suite, and leave every other one at its place in its list."""
    location = wrong.location
    if location[0] != "compare" or len(location) < 2 or not isinstance(document["compare"], list):
        document.pop(str(location[0]), None)
        return
    number, key, rest = int(location[1]), str(location[2]) if len(location) > 2 else "", location[3:]
    compare = document["compare"][number] if key else {}
    document["compare"][number] = compare
    if key in ("datasets", "models") and rest:
        entry, inner = compare[key][int(rest[0])], rest[1:]
        compare[key][int(rest[0])] = _mended_entry(entry, inner) if inner and isinstance(entry, dict) else ""
    else:
        compare.pop(key, None)
    for needed, nothing in (("task", ""), ("protocol", ""), ("datasets", []), ("models", [])):
        compare.setdefault(needed, nothing)


def _mended_entry(entry: dict[str, Any], inner: Location) -> dict[str, Any] | str:
    if inner[0] in ("model", "target"):
        return ""
    kept = {key: value for key, value in entry.items() if key != inner[0]}
    if inner[0] == "hyperparameters" and len(inner) > 1:
        kept["hyperparameters"] = {key: value for key, value in entry["hyperparameters"].items() if key != inner[1]}
    return kept
