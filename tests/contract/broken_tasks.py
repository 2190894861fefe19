"""Tasks that break their contract, one way each; a task's module imports no torch."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import ClassVar

import numpy as np

from bench.data import Dataset, Split
from bench.errors import Refused
from bench.record import Score
from bench.spaces import Space
from bench.specs import DatasetSpec
from bench.tasks.base import Answer, Arrays, Part, Task, TaskData
from bench.tasks.encoding import Encoding


class Ranks(Task):
    """A sound task: which class stands first; scored by how often it does."""

    objective: ClassVar[str | None] = "hits"
    higher = True

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        if offer.targets is None or offer.targets.kind != "index":
            raise Refused(f"{self.name} needs classes; {offer.name} has none")
        return offer.inputs, offer.targets

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        hits = float((answer["probabilities"].argmax(1) == truth["labels"]).mean())
        return (Score(name="hits", value=hits, higher_is_better=True),)


class PlansWithTorch(Ranks):
    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        import torch.nn  # noqa: F401

        return super().spaces(offer)


class StumblesOverOtherData(Ranks):
    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        assert offer.targets.kind == "index"
        return offer.inputs, offer.targets


class RefusesWithoutAWord(Ranks):
    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        if offer.targets is None or offer.targets.kind != "index":
            raise Refused("")
        return offer.inputs, offer.targets


class ScoresWithTorch(Ranks):
    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        import torch

        return (Score(name="hits", value=float(torch.tensor(1.0)), higher_is_better=True),)


class RemembersTheData(Ranks):
    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        self.count = offer.sample_count
        return super().spaces(offer)

    def scores(self, answer: Arrays, truth: Arrays) -> tuple[Score, ...]:
        return (Score(name="hits", value=1 / self.count, higher_is_better=True),)


class NamesAnotherObjective(Ranks):
    objective = "glory"

    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        return {"glory": 1.0}


class ForgetsItsObjective(Ranks):
    def validate(self, answer: Arrays, truth: Arrays) -> dict[str, float]:
        return {}


class FitsOnEverything(Ranks):
    def prepare(self, dataset: Dataset, like: Encoding | None = None) -> TaskData:
        whole = dataset.train.joined(dataset.validation, dataset.test)
        return super().prepare(dataset, like or super().prepare(replace(dataset, train=whole)).encoding)


class SortsItsTruth(Ranks):
    def truth(self, split: Split, target: np.ndarray | None, space: Space | None) -> Arrays:
        return {"labels": np.sort(split.y)}


class AnswersBackwards(Ranks):
    def answer(self, model: object, data: TaskData, part: Part, sampling: object = None) -> Answer:
        answer = super().answer(model, data, part)
        return Answer({name: np.sort(array, 0) for name, array in answer.arrays.items()})


class KeepsAState(Ranks):
    calls = count()

    def spaces(self, offer: DatasetSpec) -> tuple[Space, Space]:
        given, wanted = super().spaces(offer)
        return replace(given, period=2 + next(self.calls)), wanted
