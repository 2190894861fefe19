"""Small problems of every kind, and runs of them as a user's are made: through `execute`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.arrays import unpack
from bench.data import Dataset, Split
from bench.matching import BASELINE
from bench.record import PlannedRun, Score
from bench.runner.execute import execute
from bench.runner.jobs import Job, Outcome
from bench.sources import DataSource
from bench.spaces import Space
from bench.specs import DatasetSpec, MetricSpec
from bench.tasks.base import Arrays, Task

HERE = __name__
CLASSES = Space(kind="index", size=3)
NUMBER = Space()
# Texts of one word to nine, of seven words in all.
WORDS = ("red", "green", "blue", "one", "two", "three", "four")
RAGGED_TOKENS = Space("t", (9,), "index", 5, ragged=True)
RAGGED_SERIES = Space("tc", (9, 2), ragged=True)
COUNT = 120


def spec_of(name: str, inputs: Space, targets: Space | None, *, ordered: bool = False) -> DatasetSpec:
    return DatasetSpec(
        name=name, target=f"{HERE}:load_{name.replace('-', '_')}", inputs=inputs, targets=targets, ordered=ordered,
        licence="none", source="made up",
    )  # fmt: skip


def numbers(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.RandomState(3).normal(size=(COUNT, *shape)).astype(np.float32)


def lengths() -> np.ndarray[Any, Any]:
    return 1 + np.arange(COUNT) * 7 % 8


def load_rows(source: DataSource) -> Dataset:
    return Dataset.cut(source.spec, Split(numbers(4), np.arange(COUNT) % 3))


def load_texts(source: DataSource) -> Dataset:
    rows = [" ".join(WORDS[(row + place) % 7] for place in range(length)) for row, length in enumerate(lengths())]
    return Dataset.cut(source.spec, Split(np.array(rows), np.arange(COUNT) % (source.spec.targets or CLASSES).size))


load_two_texts = load_texts


def load_tokens(source: DataSource) -> Dataset:
    """Tokens and the token that follows each; padding is 0 on both sides, as most files have it."""
    x = np.random.RandomState(0).randint(1, 5, (COUNT, 10))
    within = np.arange(9) < lengths()[:, None]
    return Dataset.cut(
        source.spec, Split(np.where(within, x[:, :-1], 0), np.where(within, x[:, 1:], 0), lengths=lengths())
    )


def load_tracks(source: DataSource) -> Dataset:
    """A series of varying length, and a value for each step of it."""
    x = numbers(9, 2)
    return Dataset.cut(source.spec, Split(x, x.cumsum(1).astype(np.float32), lengths=lengths()))


def load_summed(source: DataSource) -> Dataset:
    """A series of varying length; as many numbers are asked for as the longest has steps."""
    return Dataset.cut(source.spec, Split(numbers(9, 2), numbers(9), lengths=lengths()))


def load_counts(source: DataSource) -> Dataset:
    """A real target that the file holds as whole numbers, no two alike."""
    return Dataset.cut(source.spec, Split(numbers(4), np.random.RandomState(0).permutation(COUNT) * 11))


def load_titled(source: DataSource) -> Dataset:
    """Texts to texts."""
    rows = np.array([" ".join(WORDS[: 1 + row % 6]) for row in range(COUNT)])
    return Dataset.cut(source.spec, Split(rows, rows))


def load_gaps(source: DataSource) -> Dataset:
    y = np.where(np.arange(COUNT) < 100, -1, np.arange(COUNT) % 3)
    return Dataset.cut(source.spec, Split(numbers(4), y))


def load_pictures(source: DataSource) -> Dataset:
    images = np.random.RandomState(0).randint(0, 256, (COUNT, 1, 4, 4), np.uint8)
    return Dataset.cut(source.spec, Split(images, np.arange(COUNT) % 3))


def load_mixed(source: DataSource) -> Dataset:
    """Rows with a category and gaps, to be completed: what is known is asked for again."""
    rows = np.stack([numbers(), np.arange(COUNT) % 4, np.arange(COUNT) / 7], 1)
    rows[np.arange(COUNT)[:, None] * 5 % 7 == np.arange(3)] = np.nan
    return Dataset.cut(source.spec, Split(rows, rows))


PICTURES = Space("chw", (1, 4, 4), bounds=(0.0, 1.0))
MIXED = Space("c", (3,), levels=(0, 4, 0), missing=True)
DATASETS = {
    spec.name: spec
    for spec in (
        spec_of("rows", Space("c", (4,)), CLASSES),
        spec_of("texts", Space(kind="text"), CLASSES),
        spec_of("two-texts", Space(kind="text"), Space(kind="index", size=2)),
        spec_of("tokens", RAGGED_TOKENS, RAGGED_TOKENS),
        spec_of("tracks", RAGGED_SERIES, RAGGED_SERIES),
        spec_of("summed", RAGGED_SERIES, Space("c", (9,))),
        spec_of("counts", Space("c", (4,)), NUMBER),
        spec_of("titled", Space(kind="text"), Space(kind="text")),
        spec_of("gaps", Space("c", (4,)), Space(kind="index", size=3, missing=True)),
        spec_of("pictures", PICTURES, CLASSES),
        spec_of("mixed", MIXED, MIXED),
    )
}


class Values(Task):
    """Predict whatever the data set's target is; the mean squared error of what is asked, or the mean log loss."""

    objective = "error"

    def spaces(self, offer: DatasetSpec) -> tuple[Space | None, Space | None]:
        return offer.inputs, offer.targets

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        if "predictions" in answer:
            error = (answer["predictions"].astype(np.float64) - truth["targets"]) ** 2
        elif "log_likelihoods" in answer:
            assert (np.isnan(answer["log_likelihoods"]) == (truth["tokens"] < 0)).all()
            error = -answer["log_likelihoods"]
        else:
            error = -np.log(np.take_along_axis(answer["probabilities"], truth["labels"][:, None], 1))
        return (Score(name="error", value=float(np.nanmean(error)), higher_is_better=False),)


class Unscored(Values):
    """The same, without a main score."""

    objective = None


class Lost(Values):
    """A task that forgets to score what it calls its main score."""

    objective = "elsewhere"


class Conditional(Task):
    """Draw an image of a class that is given."""

    answer_kind = "sample"
    objective = None
    target_scale = "bounds"

    def spaces(self, offer: DatasetSpec) -> tuple[Space | None, Space | None]:
        return offer.targets, offer.inputs

    def view(self, dataset: Dataset, split: Split) -> tuple[Any, Any]:
        return split.y, split.x


class Odd(Task):
    """How normal is each sample?"""

    answer_kind = "score"
    objective = None

    def spaces(self, offer: DatasetSpec) -> tuple[Space | None, Space | None]:
        return offer.inputs, None


class Unlabelled(Odd):
    """The same of data that have no target."""

    def truth(self, split: Split, target: Any, space: Space | None) -> Arrays:
        return {}


class Empty(Values):
    """A view that leaves nothing of the validation part."""

    def view(self, dataset: Dataset, split: Split) -> tuple[Any, Any]:
        kept = 0 if split is dataset.validation else len(split)
        return split.x[:kept], split.y[:kept] if split.y is not None else None


def job_of(task: str, dataset: str, model: str, protocol: str, settings: Mapping[str, Any], **more: Any) -> Job:
    spec = DATASETS[dataset]
    plan = PlannedRun(
        run_id="r", suite="s", label=model, model=BASELINE if model == BASELINE else model.lower(), family="deep",
        task=task.lower(), dataset=dataset, protocol=protocol, settings={"task": {}, "protocol": dict(settings)},
        variant=more.pop("variant", {}), hyperparameters=more.pop("hyperparameters", {}), seed=0, device="cpu",
        threads=1, identity={},
    )  # fmt: skip
    kind = "".join(word.capitalize() for word in protocol.split("-"))
    return Job(
        plan=plan, model_target=model if ":" in model else f"tests.contract_models:{model}", dataset=spec,
        task_target=task if ":" in task else f"{HERE}:{task}",
        protocol_target=f"bench.protocols.{protocol.replace('-', '_')}:{kind}",
        metrics=more.pop("metrics", ()), data_root=None, cache="", **more,
    )  # fmt: skip


def run(
    task: str, dataset: str, model: str = BASELINE, protocol: str = "fixed-budget", epochs: int = 2, **more: Any
) -> Outcome:
    """Carry out one run in this process."""
    settings = {"epochs": epochs, "batch_size": 32, **more.pop("settings", {})}
    return execute(job_of(task, dataset, model, protocol, settings, **more), lambda point: None)


def answers(outcome: Outcome) -> dict[str, np.ndarray[Any, Any]]:
    assert outcome.status == "ok", outcome.traceback
    return unpack(outcome.answer)


def metric(name: str, *arrays: str) -> MetricSpec:
    return MetricSpec(name=name, target=f"{HERE}:{name}", arrays=arrays, higher_is_better=True)


def seen_range(samples: Any, targets: Any) -> float:
    return float(samples.max() / targets.max())


def first_of(count: Any) -> float:
    return float(count)
