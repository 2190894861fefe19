"""Read and validate a suite file; every error names the file, the line where it is known, and the cure."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

import bench
from bench.errors import SuiteError, UnknownName, UsageError
from bench.record import RunRecord, SplitPlan
from bench.specs import NAME, Value
from bench.toml_lines import line_of

__all__ = [
    "MOST_SEEDS",
    "Compare",
    "ModelEntry",
    "Named",
    "Splits",
    "Suite",
    "SuiteFile",
    "load_suite",
    "shipped_suites",
    "suite_of",
]

# As many as --seeds takes: a list of all of them is made.
MOST_SEEDS = 9999


class Strict(BaseModel):
    """A part of a suite file: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelEntry(Strict):
    """A model to compare, with what is set differently from its defaults; `label` names it in tables."""

    model: str
    label: str = Field(default="", max_length=60)
    hyperparameters: dict[str, Value] = {}


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


class Compare(Strict):
    """Models × data sets under one protocol; `splits` and `paired` are the suite's where they are not set."""

    task: Annotated[Named, _by("name")]
    protocol: Annotated[Named, _by("name")]
    datasets: list[str] = Field(min_length=1)
    models: list[Annotated[ModelEntry, _by("model")]] = Field(min_length=1)
    splits: SplitsOfSuite = None
    paired: bool | None = None


def _seeds(value: Any) -> Any:
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
    """A suite and where it was read, so that later errors can name the line too."""

    suite: Suite
    path: Path
    text: str

    def place(self, *location: str | int) -> str:
        """Return `"quickstart.toml, line 14"` for a location such as ("compare", 0, "models", 2)."""
        return _place(self.path, self.text, location)


def shipped_suites() -> dict[str, Path]:
    """Return the suites that come with depthbench, by name."""
    package = Path(bench.__file__).parent
    # Inside the wheel they lie in the package, in a checkout beside it.
    folder = next((place for place in (package / "suites", package.parent / "suites") if place.is_dir()), package)
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_suite(name_or_path: str) -> SuiteFile:
    """Read a suite by the name of a shipped one or by its path.

    Raises UnknownName where there is neither, SuiteError where the file is not valid.
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


def _validated(document: dict[str, Any], path: Path, text: str) -> SuiteFile:
    document.setdefault("name", path.stem)
    try:
        suite = Suite.model_validate(document)
    except ValidationError as error:
        raise SuiteError("\n".join(_explain(problem, path, text) for problem in error.errors())) from None
    if not NAME.fullmatch(suite.name):
        line = line_of(text, ("name",))
        cure = "" if line else '. Rename the file, or write name = "…" at its top'
        raise SuiteError(
            f"{_place(path, text, ('name',))}: suite name {suite.name!r} is not allowed: "
            f"use a-z, 0-9, '.', '_' and '-'{cure}"
        )
    return SuiteFile(suite, path, text)


def suite_of(record: RunRecord) -> dict[str, Any]:
    """Return a suite, ready for TOML, that makes a run's model again with its seed and settings.

    Of a tuned run it is the best setting that was found, under the fixed budget each trial had: nothing is tuned again.
    """
    run, found = record.run, record.details.get("best")
    if run.protocol == "tuned" and not found:
        raise UsageError(f"{run} ended as {record.status} before it had found a setting")
    protocol = {"name": run.protocol, **run.settings["protocol"]}
    hyperparameters: dict[str, Value] = dict(run.hyperparameters)
    if run.protocol == "tuned" and isinstance(found, dict):
        hyperparameters = {name: value for name, value in found.items() if name in run.hyperparameters}
        searched = {name: value for name, value in found.items() if name not in run.hyperparameters}
        budget = {name: value for name, value in protocol.items() if name not in ("trials", "learning_rates")}
        protocol = {**budget, **searched, "name": "fixed-budget"}
    # What a suite does not hold, its reader must be told.
    options = [f"--device {run.device.partition(':')[0]}"]
    options += ["--deterministic"] if run.identity.get("is deterministic") == "True" else []
    entry = {"model": run.model, "label": run.label, "hyperparameters": hyperparameters}
    task = {"name": run.task, **run.settings["task"]}
    compare = {"task": task, "protocol": protocol, "datasets": [run.dataset], "models": [entry]}
    document: dict[str, Any] = {
        "name": f"run-{run.run_id[:8]}",
        "description": f"{run}, as recorded on {record.finished_at[:10]}. Made with {' '.join(options)}.",
        "seeds": [run.seed],
        "threads": run.threads,
        "compare": [_without_none(compare)],
    }
    return document


def _without_none(value: Any) -> Any:
    """Leave out what is not set: TOML has no word for it."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list | tuple) else value


def _explain(problem: Any, path: Path, text: str) -> str:
    location: tuple[str | int, ...] = problem["loc"]
    where = ".".join(str(part) for part in location)
    place = _place(path, text, location)
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(str(location[-1]), _keys_at(location), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(_keys_at(location))}."
        return f"{place}: unknown key {where!r}.{hint}"
    if problem["type"] == "missing":
        return f"{place}: {where!r} is missing"
    return f"{place}: {where} = {problem['input']!r}: {problem['msg'].removeprefix('Value error, ')}"


def _place(path: Path, text: str, location: Sequence[str | int]) -> str:
    line = line_of(text, location)
    return f"{path}, line {line}" if line else str(path)


def _keys_at(location: Sequence[str | int]) -> list[str]:
    """Return the keys that may stand beside the last part of a location."""
    parents = [part for part in location[:-1] if isinstance(part, str)]
    owner: type[BaseModel] = Suite
    if parents[:1] == ["compare"]:
        owner = ModelEntry if "models" in parents else Compare
    return sorted(owner.model_fields)
