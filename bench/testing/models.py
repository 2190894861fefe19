"""Does a model do what its roles say? Built, trained and asked on small data sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.data import Dataset
from bench.errors import BenchError, ContractError, Refused
from bench.matching import complaint
from bench.sources import DataSource
from bench.specs import Choice, DatasetSpec, Fixed, Integer, ModelSpec, Real, TaskSpec, resolve
from bench.tasks.base import Task
from bench.tasks.classification import Classification
from bench.tasks.conditional_generation import ConditionalGeneration, ConditionalGenerationSettings
from bench.tasks.forecasting import Forecasting, ForecastingSettings
from bench.tasks.image_generation import ImageGeneration
from bench.testing.plain import PLAIN_TASKS
from bench.testing.threads import one_thread
from bench.testing.tiny import tiny_datasets
from bench.testing.trials import Trial

__all__ = ["check_hyperparameters", "check_model"]

# A model that knows three classes by heart fits the first of these alone.
CLASS_COUNTS = (3, 2, 5)
# Two seasons of the tiny series, and one.
LOOK_BACK, HORIZON = 8, 4


def check_model(
    spec: ModelSpec,
    tasks: Iterable[Task | TaskSpec] = (),
    datasets: Iterable[Dataset | DatasetSpec] = (),
) -> None:
    """Build a model for small data sets wherever its roles fit, and try whatever the harness will ask of it.

    Tried are the core's tasks, plain ones for every kind of answer, and `tasks`, on tables, images, series, tokens and
    texts with two, three and five classes, with numbers or without a target, and on `datasets`. A model may refuse a
    problem by raising ContractError when it is built, but not all of them.

    Raises ContractError with the names of model and task, the spaces it was asked about, and what is wrong; also where
    one of its roles fits nothing that was tried.
    """
    check_hyperparameters(spec)
    with TemporaryDirectory() as cache:
        given = list(datasets)
        cells = list(_cells(spec, list(_tasks(tasks, cache)), [(3, _loaded(one)) for one in given]))
        _check_roles(spec, cells)
        resolve(spec.target)
        with one_thread():
            refusals = [refusal for cell in cells if (refusal := _check(spec, cell))]
    if len(refusals) == len(cells):
        raise ContractError(
            f"model {spec.name!r} was built for none of the {len(cells)} problems that its roles fit: "
            + "; ".join(dict.fromkeys(refusals))
        )


def check_hyperparameters(spec: ModelSpec) -> None:
    """Raise ContractError where a default lies outside its own search space, or a space is empty."""
    for name, parameter in spec.space.items():
        match parameter:
            case Real(low=low, high=high) | Integer(low=low, high=high):
                fits = low <= parameter.default <= high and low < high and not (parameter.log and low <= 0)
            case Choice():
                fits = parameter.default in parameter.options
            case Fixed():
                fits = True
        if not fits:
            raise ContractError(f"model {spec.name!r}: the default of {name!r} is not in its space: {parameter}")


@dataclass(frozen=True)
class _Cell:
    """A task on a data set that some role of the model fits; `is_whole`: everything is tried, not shapes alone."""

    task: Task
    dataset: Dataset
    is_whole: bool


def _tasks(given: Iterable[Task | TaskSpec], cache: str) -> Iterator[Task]:
    yield Classification(cache=cache)
    yield Forecasting(ForecastingSettings(look_back=LOOK_BACK, horizon=HORIZON))
    yield ImageGeneration(cache=cache)
    # Classifiers trained on samples say nothing of a model's contract, and take a second each.
    yield ConditionalGeneration(ConditionalGenerationSettings(samples=None, real_labels=()), cache=cache)
    for one in (*PLAIN_TASKS, *given):
        yield one if isinstance(one, Task) else resolve(one.target)(None, one.name, cache)


def _loaded(given: Dataset | DatasetSpec, root: Path | str | None = None) -> Dataset:
    if isinstance(given, Dataset):
        return given
    dataset: Dataset = resolve(given.target)(DataSource.of(given, root))
    return dataset


def _cells(spec: ModelSpec, tasks: Sequence[Task], given: Sequence[tuple[int, Dataset]]) -> Iterator[_Cell]:
    known = [(count, dataset) for count in CLASS_COUNTS for dataset in tiny_datasets(count)]
    for task in tasks:
        for count, dataset in (*known, *given):
            target = dataset.spec.targets
            # Other numbers of classes make no other problem of what has none.
            if count != CLASS_COUNTS[0] and (target is None or target.kind != "index" or task.answer_kind != "predict"):
                continue
            if _is_possible(spec, task, dataset.spec):
                yield _Cell(task, dataset, count == CLASS_COUNTS[0])


def _is_possible(spec: ModelSpec, task: Task, dataset: DatasetSpec) -> bool:
    try:
        return not complaint(spec, task, dataset)
    except Refused:
        return False


def _check_roles(spec: ModelSpec, cells: Sequence[_Cell]) -> None:
    """Raise ContractError where a role was asked for by nothing that is tried."""
    for role in spec.roles:
        fits = (
            cell.task.answer_kind == role.answer and not role.complaint(*cell.task.planned(cell.dataset.spec))
            for cell in cells
        )
        if not any(fits):
            raise ContractError(
                f"model {spec.name!r} claims to {role.answer} ({role.input} to {role.target}), which fits none of "
                "the problems tried: give check_model a data set, datasets=[…], or a task, tasks=[…], that it fits"
            )


def _check(spec: ModelSpec, cell: _Cell) -> str:
    """Check one model on one problem; return why it refused to be built, else an empty text."""
    try:
        data = cell.task.prepare(cell.dataset)
        trial = Trial(spec, cell.task, data)
        try:
            model = trial.build()
        except ContractError as refusal:
            return str(refusal)
        if cell.is_whole:
            trial.check_all(model)
        else:
            trial.check_shapes(model)
    except Exception as error:
        text = str(error) if isinstance(error, BenchError) else f"{type(error).__name__}: {error}"
        raise ContractError(f"{_place(spec, cell)}: {text}") from error
    return ""


def _place(spec: ModelSpec, cell: _Cell) -> str:
    given, wanted = cell.task.planned(cell.dataset.spec)
    spaces = " to ".join(str(space) for space in (given, wanted) if space is not None)
    return f"model {spec.name!r}, task {cell.task.name!r} on {cell.dataset.spec.name!r} ({spaces})"
