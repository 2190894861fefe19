"""Does a task fit its encoding on the training part alone, keep the order of the data, and score what is stored?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.arrays import pack, unpack
from bench.conformity import complaint
from bench.data import Dataset
from bench.errors import BenchError, ContractError, DataError, Refused
from bench.measure.seeds import seed_everything
from bench.sources import DataSource
from bench.specs import DatasetSpec, MetricSpec, TaskSpec, resolve
from bench.tasks.base import Part, Task, TaskData
from bench.tasks.scoring import score, validate
from bench.testing.fresh import planned_in_fresh_process, scores_in_fresh_process
from bench.testing.poison import differences, poisoned
from bench.testing.threads import one_thread
from bench.testing.tiny import tiny_datasets

__all__ = ["check_task"]

SEED = 7
SPLITS = (("holdout", 0, 1), ("holdout", 1, 2), ("kfold", 0, 3))


def check_task(
    task: Task | TaskSpec,
    dataset: Dataset | DatasetSpec,
    *,
    metrics: Iterable[MetricSpec] = (),
    root: Path | str | None = None,
) -> TaskData:
    """Ask a task about a small data set, and try whatever the harness will ask of it; return the prepared data.

    Planning must need no torch; the trivial model must have answers that can be scored, from bytes, in a process
    without torch and without the data, to the same bits; whatever is fitted must be fitted on the training part alone,
    in every split; answers must keep the order of the data.

    metrics: further scores that must be computed from the stored answers. Raises ContractError with the names of task
    and data set and what is wrong.
    """
    with TemporaryDirectory() as cache, one_thread():
        asked = task if isinstance(task, Task) else resolve(task.target)(None, task.name, cache)
        # Judges of samples that are trained belong into a folder of this check alone.
        asked.cache = asked.cache or cache
        loaded = dataset if isinstance(dataset, Dataset) else resolve(dataset.target)(DataSource.of(dataset, root))
        try:
            blocked = _modules_of(asked, loaded.spec)
            check_planning(asked, loaded.spec, blocked)
            data: TaskData = asked.prepare(loaded)
            _check_parts(asked, loaded, data)
            check_scoring(asked, data, tuple(metrics), blocked)
            check_order(asked, data)
            check_fitting(asked, loaded)
        except Exception as error:
            text = str(error) if isinstance(error, BenchError) else f"{type(error).__name__}: {error}"
            raise ContractError(f"task {asked.name!r} on {loaded.spec.name!r}: {text}") from error
    return data


def check_planning(task: Task, spec: DatasetSpec, blocked: Iterable[str] = ()) -> None:
    """Raise ContractError where planning needs torch, differs from process to process, or fails on other data."""
    specs = [spec, *(dataset.spec for dataset in tiny_datasets())]
    here = [_planned(task, each) for each in specs]
    if isinstance(here[0], str):
        raise ContractError(f"it was given data that it refuses: {here[0]}")
    if "" in here:
        raise ContractError("it refuses data without a reason: raise Refused with a sentence")
    if planned_in_fresh_process(task, specs, blocked) != here:
        raise ContractError("it plans other spaces in another process: keep no state beside the settings")


def _planned(task: Task, spec: DatasetSpec) -> list[str] | str:
    try:
        return [repr(space) for space in task.planned(spec)]
    except Refused as refusal:
        return str(refusal)
    except Exception as error:
        raise ContractError(
            f"on data such as {spec.name!r} it raises {type(error).__name__}: raise Refused with a sentence instead"
        ) from error


def _check_parts(task: Task, dataset: Dataset, data: TaskData) -> None:
    """Raise ContractError where encoded parts are not what their spaces say, or spaces not those planned."""
    planned = task.planned(dataset.spec)
    for side, found, expected in zip(
        ("input", "target"), (data.problem.input, data.problem.target), planned, strict=True
    ):
        if not _is_as_planned(found, expected):
            raise ContractError(f"its {side} was planned as {expected!r} and prepared as {found!r}")
    for name in ("train", "validation", "test"):
        part: Part = getattr(data, name)
        for what, space, tensor in (("input", data.problem.input, part.x), ("target", data.problem.target, part.y)):
            if tensor is not None and (problem := complaint(space, tensor.numpy())):
                raise ContractError(f"the {what} of its {name} part: {problem}")
            if tensor is not None and str(tensor.dtype) not in ("torch.float32", "torch.int64"):
                raise ContractError(f"the {what} of its {name} part is {tensor.dtype}; models meet float32 and int64")
        if data.problem.input is not None and data.problem.input.ragged and part.lengths is None:
            raise ContractError(f"its {name} part has samples of varying length and no lengths")


def _is_as_planned(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    if expected.kind == "index" and expected.size is None:
        # A vocabulary is fitted to the training part: its size and its words show only then.
        found = replace(found, size=None, names=())
    return bool(found == expected)


def check_scoring(
    task: Task, data: TaskData, metrics: tuple[MetricSpec, ...] = (), blocked: Iterable[str] = ()
) -> None:
    """Raise ContractError where the trivial model has no answer, or its scores need more than the stored bytes."""
    seed_everything(SEED)
    model = task.baseline(data.problem)
    task.check(model, data)
    task.fit(model, data.train)
    looked_at = validate(task, task.answer(model, data, data.validation).arrays, data.validation_truth)
    if task.objective is not None and not np.isfinite(looked_at.get(task.objective, np.nan)):
        raise ContractError(
            f"validate gave {looked_at} for the trivial model, without its objective {task.objective!r}"
        )
    answer = task.answer(model, data, data.test).arrays
    for name, array in answer.items():
        if len(array) != task.sample_count(data, data.test):
            raise ContractError(f"its answer {name!r} has {len(array)} rows for {len(data.test)} test samples")
    for arrays in (answer, data.truth):
        kept = unpack(pack(arrays))
        if changed := [name for name in arrays if not _is_same_array(kept[name], np.asarray(arrays[name]))]:
            raise ContractError(f"{', '.join(changed)} did not survive being stored")
    scores, notes = score(task, metrics, answer, data.truth, {})
    main = task.main_score(scores)
    if task.objective is not None and not main:
        names = ", ".join(each.name for each in scores) or "none"
        raise ContractError(
            f"its objective {task.objective!r} is not among the scores of the trivial model: {names}. Return it from "
            "scores(), or give check_task the metric that computes it, metrics=[…]"
        )
    again = scores_in_fresh_process(task, pack(answer), pack(data.truth), metrics, blocked)
    # NaN is the same as NaN here: bits are compared.
    here = {each.name: float(each.value).hex() for each in scores}
    there = {name: value.hex() for name, value in again[0].items()}
    if here != there or again[1] != notes or again[2] != main:
        raise ContractError(f"scored again in another process it gave {again}; here {here}, {notes}, {main!r}")


def check_order(task: Task, data: TaskData) -> None:
    """Raise ContractError where answers do not stand in the order of the samples, or the truth does not."""
    truth = data.truth
    for name in ("labels", "tokens", "targets"):
        y = data.test.y if task.answer_kind == "predict" else None
        if y is None or name not in truth or len(truth[name]) != len(y):
            continue
        encoder = data.encoding.target
        told = truth[name] if encoder is None else encoder.encode(truth[name], None)[0]
        if told.shape == tuple(y.shape) and not np.array_equal(told, y.numpy(), equal_nan=told.dtype.kind == "f"):
            raise ContractError(f"the truth's {name!r} do not stand in the order of the test part")
    if task.answer_kind == "sample":
        return
    order = np.random.RandomState(SEED).permutation(len(data.test))
    echo = Echo(data)
    straight = task.answer(echo, data, data.test).arrays
    other = task.answer(echo, data, data.test.take(_tensor(order))).arrays
    for name, array in straight.items():
        if not _is_same_array(array[order], other[name]):
            raise ContractError(f"the answer {name!r} does not keep the order of the samples it was asked about")


class Echo:
    """A black box whose answer follows from each sample alone, and differs from sample to sample."""

    def __init__(self, data: TaskData) -> None:
        self.data = data

    def fit(self, *given: Any) -> Echo:
        """Learn nothing."""
        return self

    def predict_proba(self, x: Any) -> Any:
        """Return (n, *output shape) probabilities, or (tokens, size) where samples differ in length."""
        space = self.data.problem.wanted
        lengths = [len(row) for row in x]
        shares = [
            self._drawn(row, (length, space.size or 1) if None in space.shape else space.output_shape)
            for row, length in zip(x, lengths, strict=True)
        ]
        shares = [share / share.sum(-1, keepdims=True) for share in shares]
        return np.concatenate(shares) if None in space.shape else np.stack(shares)

    def predict(self, x: Any) -> Any:
        """Return (n, *target shape) values, or a cluster for each."""
        space = self.data.problem.wanted
        if space.kind == "index":
            return np.array([int((space.size or 1) * self._drawn(row, ())) for row in x])
        return np.stack([self._drawn(row, space.sizes) for row in x])

    def score_samples(self, x: Any) -> Any:
        """Return (n,)."""
        return np.array([float(self._drawn(row, ())) for row in x])

    @staticmethod
    def _drawn(row: Any, shape: tuple[int, ...]) -> Any:
        import zlib

        return np.random.RandomState(zlib.crc32(np.ascontiguousarray(row).tobytes())).random_sample(shape)


def check_fitting(task: Task, dataset: Dataset) -> None:
    """Raise ContractError where other values outside the training part change what is fitted, in any split."""
    for split in _splits(dataset):
        where = f"in the split {split[0]}: "
        clean = task.prepare(split[1])
        both, test = (task.prepare(poisoned(split[1], parts)) for parts in (("validation", "test"), ("test",)))
        for name, other in (("validation and test", both), ("test", test)):
            found = {
                "encoding": differences(clean.encoding, other.encoding),
                "training part": differences(clean.train, other.train),
            }
            if name == "test":
                found["validation part"] = differences(clean.validation, other.validation)
                found["validation truth"] = differences(clean.validation_truth, other.validation_truth)
            if changed := [f"{what} ({place})" for what, place in found.items() if place]:
                raise ContractError(f"{where}other values in {name} change the {', the '.join(changed)}")


def _splits(dataset: Dataset) -> Iterator[tuple[str, Dataset]]:
    for scheme, number, count in SPLITS:
        try:
            yield f"{scheme} {number}", dataset.resplit(scheme, number, count)
        except DataError:
            # Data in the order of time have no folds, and few samples few cuts.
            if (scheme, number) == ("holdout", 0):
                raise


def _modules_of(task: Task, spec: DatasetSpec) -> list[str]:
    """Return the module that loads the data, unless the task itself lives there."""
    module = spec.target.partition(":")[0]
    needed = {each.__module__ for each in type(task).__mro__}
    return [] if any(name == module or name.startswith(f"{module}.") for name in needed) else [module]


def _is_same_array(one: Any, other: Any) -> bool:
    return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())


def _tensor(order: Any) -> Any:
    import torch

    return torch.from_numpy(order)
